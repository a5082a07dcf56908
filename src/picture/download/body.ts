import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Fault } from '../../faults.ts';
import { type Coding, codingOf, decoded } from './coding.ts';
import { connectionFault, refused } from './reasons.ts';
import { onceSettled } from './settle.ts';

export interface BodyLimits {
  /** Bytes on the wire, and bytes after decompression. */
  readonly maxBytes: number;
  /** How often the pace is looked at, in ms. */
  readonly slowWindowMs: number;
  /** Bytes on the wire that each such window must bring until the body ends. */
  readonly slowWindowBytes: number;
}

/**
 * Pieces (chunks, or what one read brought) that a body may come in: each costs about 1 µs, however small it
 * is. A server that writes a file line by line makes a chunk of every 256 bytes of a picture, 16 000 of 4
 * MiB.
 */
const MOST_PIECES = 20_000;

/** Bytes of framing (chunks, their extensions) allowed besides as many as the body may have. */
const FRAMING_BYTES = 1024 * 1024;

/**
 * Reads the body of a download to its end, decompressed where the server compressed it although it was asked
 * not to. The bytes on the wire and those that come out are each at most `maxBytes`, so that a small file
 * cannot grow without bound; a server that sends drop by drop, or in too many pieces, is left. Each piece is
 * copied at once, so that small ones hold no more memory than their bytes, and nothing waits for the decoder:
 * a connection is never paused.
 * @returns memory of its own, fit to be handed to another thread
 * @throws {Fault} `download_refused` `too_large`, `content_encoding`, `empty`, `slow_body`, `broken_answer`,
 * `tls_failed`
 * @throws {Error} the signal's reason
 */
export async function readDownload(
  answer: IncomingMessage,
  limits: BodyLimits,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const coding = codingOf(answer.headers);
  checkAnnounced(answer.headers, limits.maxBytes);
  const bytes = await wireBytes(answer, limits, signal);
  if (bytes.byteLength === 0) throw refused('empty', 'The answer has no content.');
  return coding === null ? bytes : await decodedBody(bytes, coding, limits.maxBytes, signal);
}

function checkAnnounced(headers: IncomingHttpHeaders, maxBytes: number): void {
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

function wireBytes(answer: IncomingMessage, limits: BodyLimits, signal: AbortSignal): Promise<Uint8Array> {
  const { promise, settle } = onceSettled<Uint8Array>(signal);
  const gathered = createGatherer(limits.maxBytes);
  const { socket } = answer;
  const framed = socket.bytesRead + 2 * limits.maxBytes + FRAMING_BYTES;
  let pieces = 0;
  const pace = watchPace(limits, () => gathered.size, settle.reject);
  const take = (piece: Buffer) => {
    pieces++;
    if (!gathered.add(piece) || socket.bytesRead > framed) throw tooLarge(limits.maxBytes);
    if (pieces > MOST_PIECES) {
      throw refused('broken_answer', `The answer comes in more than ${MOST_PIECES} pieces.`);
    }
  };
  // What was thrown in a listener would end the process: memory that cannot be had, too.
  answer
    .on('data', (piece: Buffer) => {
      try {
        take(piece);
      } catch (error) {
        answer.removeAllListeners('data');
        settle.reject(error);
      }
    })
    .on('end', () => {
      try {
        // Node takes an error of the connection, too, for the end of a body that nothing else delimits.
        if (!answer.complete || socket.errored) throw brokenOff(gathered.size);
        settle.resolve(gathered.take());
      } catch (error) {
        settle.reject(error);
      }
    })
    .on('error', (error) => settle.reject(connectionFault(error, true)))
    .on('close', () => settle.reject(brokenOff(gathered.size)));
  // It may have ended before anybody listened.
  if (answer.destroyed) settle.reject(brokenOff(0));
  return promise.finally(() => clearInterval(pace));
}

/** Looks at how many bytes came in each window. */
function watchPace(
  { slowWindowMs, slowWindowBytes }: BodyLimits,
  seen: () => number,
  onSlow: (fault: Fault) => void,
): NodeJS.Timeout {
  let before = 0;
  return setInterval(() => {
    const brought = seen() - before;
    before += brought;
    if (brought >= slowWindowBytes) return;
    onSlow(
      refused(
        'slow_body',
        `The url's server sent ${brought} bytes in ${slowWindowMs} ms; at least ${slowWindowBytes} are expected.`,
      ),
    );
  }, slowWindowMs);
}

/**
 * Copies pieces into one piece of memory that grows; `add` is false, and nothing kept, once they are too
 * many.
 */
function createGatherer(maxBytes: number) {
  let memory = Buffer.allocUnsafeSlow(Math.min(maxBytes, 64 * 1024));
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(piece: Buffer): boolean {
      const wanted = size + piece.length;
      if (wanted > maxBytes) return false;
      if (wanted > memory.length) {
        const grown = Buffer.allocUnsafeSlow(Math.min(maxBytes, Math.max(wanted, 2 * memory.length)));
        memory.copy(grown, 0, 0, size);
        memory = grown;
      }
      size += piece.copy(memory, size);
      return true;
    },
    take(): Uint8Array {
      if (size === memory.length) return memory;
      const exact = Buffer.allocUnsafeSlow(size);
      memory.copy(exact, 0, 0, size);
      return exact;
    },
  };
}

async function decodedBody(
  bytes: Uint8Array,
  coding: Coding,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const result = await decoded(bytes, coding, maxBytes).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw refused('broken_answer', 'The compressed answer cannot be decompressed.', { cause: error });
  });
  signal.throwIfAborted();
  if (result.byteLength === 0) throw refused('empty', 'The answer has no content.');
  return result;
}

function brokenOff(bytes: number): Fault {
  return refused('broken_answer', `The url's server broke off the answer after ${bytes} bytes.`);
}

function tooLarge(maxBytes: number): Fault {
  return refused('too_large', `The picture must be at most ${maxBytes} bytes.`);
}
