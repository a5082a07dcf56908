import type { ReadEntry } from 'tar';
import type { FilePath } from '../../files/name.ts';
import {
  HEAD_BYTES,
  isPictureName,
  isResourceFork,
  looksLikePicture,
  type OnLeftOut,
} from '../../picture/decode/candidate.ts';
import { checkPictureBytes, collectPicture } from '../../picture/file.ts';
import { KeySet } from '../key-set.ts';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';
import { broken, entriesOf, type TarOptions } from './tar-entries.ts';
import { uniqueKeys } from './unique-keys.ts';

/** A picture of the archive; `bytes` gives what comes of it. */
interface TarPicture {
  readonly entry: ReadEntry;
  /** Its place among the entries, counted from 1. */
  readonly place: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

const isFile = ({ type }: ReadEntry) => type === 'File' || type === 'OldFile' || type === 'ContiguousFile';

/** Some of a stream's first bytes, and all of them once more with the rest. */
async function headOf(
  stream: AsyncIterator<Uint8Array>,
  wanted: number,
): Promise<{ readonly head: Uint8Array; readonly whole: AsyncIterable<Uint8Array> }> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  while (length < wanted) {
    const { done, value } = await stream.next();
    if (done === true) break;
    pieces.push(value);
    length += value.length;
  }
  async function* whole() {
    yield* pieces;
    yield* { [Symbol.asyncIterator]: () => stream };
  }
  return { head: Buffer.concat(pieces), whole: whole() };
}

/** The entries that are pictures; what is not read of one when the next is asked for is let go. */
async function* pictures(
  path: FilePath,
  options: TarOptions,
  onLeftOut?: OnLeftOut,
): AsyncGenerator<TarPicture> {
  let place = 0;
  for await (const entry of entriesOf(path, options, onLeftOut)) {
    place++;
    const name = entry.path;
    if (!isFile(entry)) {
      // A folder is no file that could be missed.
      if (entry.type !== 'Directory' && entry.type !== 'GNUDumpDir') {
        onLeftOut?.({ name, why: 'no_file', detail: `an entry of the kind ${entry.type}` });
      }
    } else if (isPictureName(name)) {
      yield { entry, place, bytes: entry as unknown as AsyncIterable<Uint8Array> };
    } else if (isResourceFork(name)) {
      onLeftOut?.({ name, why: 'no_picture', detail: 'a file of macOS beside another one' });
    } else {
      const stream = (entry as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      const { head, whole } = await headOf(stream, HEAD_BYTES);
      if (looksLikePicture(head)) yield { entry, place, bytes: whole };
      else onLeftOut?.({ name, why: 'no_picture', detail: 'no picture' });
    }
    entry.resume();
  }
}

async function* items(path: FilePath, options: TarOptions, onLeftOut?: OnLeftOut): AsyncGenerator<BatchItem> {
  const keyOf = uniqueKeys(new KeySet());
  for await (const { entry, place, bytes } of pictures(path, options, onLeftOut)) {
    const read = async () => {
      checkPictureBytes(entry.size);
      if (entry.destroyed) throw broken(options.name, new Error(`${entry.path} is cut off`));
      const picture = await collectPicture(bytes);
      // An archive that ends in the middle of a picture: what there is of it is not the picture.
      if (picture.length !== entry.size) {
        throw broken(
          options.name,
          new Error(`${entry.path} is cut off: ${picture.length} of ${entry.size} bytes`),
        );
      }
      return picture;
    };
    yield { key: keyOf(entry.path, place), picture: entry.path, read };
  }
}

/**
 * The pictures of a tar (as it is, or gzip-compressed), by their names' extension or by content; keys as in a
 * zip. Read as a stream.
 */
export function openTar(path: FilePath, options: TarOptions): BatchSource {
  return {
    kind: 'tar',
    sequential: true,
    items: (onLeftOut) => items(path, options, onLeftOut),
    count: (signal) => countOf(pictures(path, options), signal),
    close: async () => {},
  };
}
