import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { UsageError } from '../../faults.ts';
import type { FilePath } from '../../files/name.ts';
import {
  HEAD_BYTES,
  isPictureName,
  isResourceFork,
  type LeftOut,
  looksLikePicture,
  type OnLeftOut,
} from '../../picture/decode/candidate.ts';
import { checkPictureBytes, collectPicture } from '../../picture/file.ts';
import { KeySet } from '../key-set.ts';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';
import { uniqueKeys } from './unique-keys.ts';

/** How a tar is read. */
export interface TarOptions {
  /** What the archive is called in messages. */
  readonly name: string;
  readonly gzip: boolean;
  /** Ends the walk between two pictures, also while something large is passed over. */
  readonly signal: AbortSignal;
}

const blockSize = 512;

/** Whether a tar ended as tars do: with a block of zeros (POSIX pax, "ustar Interchange Format"), whole blocks before it. */
function createEndMark(): { see(chunk: Buffer): void; seen(): boolean } {
  let tail = Buffer.alloc(0);
  let length = 0;
  return {
    see(chunk) {
      length += chunk.length;
      tail =
        chunk.length >= blockSize
          ? Buffer.from(chunk.subarray(-blockSize))
          : Buffer.concat([tail, chunk]).subarray(-blockSize);
    },
    seen: () => length % blockSize === 0 && tail.length === blockSize && tail.every((byte) => byte === 0),
  };
}

function broken(name: string, error: unknown): UsageError {
  const detail = error instanceof Error ? error.message : String(error);
  return new UsageError('broken_input', `${name} cannot be read as a tar: ${detail}`, { cause: error });
}

/**
 * The parser's entries one at a time: it goes on only when the last one was read or let go. An archive that cannot be read further fails the
 * entry that is being read as well.
 */
async function* entriesOf(
  path: FilePath,
  { name, gzip, signal }: TarOptions,
  onLeftOut?: OnLeftOut,
): AsyncGenerator<ReadEntry> {
  const waiting: ReadEntry[] = [];
  let current: ReadEntry | undefined;
  let ended = false;
  let failure: unknown;
  let wake = () => {};
  let drained = () => {};
  const stop = (error?: unknown) => {
    ended = true;
    if (error !== undefined && failure === undefined) {
      failure = broken(name, error);
      // What is whole can still be read.
      for (const entry of [current, ...waiting]) if ((entry?.blockRemain ?? 0) > 0) entry?.destroy(failure);
    }
    wake();
    drained();
  };
  /** In a piece that is no tar, of which one headline is enough. */
  let astray = false;
  const leave = (why: LeftOut['why'], what: string, detail: string) =>
    onLeftOut?.({ name: what, why, detail });
  const parser = new Parser({
    onReadEntry: (entry) => {
      astray = false;
      // Whoever reads it has a listener of his own.
      entry.on('error', () => {});
      waiting.push(entry);
      wake();
    },
    onwarn: (code, message) => {
      if (code === 'TAR_BAD_ARCHIVE' || code === 'TAR_ABORT') stop(new Error(String(message)));
      else if (code === 'TAR_ENTRY_INVALID' && !astray) {
        astray = true;
        leave('unreadable', name, `a damaged place in the archive (${String(message)})`);
      }
    },
  });
  parser.on('ignoredEntry', (entry: ReadEntry) =>
    leave('no_file', entry.path, `an entry of the kind ${entry.type}`),
  );
  parser.on('end', () => stop());
  parser.on('error', stop);
  parser.on('drain', () => drained());
  const file = createReadStream(path);
  const bytes = gzip ? file.pipe(createGunzip()) : file;
  // A pipe passes no failures on.
  file.on('error', (error) => bytes.destroy(error));
  const pump = async () => {
    const end = createEndMark();
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      if (ended) return;
      end.see(chunk);
      if (parser.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        drained = resolve;
      });
    }
    // Cut between two entries an archive looks whole, but for what ends it.
    if (!end.seen()) leave('unreadable', name, 'the archive ends without its end mark: it may have been cut');
    if (!ended) parser.end();
  };
  const onAbort = () => stop();
  signal.addEventListener('abort', onAbort);
  pump().catch(stop);
  try {
    for (;;) {
      if (signal.aborted) return;
      current = waiting.shift();
      if (current !== undefined && !current.destroyed) yield current;
      else if (failure !== undefined) throw failure;
      else if (ended) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop();
    file.destroy();
    bytes.destroy();
  }
}

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

/** The pictures of a tar (as it is, or gzip-compressed), by their names' extension or by content; keys as in a zip. Read as a stream. */
export function openTar(path: FilePath, options: TarOptions): BatchSource {
  return {
    kind: 'tar',
    sequential: true,
    items: (onLeftOut) => items(path, options, onLeftOut),
    count: (signal) => countOf(pictures(path, options), signal),
    close: async () => {},
  };
}
