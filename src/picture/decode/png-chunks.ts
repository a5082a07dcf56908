const SIGNATURE = 8;
const TEXTS = new Set(['tEXt', 'zTXt', 'iTXt']);

interface Chunk {
  readonly type: string;
  /** Where the chunk begins and ends in the file, length and checksum included. */
  readonly from: number;
  readonly to: number;
}

/** The chunks up to IEND, or up to the first one that the file does not hold as a whole. */
function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let from = SIGNATURE;
  while (from + 12 <= bytes.length) {
    const to = from + 12 + view.getUint32(from);
    if (to > bytes.length) return;
    const type = String.fromCharCode(...bytes.subarray(from + 4, from + 8));
    yield { type, from, to };
    if (type === 'IEND') return;
    from = to;
  }
}

/**
 * Whether a PNG's chunks run through to a whole IEND: the decoder itself is content with a file that lacks
 * its end.
 */
export function pngIsComplete(bytes: Uint8Array): boolean {
  for (const { type } of chunksOf(bytes)) if (type === 'IEND') return true;
  return false;
}

/**
 * The PNG without its texts. They may be compressed, the decoder unpacks and keeps every one of them, and a
 * file of 400 KB can so take gigabytes; the pixels do not depend on them. The same memory where there are
 * none.
 */
export function withoutTexts(bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let since = 0;
  for (const { type, from, to } of chunksOf(bytes)) {
    if (!TEXTS.has(type)) continue;
    if (from > since) kept.push(bytes.subarray(since, from));
    since = to;
  }
  return since === 0 ? bytes : Buffer.concat([...kept, bytes.subarray(since)]);
}
