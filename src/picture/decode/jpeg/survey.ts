const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const TEM = 0x01;
const SOF9 = 0xc9;
const SOF15 = 0xcf;
const DAC = 0xcc;

/** What a walk over a JPEG's markers finds. */
export interface JpegSurvey {
  /** Scans, at most one more than asked for. */
  readonly scans: number;
  /** Whether its codes are arithmetic ones (frames SOF9 to SOF15). */
  readonly arithmetic: boolean;
  /** Where the first picture of the file ends, bytes; the file's length where no end was found. */
  readonly end: number;
}

/**
 * Walks over the markers of a JPEG (ITU-T T.81 §B.1.1) until its first picture ends or there are more than
 * `most` scans. A decoder passes over all pixels once a scan and a scan may be a dozen bytes, so that a file
 * of some kilobytes can keep it busy for minutes, and it looks at no clock until the last scan is read. What
 * lies behind the end (a gain map, a second picture, a film) is none of the still photo. Never throws.
 */
export function surveyJpeg(bytes: Uint8Array, most: number): JpegSurvey {
  let scans = 0;
  let arithmetic = false;
  let at = 2;
  while (scans <= most) {
    // Entropy-coded bytes, stuffing, fill bytes and rubbish between markers are passed over alike.
    at = bytes.indexOf(0xff, at);
    if (at < 0) break;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === EOI) return { scans, arithmetic, end: at };
    if (marker === 0 || marker === TEM || (marker >= 0xd0 && marker <= SOI)) continue;
    if (marker === SOS) scans++;
    if (marker >= SOF9 && marker <= SOF15 && marker !== DAC) arithmetic = true;
    if (at + 2 > bytes.length) break;
    at += Math.max(2, (bytes[at] << 8) | bytes[at + 1]);
  }
  return { scans, arithmetic, end: bytes.length };
}
