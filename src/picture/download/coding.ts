import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { refused } from './reasons.ts';

/** How a body may be compressed. */
export type Coding = 'gzip' | 'deflate' | 'br';

const gzipDecoded = promisify(gunzip);
const zlibDecoded = promisify(inflate);
const rawDecoded = promisify(inflateRaw);
const brotliDecoded = promisify(brotliDecompress);

/**
 * How the answer is compressed, null for not at all.
 * @throws {Fault} `download_refused` `content_encoding` where that is not known here, or was done twice
 */
export function codingOf(headers: IncomingHttpHeaders): Coding | null {
  const transfer = named(headers['transfer-encoding']);
  if (transfer !== '' && transfer !== 'chunked' && transfer !== 'identity') throw unknown();
  switch (named(headers['content-encoding'])) {
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
      return 'deflate';
    case 'br':
      return 'br';
    default:
      throw unknown();
  }
}

/**
 * The bytes that `coding` was applied to. At most `maxBytes` come out: beyond them it rejects with
 * `ERR_BUFFER_TOO_LARGE`, and with zlib's own error where the bytes are not what `coding` says, or end too
 * early.
 */
export async function decoded(bytes: Uint8Array, coding: Coding, maxBytes: number): Promise<Uint8Array> {
  const options = { maxOutputLength: maxBytes, chunkSize: 256 * 1024 };
  const result = await decoderOf(bytes, coding)(bytes, options);
  if (result.byteLength === result.buffer.byteLength) return result;
  const own = Buffer.allocUnsafeSlow(result.byteLength);
  result.copy(own);
  return own;
}

function decoderOf(bytes: Uint8Array, coding: Coding) {
  if (coding === 'gzip') return gzipDecoded;
  if (coding === 'br') return brotliDecoded;
  return isZlib(bytes) ? zlibDecoded : rawDecoded;
}

/** `deflate` means the zlib format (RFC 9110 §8.4.1.2); some servers leave its header (RFC 1950 §2.2) out. */
function isZlib([method = 0, flags = 0]: Uint8Array): boolean {
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0;
}

function named(value: string | undefined): string {
  return (value ?? '').trim().toLowerCase();
}

function unknown() {
  return refused('content_encoding', 'The answer is compressed in a way that is not known here.');
}
