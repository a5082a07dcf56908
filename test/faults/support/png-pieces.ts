import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { mutate, pick, type Random } from './fuzz.ts';

/** A chunk of a PNG: its type of four letters and its content. */
interface Chunk {
  readonly type: string;
  readonly content: Buffer;
}

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** The chunks of a PNG, as far as they are whole. */
function chunksOf(png: Buffer): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = signature.length; at + 12 <= png.length; ) {
    const end = at + 8 + png.readUInt32BE(at);
    if (end + 4 > png.length) break;
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), content: png.subarray(at + 8, end) });
    at = end + 4;
  }
  return chunks;
}

/** A PNG of these chunks, lengths and check sums right. */
function pngOf(chunks: readonly Chunk[]): Buffer {
  const pieces = chunks.map(({ type, content }) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  });
  return Buffer.concat([signature, ...pieces]);
}

/** Bytes with the check sums of their chunks made right again, so that what was spoilt is read at all; others as they are. */
export function withCheckSums(bytes: Buffer): Buffer {
  return bytes.subarray(0, 2).equals(signature.subarray(0, 2)) ? rightSums(bytes) : bytes;
}

function rightSums(png: Buffer): Buffer {
  const bytes = Buffer.from(png);
  for (let at = signature.length; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

/** Put in or over by chance. */
const words = ['\0', '\xff', '\0\0\0\0', '\xff\xff\xff\xff'];
const others = [
  'gAMA',
  'cHRM',
  'sRGB',
  'iCCP',
  'tRNS',
  'sBIT',
  'bKGD',
  'pHYs',
  'eXIf',
  'tEXt',
  'zTXt',
  'acTL',
  'fcTL',
  'PLTE',
];

/**
 * A PNG that is spoilt behind its envelope: check sums, lengths and compression are right, so that the decoder comes as far as
 * what was changed: rows of pixels and their filters, the header's numbers, palettes, profiles, the order of the chunks.
 */
export function spoiltWithin(png: Buffer, random: Random): Buffer {
  let chunks = chunksOf(png);
  for (let left = 1 + random.below(3); left > 0; left--) chunks = spoilOnce(chunks, random);
  return pngOf(chunks);
}

function spoilOnce(chunks: readonly Chunk[], random: Random): Chunk[] {
  const { below } = random;
  const at = below(chunks.length);
  const [before, after] = [chunks.slice(0, at), chunks.slice(at + 1)];
  const chosen = chunks[at] as Chunk;
  switch (below(7)) {
    case 0:
    case 1:
      return withRows(chunks, random);
    case 2:
      return withNumber(chunks, random);
    case 3:
      return [...before, { ...chosen, content: mutate(chosen.content, random, words) }, ...after];
    case 4:
      return [...before, other(random), chosen, ...after];
    case 5:
      return below(2) === 0 ? [...before, ...after, chosen] : [...before, chosen, chosen, ...after];
    default:
      return chunks.length > 2 && below(2) === 0 ? [...before, ...after] : split(chunks, random);
  }
}

/** Changed rows, compressed anew; what cannot be unpacked any more is taken for rows as it is. */
function withRows(chunks: readonly Chunk[], random: Random): Chunk[] {
  const isData = ({ type }: Chunk) => type === 'IDAT';
  const packed = Buffer.concat(chunks.filter(isData).map(({ content }) => content));
  let rows = packed;
  try {
    rows = inflateSync(packed, { maxOutputLength: 1024 * 1024 });
  } catch {
    // Spoilt before.
  }
  const content = deflateSync(mutate(rows, random, words), { level: random.below(10) });
  const place = Math.max(0, chunks.findIndex(isData));
  const rest = chunks.filter((chunk) => !isData(chunk));
  return [...rest.slice(0, place), { type: 'IDAT', content }, ...rest.slice(place)];
}

/** One of the header's numbers changed: sides, bits, kind of colour, methods, interlacing. */
function withNumber(chunks: readonly Chunk[], random: Random): Chunk[] {
  const content = Buffer.alloc(13);
  chunks[0]?.content.copy(content);
  const { below } = random;
  if (below(2) === 0)
    content.writeUInt32BE(pick(random, [0, 1, 23, 25, 48, 2000, 2001, 0x7fffffff]), 4 * below(2));
  else content[8 + below(5)] = pick(random, [0, 1, 2, 3, 4, 6, 8, 16, 255]);
  return [{ type: 'IHDR', content }, ...chunks.slice(1)];
}

function other(random: Random): Chunk {
  const type = pick(random, others);
  const bytes = random.bytes(random.below(80));
  const isPacked = type === 'iCCP' || type === 'zTXt';
  return { type, content: isPacked ? Buffer.concat([Buffer.from('name\0\0'), deflateSync(bytes)]) : bytes };
}

/** The data in two chunks, as encoders may write it. */
function split(chunks: readonly Chunk[], random: Random): Chunk[] {
  return chunks.flatMap((chunk) => {
    if (chunk.type !== 'IDAT') return [chunk];
    const at = random.below(chunk.content.length + 1);
    return [chunk.content.subarray(0, at), chunk.content.subarray(at)].map((content) => ({
      ...chunk,
      content,
    }));
  });
}
