/** Zeros in a row that no coded picture holds: its bytes are as good as random, and flat areas take next to none. */
export const ZEROS = 256;

/** The longest run of zeros, found by looking at every 256th byte first; runs shorter than `ZEROS` may be missed. */
export function longestZeros(bytes: Uint8Array): number {
  let longest = 0;
  for (let at = ZEROS - 1; at < bytes.length; at += ZEROS) {
    if (bytes[at] !== 0) continue;
    let first = at;
    while (first > 0 && bytes[first - 1] === 0) first--;
    let last = at;
    while (last + 1 < bytes.length && bytes[last + 1] === 0) last++;
    longest = Math.max(longest, last - first + 1);
    at = last;
  }
  return longest;
}
