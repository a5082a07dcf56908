import type { IncomingHttpHeaders } from 'node:http';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Fault } from '../errors.ts';
import { refused } from './download-reasons.ts';

export interface BodyLimits {
  /** Bytes on the wire, and bytes after decompression. */
  readonly maxBytes: number;
  /** How often the pace is looked at, in ms. */
  readonly slowWindowMs: number;
  /** Bytes on the wire that each such window must bring until the body ends. */
  readonly slowWindowBytes: number;
}

/**
 * Reads the body of a download, decompressed where the server compressed it although it was asked not to. Both the bytes on the
 * wire and the bytes that come out are held to `maxBytes`, so that a small file cannot grow without bound, and a server that
 * sends drop by drop is left.
 * @throws Fault -5805 `too_large`, `content_encoding`, `empty`, `slow_body`, `broken_answer`
 */
export async function readDownload(
  body: Readable,
  headers: IncomingHttpHeaders,
  limits: BodyLimits,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { maxBytes, slowWindowMs, slowWindowBytes } = limits;
  const announced = Number(headers['content-length'] ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const decompress = decompressor(headers['content-encoding']);
  const chunks: Buffer[] = [];
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk);
  };
  const wire = counter(maxBytes);
  let before = 0;
  const pace = setInterval(() => {
    const brought = wire.seen() - before;
    before += brought;
    if (brought >= slowWindowBytes) return;
    body.destroy(
      refused(
        'slow_body',
        `The url's server sent ${brought} bytes in ${slowWindowMs} ms; at least ${slowWindowBytes} are expected.`,
      ),
    );
  }, slowWindowMs);
  try {
    if (decompress === null) await pipeline(body, wire.stream, collect, { signal });
    else await pipeline(body, wire.stream, decompress, counter(maxBytes).stream, collect, { signal });
  } catch (error) {
    if (
      decompress !== null &&
      /^Z_|^ERR_.*(ZLIB|BROTLI|DECOMPRESS)/i.test((error as NodeJS.ErrnoException).code ?? '')
    ) {
      throw refused('broken_answer', 'The compressed answer cannot be decompressed.', { cause: error });
    }
    throw error;
  } finally {
    clearInterval(pace);
  }
  return joined(chunks);
}

/** Passes bytes on, counts them, and fails with the one that is too many. */
function counter(maxBytes: number): { readonly stream: Transform; readonly seen: () => number } {
  let seen = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
  return { stream, seen: () => seen };
}

function decompressor(encoding: string | undefined): Transform | null {
  switch ((encoding ?? 'identity').trim().toLowerCase()) {
    case 'identity':
    case '':
      return null;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw refused('content_encoding', 'The answer is compressed in a way that is not known here.');
  }
}

/** One piece of memory of its own, fit to be handed to another thread. */
function joined(chunks: readonly Buffer[]): Uint8Array {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (length === 0) throw refused('empty', 'The answer has no content.');
  const all = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(all, at);
  return all;
}

function tooLarge(maxBytes: number): Fault {
  return refused('too_large', `The picture must be at most ${maxBytes} bytes.`);
}
