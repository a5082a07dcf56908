import { write, writeSync } from 'node:fs';

/** Where the log's lines go. */
export interface LogOutput {
  /** Takes a line at once; it is written later, in its turn. */
  write(lines: string): void;
  /** Writes what is held back, as far as that can be done within a second. */
  flushSync(): void;
}

/** As much of the system as writing needs. */
export interface LogFile {
  write(bytes: Uint8Array, done: (error: NodeJS.ErrnoException | null, written: number) => void): void;
  /** @throws {Error} with the system's code when it cannot be written */
  writeSync(bytes: Uint8Array): number;
}

export interface LogOutputOptions {
  readonly file: LogFile;
  /**
   * Called when the log cannot be written, and when lines were lost for it; at the first time and then every
   * minute at most.
   */
  readonly onTrouble: (what: string) => void;
  /** Bytes that are held back at most; lines beyond them are lost. */
  readonly mostHeld?: number;
  /** Time between two tries while the log cannot be written, in ms. */
  readonly retryMs?: number;
}

const REPORT_EVERY_MS = 60_000;
const FLUSH_FOR_MS = 1000;

/** An open file by its number. */
export function logFileOf(fd: number): LogFile {
  return {
    write: (bytes, done) => write(fd, bytes, done),
    writeSync: (bytes) => writeSync(fd, bytes),
  };
}

class HeldOutput implements LogOutput {
  readonly #file: LogFile;
  readonly #onTrouble: (what: string) => void;
  readonly #mostHeld: number;
  readonly #retryMs: number;
  #held: Uint8Array[] = [];
  #bytes = 0;
  #lost = 0;
  /** What is being written, or is to be tried again. */
  #current: Uint8Array | null = null;
  #state: 'idle' | 'writing' | 'failing' = 'idle';
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor({ file, onTrouble, mostHeld = 8 * 1024 * 1024, retryMs = 500 }: LogOutputOptions) {
    this.#file = file;
    this.#onTrouble = onTrouble;
    this.#mostHeld = mostHeld;
    this.#retryMs = retryMs;
  }

  write(lines: string): void {
    const line = Buffer.from(lines);
    if (this.#bytes + line.length > this.#mostHeld) {
      this.#lost++;
      return;
    }
    this.#held.push(line);
    this.#bytes += line.length;
    if (this.#state === 'idle') this.#next();
  }

  flushSync(): void {
    // What is being written is the system's already.
    const until = performance.now() + FLUSH_FOR_MS;
    let left = this.#state === 'writing' ? this.#taken() : (this.#current ?? this.#taken());
    if (this.#state !== 'writing') this.#current = null;
    while (left !== null && performance.now() < until) {
      try {
        left = rest(left, this.#file.writeSync(left)) ?? this.#taken();
      } catch (error) {
        if (!isForLater(error as NodeJS.ErrnoException)) break;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
    if (left === null) return;
    this.#held.unshift(left);
    this.#bytes += left.length;
  }

  #next(): void {
    this.#current ??= this.#taken();
    if (this.#current === null) {
      this.#state = 'idle';
      return;
    }
    this.#state = 'writing';
    this.#file.write(this.#current, (error, written) => {
      if (error !== null) return this.#failed(error);
      this.#current = rest(this.#current, written);
      this.#next();
    });
  }

  #failed(error: NodeJS.ErrnoException): void {
    this.#state = 'failing';
    setTimeout(() => this.#next(), this.#retryMs).unref();
    const now = performance.now();
    // Nobody reads it any more: as with every program whose output is closed, there is nothing to say.
    if (error.code === 'EPIPE' || isForLater(error) || now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    this.#onTrouble(`the log cannot be written (${error.message}); ${this.#lost} lines lost`);
  }

  /** All that is held back, which is then held back no more. */
  #taken(): Uint8Array | null {
    if (this.#held.length === 0) return null;
    const all = Buffer.concat(this.#held);
    this.#held = [];
    this.#bytes = 0;
    return all;
  }
}

/**
 * Writes the log without making anybody wait for it. A log that cannot be written, on a disk that is full or
 * to a reader that reads no more, never ends or stops the service: lines are held back up to a bound, tried
 * again, and lost beyond it. Pino's own destination throws where nobody catches it in the first case, and
 * waits for ever when it is flushed then.
 */
export function createLogOutput(options: LogOutputOptions): LogOutput {
  return new HeldOutput(options);
}

/** What is left of bytes of which so many were written. */
function rest(bytes: Uint8Array | null, written: number): Uint8Array | null {
  return bytes === null || written >= bytes.length ? null : bytes.subarray(written);
}

/** Whether the other side only cannot take more at this moment. */
function isForLater({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EAGAIN' || code === 'EBUSY' || code === 'EINTR';
}
