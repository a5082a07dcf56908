import { crc32 } from 'node:zlib';
import { type Entry, openPromise } from 'yauzl';
import { Fault, UsageError } from '../../faults.ts';
import { type FilePath, utf8Of } from '../../files/name.ts';
import {
  HEAD_BYTES,
  isPictureName,
  isResourceFork,
  type LeftOut,
  looksLikePicture,
  type OnLeftOut,
} from '../../picture/decode/candidate.ts';
import { checkPictureBytes, collectPicture, unreadable } from '../../picture/file.ts';
import { KeySet } from '../key-set.ts';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';
import { uniqueKeys } from './unique-keys.ts';
import { badName, type NameReader, nameReader } from './zip-name.ts';

type Zip = Awaited<ReturnType<typeof openPromise>>;

/** How a zip is read. */
export interface ZipOptions {
  /** What the archive is called in messages. */
  readonly name: string;
  /** Encoding of names that do not tell it themselves. */
  readonly names?: string | undefined;
}

function broken(name: string, error: unknown): UsageError {
  const detail = error instanceof Error ? error.message : String(error);
  return new UsageError('broken_input', `${name} cannot be read as a zip: ${detail}`, { cause: error });
}

const bad = (message: string) => new Fault('file_unreadable', 'unreadable', `cannot be read: ${message}`);

function checkReadable(entry: Entry): void {
  if (entry.isEncrypted()) throw new Fault('file_unreadable', 'encrypted', 'the zip entry is encrypted');
}

async function readEntry(zip: Zip, entry: Entry): Promise<Uint8Array> {
  try {
    checkReadable(entry);
    checkPictureBytes(entry.uncompressedSize);
    const bytes = await collectPicture(await zip.openReadStreamPromise(entry));
    if (bytes.length !== entry.uncompressedSize) throw bad('its size is not the one in the archive');
    if (crc32(bytes) !== entry.crc32) throw bad('its checksum is not the one in the archive');
    return bytes;
  } catch (error) {
    throw unreadable(error);
  }
}

/** The first bytes of an entry. */
async function headOf(zip: Zip, entry: Entry): Promise<Uint8Array> {
  checkReadable(entry);
  const stream = await zip.openReadStreamPromise(entry);
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.length;
    if (length >= HEAD_BYTES) break;
  }
  return Buffer.concat(pieces);
}

/** Field of an entry that holds its name as UTF-8 (APPNOTE.TXT 4.6.9). */
const UNICODE_PATH = 0x7075;

/** The name of an entry. Folders may be divided by backslashes, as old programs of Windows do. */
function nameOf(entry: Entry, read: NameReader, forced: boolean): string {
  const raw = entry.fileNameRaw;
  const unicode = forced
    ? undefined
    : entry.extraFields.find(({ id, data }) => id === UNICODE_PATH && data.length > 5);
  const told =
    unicode !== undefined && unicode.data[0] === 1 && unicode.data.readUInt32LE(1) === crc32(raw)
      ? utf8Of(unicode.data.subarray(5))
      : null;
  return (told ?? read(raw)).replaceAll('\\', '/');
}

interface ZipPicture {
  readonly zip: Zip;
  readonly entry: Entry;
  readonly name: string;
  /** Its place among the entries, counted from 1. */
  readonly place: number;
  /** Why it is not read; null: it is. */
  readonly refused: string | null;
}

/**
 * The pictures of a zip, by their names' extension or by content; the key is the entry's name (of entries
 * with the same name, all but the first get `#` and their place in the archive). Entries are read one by one,
 * nothing is unpacked to disk.
 *
 * @throws {UsageError} `encoding_unknown`
 */
export function openZip(path: FilePath, options: ZipOptions): BatchSource {
  const read = nameReader(options.names);
  const open: Zip[] = [];
  async function* pictures(onLeftOut?: OnLeftOut): AsyncGenerator<ZipPicture> {
    try {
      // Names and sizes are looked at here, entry by entry: the library ends at the first one it does not
      // like.
      const zip = await openPromise(path as string, {
        autoClose: false,
        decodeStrings: false,
        validateEntrySizes: false,
      });
      open.push(zip);
      let place = 0;
      for await (const entry of zip.eachEntry()) {
        place++;
        const name = nameOf(entry, read, options.names !== undefined);
        const refused = badName(name);
        const leave = (why: LeftOut['why'], detail: string) => onLeftOut?.({ name, why, detail });
        if (name.endsWith('/')) {
          if (refused !== null) leave('no_file', `a folder whose name is refused: ${refused}`);
        } else if (isResourceFork(name)) leave('no_picture', 'a file of macOS beside another one');
        else if (isPictureName(name)) yield { zip, entry, name, place, refused };
        else {
          try {
            if (looksLikePicture(await headOf(zip, entry))) yield { zip, entry, name, place, refused };
            else leave('no_picture', 'no picture');
          } catch (error) {
            leave('unreadable', unreadable(error).message);
          }
        }
      }
    } catch (error) {
      throw error instanceof UsageError ? error : broken(options.name, error);
    }
  }
  async function* items(onLeftOut?: OnLeftOut): AsyncGenerator<BatchItem> {
    const keyOf = uniqueKeys(new KeySet());
    for await (const { zip, entry, name, place, refused } of pictures(onLeftOut)) {
      const refuse = async () => {
        throw new Fault('file_unreadable', 'bad_name', `the name of the zip entry is refused: ${refused}`);
      };
      const read = refused === null ? () => readEntry(zip, entry) : refuse;
      yield { key: keyOf(name, place), picture: name, read };
    }
  }
  return {
    kind: 'zip',
    sequential: false,
    items,
    count: (signal) => countOf(pictures(), signal),
    async close() {
      for (const zip of open.splice(0)) zip.close();
    },
  };
}
