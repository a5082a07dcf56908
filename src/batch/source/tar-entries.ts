import { createReadStream, type ReadStream } from 'node:fs';
import { createGunzip, type Gunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { UsageError } from '../../faults.ts';
import type { FilePath } from '../../files/name.ts';
import type { LeftOut, OnLeftOut } from '../../picture/decode/candidate.ts';

/** How a tar is read. */
export interface TarOptions {
  /** What the archive is called in messages. */
  readonly name: string;
  readonly gzip: boolean;
  /** Ends the walk between two pictures, also while something large is passed over. */
  readonly signal: AbortSignal;
}

const BLOCK_SIZE = 512;

/**
 * Whether a tar ended as tars do: with a block of zeros (POSIX pax, "ustar Interchange Format"), whole blocks
 * before it.
 */
function createEndMark(): { see(chunk: Buffer): void; seen(): boolean } {
  let tail = Buffer.alloc(0);
  let length = 0;
  return {
    see(chunk) {
      length += chunk.length;
      tail =
        chunk.length >= BLOCK_SIZE
          ? Buffer.from(chunk.subarray(-BLOCK_SIZE))
          : Buffer.concat([tail, chunk]).subarray(-BLOCK_SIZE);
    },
    seen: () => length % BLOCK_SIZE === 0 && tail.length === BLOCK_SIZE && tail.every((byte) => byte === 0),
  };
}

/** The archive cannot be read further. */
export function broken(name: string, error: unknown): UsageError {
  const detail = error instanceof Error ? error.message : String(error);
  return new UsageError('broken_input', `${name} cannot be read as a tar: ${detail}`, { cause: error });
}

/** The parser's entries, fed from the file. */
class TarWalk {
  readonly #options: TarOptions;
  readonly #onLeftOut: OnLeftOut | undefined;
  readonly #file: ReadStream;
  readonly #bytes: ReadStream | Gunzip;
  readonly #parser: Parser;
  readonly #waiting: ReadEntry[] = [];
  #current: ReadEntry | undefined;
  #ended = false;
  #failure: unknown;
  /** In a piece that is no tar, of which one report is enough. */
  #astray = false;
  #wake = () => {};
  #drained = () => {};

  constructor(path: FilePath, options: TarOptions, onLeftOut: OnLeftOut | undefined) {
    this.#options = options;
    this.#onLeftOut = onLeftOut;
    this.#parser = new Parser({
      onReadEntry: (entry) => this.#found(entry),
      onwarn: (code, message) => this.#warned(code, String(message)),
    });
    this.#parser.on('ignoredEntry', (entry: ReadEntry) =>
      this.#leave('no_file', entry.path, `an entry of the kind ${entry.type}`),
    );
    this.#parser.on('end', () => this.stop());
    this.#parser.on('error', (error: unknown) => this.stop(error));
    this.#parser.on('drain', () => this.#drained());
    this.#file = createReadStream(path);
    this.#bytes = options.gzip ? this.#file.pipe(createGunzip()) : this.#file;
    // A pipe passes no failures on.
    this.#file.on('error', (error) => this.#bytes.destroy(error));
  }

  /** Reads the file into the parser, no faster than the entries are read. */
  async pump(): Promise<void> {
    const end = createEndMark();
    for await (const chunk of this.#bytes as AsyncIterable<Buffer>) {
      if (this.#ended) return;
      end.see(chunk);
      if (this.#parser.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    if (!end.seen()) {
      // Cut between two entries an archive looks whole, but for what ends it.
      const detail = 'the archive ends without its end mark: it may have been cut';
      this.#leave('unreadable', this.#options.name, detail);
    }
    if (!this.#ended) this.#parser.end();
  }

  /**
   * The next entry, or undefined at the end.
   * @throws {UsageError} `broken_input` when the archive cannot be read further
   */
  async next(): Promise<ReadEntry | undefined> {
    for (;;) {
      if (this.#options.signal.aborted) return undefined;
      this.#current = this.#waiting.shift();
      if (this.#current !== undefined && !this.#current.destroyed) return this.#current;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  stop(error?: unknown): void {
    this.#ended = true;
    if (error !== undefined && this.#failure === undefined) {
      const failure = broken(this.#options.name, error);
      this.#failure = failure;
      // What is whole can still be read.
      for (const entry of [this.#current, ...this.#waiting]) {
        if ((entry?.blockRemain ?? 0) > 0) entry?.destroy(failure);
      }
    }
    this.#wake();
    this.#drained();
  }

  close(): void {
    this.stop();
    this.#file.destroy();
    this.#bytes.destroy();
  }

  #found(entry: ReadEntry): void {
    this.#astray = false;
    // The one that reads it has a listener of its own.
    entry.on('error', () => {});
    this.#waiting.push(entry);
    this.#wake();
  }

  #warned(code: string, message: string): void {
    if (code === 'TAR_BAD_ARCHIVE' || code === 'TAR_ABORT') this.stop(new Error(message));
    else if (code === 'TAR_ENTRY_INVALID' && !this.#astray) {
      this.#astray = true;
      this.#leave('unreadable', this.#options.name, `a damaged place in the archive (${message})`);
    }
  }

  #leave(why: LeftOut['why'], name: string, detail: string): void {
    this.#onLeftOut?.({ name, why, detail });
  }
}

/**
 * The entries of a tar one at a time: the parser goes on only when the last one was read or skipped. An
 * archive that cannot be read further fails the entry that is being read as well.
 * @throws {UsageError} `broken_input` when it cannot be read further
 */
export async function* entriesOf(
  path: FilePath,
  options: TarOptions,
  onLeftOut?: OnLeftOut,
): AsyncGenerator<ReadEntry> {
  const { signal } = options;
  const walk = new TarWalk(path, options, onLeftOut);
  const onAbort = () => walk.stop();
  signal.addEventListener('abort', onAbort);
  walk.pump().catch((error: unknown) => walk.stop(error));
  try {
    for (let entry = await walk.next(); entry !== undefined; entry = await walk.next()) yield entry;
  } finally {
    signal.removeEventListener('abort', onAbort);
    walk.close();
  }
}
