/** What the head of a JPEG says, up to its first scan. */
export interface JpegStructure {
  readonly width: number;
  readonly height: number;
  /** A baseline JPEG without metadata, as a canvas gives it and the camera component sends it. */
  readonly isAsSent: boolean;
  /** Texts of EXIF, XMP, IPTC and comments together, as Latin-1, up to a bound. */
  readonly metadata: string;
}

const MOST_SEGMENTS = 200;
const MOST_METADATA = 256 * 1024;
/** JFIF, colour profile, colour transform: what a canvas may write. */
const CANVAS_APPS: ReadonlySet<number> = new Set([0xe0, 0xe2, 0xee]);

/** Reads the segments of a JPEG; null for everything else, and where its head is broken. */
export function jpegStructure(bytes: Uint8Array): JpegStructure | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  let size: { readonly width: number; readonly height: number } | null = null;
  let isAsSent = true;
  let metadata = '';
  for (let count = 0; count < MOST_SEGMENTS && at + 4 <= bytes.length; count++) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff) return null;
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === 0xda) return size === null ? null : { ...size, isAsSent, metadata };
    if (end > bytes.length) return null;
    if (isFrame(marker)) {
      if (at + 9 > bytes.length) return null;
      size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
      if (marker !== 0xc0) isAsSent = false;
    }
    if (isMetadata(marker)) {
      isAsSent = false;
      if (metadata.length < MOST_METADATA) {
        metadata += Buffer.from(bytes.buffer, bytes.byteOffset + at + 4, end - at - 4).toString('latin1');
      }
    }
    at = end;
  }
  return null;
}

/** SOF0 to SOF15, without the tables between them (ITU-T T.81 table B.1). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function isMetadata(marker: number): boolean {
  return marker === 0xfe || (marker >= 0xe0 && marker <= 0xef && !CANVAS_APPS.has(marker));
}
