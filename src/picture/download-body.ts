import type { IncomingHttpHeaders } from 'node:http';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Fault } from '../errors.ts';

/**
 * Reads the body of a download, decompressed where the server compressed it although it was asked not to. Both the bytes on the
 * wire and the bytes that come out are held to `maxBytes`, so that a small file cannot grow without bound.
 * @throws Fault -5805 `too_large`, `content_encoding`, `empty`, `broken_answer`
 */
export async function readDownload(
  body: Readable,
  headers: IncomingHttpHeaders,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const announced = Number(headers['content-length'] ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const decompress = decompressor(headers['content-encoding']);
  const chunks: Buffer[] = [];
  const collect = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) chunks.push(chunk);
  };
  try {
    if (decompress === null) await pipeline(body, counter(maxBytes), collect, { signal });
    else await pipeline(body, counter(maxBytes), decompress, counter(maxBytes), collect, { signal });
  } catch (error) {
    if (
      decompress !== null &&
      /^Z_|^ERR_.*(ZLIB|BROTLI|DECOMPRESS)/i.test((error as NodeJS.ErrnoException).code ?? '')
    ) {
      throw new Fault(-5805, 'broken_answer', 'The compressed answer cannot be decompressed.', {
        cause: error,
      });
    }
    throw error;
  }
  return joined(chunks);
}

/** Passes bytes on and fails with the one that is too many. */
function counter(maxBytes: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
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
      throw new Fault(-5805, 'content_encoding', 'The answer is compressed in a way that is not known here.');
  }
}

/** One piece of memory of its own, fit to be handed to another thread. */
function joined(chunks: readonly Buffer[]): Uint8Array {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (length === 0) throw new Fault(-5805, 'empty', 'The answer has no content.');
  const all = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(all, at);
  return all;
}

function tooLarge(maxBytes: number): Fault {
  return new Fault(-5805, 'too_large', `The picture must be at most ${maxBytes} bytes.`);
}
