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
   * Told when the log cannot be written, and when lines were lost for it; at the first time and then every
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

/**
 * Writes the log without making anybody wait for it. A log that cannot be written, on a disk that is full or
 * to a reader that reads no more, never ends or stops the service: lines are held back up to a bound, tried
 * again, and lost beyond it. Pino's own destination throws where nobody catches it in the first case, and
 * waits for ever when it is flushed then.
 */
export function createLogOutput(options: LogOutputOptions): LogOutput {
  const { file, onTrouble, mostHeld = 8 * 1024 * 1024, retryMs = 500 } = options;
  let held: Uint8Array[] = [];
  let bytes = 0;
  let lost = 0;
  /** What is being written, or is to be tried again. */
  let current: Uint8Array | null = null;
  let state: 'idle' | 'writing' | 'failing' = 'idle';
  let told = Number.NEGATIVE_INFINITY;

  const trouble = (error: NodeJS.ErrnoException) => {
    state = 'failing';
    setTimeout(next, retryMs).unref();
    // Nobody reads it any more: as with every program whose output is closed, there is nothing to say.
    if (error.code === 'EPIPE' || isForLater(error) || performance.now() - told < REPORT_EVERY_MS) return;
    told = performance.now();
    onTrouble(`the log cannot be written (${error.message}); ${lost} lines lost`);
  };
  const taken = (): Uint8Array | null => {
    if (held.length === 0) return null;
    const all = Buffer.concat(held);
    held = [];
    bytes = 0;
    return all;
  };
  function next(): void {
    current ??= taken();
    if (current === null) {
      state = 'idle';
      return;
    }
    state = 'writing';
    file.write(current, (error, written) => {
      if (error !== null) return trouble(error);
      current = rest(current, written);
      next();
    });
  }

  return {
    write(lines) {
      const line = Buffer.from(lines);
      if (bytes + line.length > mostHeld) {
        lost++;
        return;
      }
      held.push(line);
      bytes += line.length;
      if (state === 'idle') next();
    },
    flushSync() {
      // What is being written is the system's already.
      const until = performance.now() + FLUSH_FOR_MS;
      let left = state === 'writing' ? taken() : (current ?? taken());
      if (state !== 'writing') current = null;
      while (left !== null && performance.now() < until) {
        try {
          left = rest(left, file.writeSync(left)) ?? taken();
        } catch (error) {
          if (!isForLater(error as NodeJS.ErrnoException)) break;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        }
      }
      if (left === null) return;
      held.unshift(left);
      bytes += left.length;
    },
  };
}

/** What is left of bytes of which so many were written. */
function rest(bytes: Uint8Array | null, written: number): Uint8Array | null {
  return bytes === null || written >= bytes.length ? null : bytes.subarray(written);
}

/** Whether the other side only has no room at this moment. */
function isForLater({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EAGAIN' || code === 'EBUSY' || code === 'EINTR';
}
