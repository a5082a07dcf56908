const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const TEM = 0x01;

/**
 * Counts the scans of a JPEG by walking its markers (ITU-T T.81 §B.1.1), up to `most` + 1: what comes after is not looked
 * at. A decoder passes over all pixels once a scan and a scan may be a dozen bytes, so that a file of some kilobytes can keep
 * it busy for minutes, and it looks at no clock until the last scan is read. Never throws; a file that is no JPEG, or is cut
 * off, has as many scans as were found.
 */
export function countJpegScans(bytes: Uint8Array, most: number): number {
  let scans = 0;
  let at = 2;
  while (scans <= most) {
    // Entropy-coded bytes, stuffing, fill bytes and rubbish between markers are passed over alike.
    at = bytes.indexOf(0xff, at);
    if (at < 0) return scans;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined || marker === EOI) return scans;
    if (marker === 0 || marker === TEM || (marker >= 0xd0 && marker <= SOI)) continue;
    if (marker === SOS) scans++;
    if (at + 2 > bytes.length) return scans;
    at += Math.max(2, ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  }
  return scans;
}
