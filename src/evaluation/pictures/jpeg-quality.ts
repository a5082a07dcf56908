/** Luminance table of ITU-T T.81, annex K.1, in zigzag order, as libjpeg scales it. */
const STANDARD = [
  16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58,
  51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103,
  62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
];

const SOI = 0xd8;
const SOS = 0xda;
const DQT = 0xdb;

/** The first luminance quantisation table (zigzag order) of a JPEG file; null when there is none. */
function luminanceTable(bytes: Uint8Array): number[] | null {
  if (bytes[0] !== 0xff || bytes[1] !== SOI) return null;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === SOS) return null;
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    if (marker === DQT) {
      let table = at + 4;
      const end = Math.min(at + 2 + length, bytes.length);
      while (table < end) {
        const size = bytes[table] >> 4 === 0 ? 1 : 2;
        if ((bytes[table] & 15) === 0 && table + 1 + 64 * size <= end) {
          return STANDARD.map((_, i) =>
            size === 1 ? bytes[table + 1 + i] : (bytes[table + 1 + 2 * i] << 8) | bytes[table + 2 + 2 * i],
          );
        }
        table += 1 + 64 * size;
      }
    }
    at += 2 + length;
  }
  return null;
}

/**
 * The quality setting, 1-100, that libjpeg would need for a table as coarse as this file's; null for other
 * formats. Encoders with tables of their own get the nearest one.
 */
export function jpegQuality(bytes: Uint8Array): number | null {
  const table = luminanceTable(bytes);
  if (table === null) return null;
  // Entries that libjpeg clips to 1 or 255 say nothing of the scale.
  const ratios = table.flatMap((q, i) => (q > 1 && q < 255 ? [(100 * q) / STANDARD[i]] : []));
  if (ratios.length === 0) return table[0] <= 1 ? 100 : 1;
  const scale = ratios.reduce((sum, r) => sum + r, 0) / ratios.length;
  const quality = scale <= 100 ? (200 - scale) / 2 : 5000 / scale;
  return Math.min(100, Math.max(1, Math.round(quality)));
}
