/**
 * Zeros in a row that no coded picture holds: its bytes are as good as random, and flat areas take next to
 * none.
 */
export const ZEROS = 256;

/**
 * Whether a value other than zero fills `ZEROS` bytes in a row, found by comparing every 64th byte first.
 * Coded data never repeats one so often, not of blank pictures either.
 */
export function hasMonotony(bytes: Uint8Array): boolean {
  for (let at = 64; at < bytes.length; at += 64) {
    const value = bytes[at];
    if (bytes[at - 64] !== value) continue;
    let first = at;
    while (first > 0 && bytes[first - 1] === value) first--;
    let last = at;
    while (last + 1 < bytes.length && bytes[last + 1] === value) last++;
    if (last - first + 1 >= ZEROS) return true;
    at = last + 1;
  }
  return false;
}

/**
 * The longest run of zeros, found by looking at every 256th byte first; runs shorter than `ZEROS` may be
 * missed.
 */
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
