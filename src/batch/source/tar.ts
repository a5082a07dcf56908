import { createReadStream } from 'node:fs';
import { Parser, type ReadEntry } from 'tar';
import { UsageError } from '../../errors.ts';
import { KeySet } from '../key-set.ts';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';
import { checkBytes, collect, isPictureName, unreadable } from './limits.ts';

function broken(path: string, error: unknown): UsageError {
  const detail = error instanceof Error ? error.message : String(error);
  return new UsageError('broken_input', `${path} cannot be read as a tar: ${detail}`, { cause: error });
}

/** The parser's entries one at a time: it goes on only when the last one was read or let go. */
async function* entriesOf(path: string): AsyncGenerator<ReadEntry> {
  const waiting: ReadEntry[] = [];
  let ended = false;
  let failure: unknown;
  let wake = () => {};
  const parser = new Parser({
    onReadEntry: (entry) => {
      waiting.push(entry);
      wake();
    },
    onwarn: (code, message) => {
      // Oddities of single entries are no matter; an archive that ends too soon is.
      if (code !== 'TAR_BAD_ARCHIVE' && code !== 'TAR_ABORT') return;
      failure ??= new Error(String(message));
      wake();
    },
  });
  const stop = (error?: unknown) => {
    failure ??= error;
    ended = true;
    wake();
  };
  const file = createReadStream(path);
  parser.on('end', () => stop());
  parser.on('error', stop);
  file.on('error', stop);
  file.pipe(parser);
  try {
    for (;;) {
      const entry = waiting.shift();
      if (entry !== undefined) yield entry;
      else if (failure !== undefined) throw failure;
      else if (ended) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    file.destroy();
  }
}

/** The entries that are pictures, with their places in the archive; what is not read of one when the next is asked for is let go. */
async function* pictures(
  path: string,
): AsyncGenerator<{ readonly entry: ReadEntry; readonly place: number }> {
  let place = 0;
  try {
    for await (const entry of entriesOf(path)) {
      place++;
      const isFile = entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile';
      if (isFile && isPictureName(entry.path)) yield { entry, place };
      entry.resume();
    }
  } catch (error) {
    throw broken(path, error);
  }
}

async function* items(path: string): AsyncGenerator<BatchItem> {
  const seen = new KeySet();
  for await (const { entry, place } of pictures(path)) {
    const name = entry.path;
    const read = async () => {
      checkBytes(entry.size);
      try {
        return await collect(entry as unknown as AsyncIterable<Uint8Array>);
      } catch (error) {
        throw unreadable(error);
      }
    };
    yield { key: seen.add(name) ? name : `${name}#${place}`, picture: name, read };
  }
}

/** The pictures of a tar (as it is, or gzip-compressed), by their names' extension; keys as in a zip. Read as a stream. */
export function openTar(path: string): BatchSource {
  return {
    kind: 'tar',
    sequential: true,
    items: () => items(path),
    count: (signal) => countOf(pictures(path), signal),
    close: async () => {},
  };
}
