const HEADER = 128;
/** Profiles carry about a dozen tags; those for printing twenty. */
const MOST_TAGS = 100;

/**
 * Whether a colour profile (ICC.1:2022) is one of those that photos carry: curves, a matrix, tables. Others
 * may hold calculations of any length (`D2Bx` and `B2Dx` tags, §9.2.24 and following), and a file of some
 * hundred kilobytes then keeps the library busy for minutes. Never throws: what is no profile is not plain.
 */
export function isPlainProfile(icc: Uint8Array): boolean {
  if (icc.length < HEADER + 4) return false;
  const view = new DataView(icc.buffer, icc.byteOffset, icc.byteLength);
  const tags = view.getUint32(HEADER);
  if (tags > MOST_TAGS || HEADER + 4 + tags * 12 > icc.length) return false;
  for (let at = HEADER + 4; at < HEADER + 4 + tags * 12; at += 12) {
    const name = String.fromCharCode(...icc.subarray(at, at + 4));
    if (/^(?:D2B|B2D)/.test(name)) return false;
    const offset = view.getUint32(at + 4);
    if (offset + 4 > icc.length) return false;
    if (String.fromCharCode(...icc.subarray(offset, offset + 4)) === 'mpet') return false;
  }
  return true;
}
