import { longestZeros, ZEROS } from './zeros.ts';

/**
 * Whether a part of a WebP's coded picture was never filled: many zeros in a row inside a `VP8 ` or `VP8L`
 * chunk (a buffer that was too short, a lost piece). Its decoder makes a picture of them without a word.
 * Never throws.
 */
export function webpHasHole(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const type = String.fromCharCode(...bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if ((type === 'VP8 ' || type === 'VP8L') && longestZeros(content) >= ZEROS) return true;
    at += 8 + length + (length & 1);
  }
  return false;
}
