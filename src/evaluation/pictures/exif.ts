/** The texts of a picture's EXIF that tell where it comes from; null where it has none. */
export interface ExifTexts {
  readonly make: string | null;
  readonly model: string | null;
  readonly software: string | null;
}

const TAGS = new Map([
  [0x010f, 'make'],
  [0x0110, 'model'],
  [0x0131, 'software'],
] as const);
const ASCII = 2;

/**
 * Reads maker, model and software from an EXIF block (TIFF 6.0, first directory; with or without the `Exif`
 * marker in front). Whatever is broken in it counts as absent.
 */
export function readExif(block: Uint8Array | undefined): ExifTexts {
  const found = {
    make: null as string | null,
    model: null as string | null,
    software: null as string | null,
  };
  if (block === undefined) return found;
  const marked = String.fromCharCode(...block.subarray(0, 4)) === 'Exif';
  const bytes = marked ? block.subarray(6) : block;
  if (bytes.length < 8) return found;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = view.getUint16(0) === 0x4949;
  if (!little && view.getUint16(0) !== 0x4d4d) return found;
  try {
    const start = view.getUint32(4, little);
    const count = view.getUint16(start, little);
    for (let i = 0; i < count; i++) {
      const at = start + 2 + i * 12;
      const name = TAGS.get(view.getUint16(at, little) as 0x010f);
      if (name === undefined || view.getUint16(at + 2, little) !== ASCII) continue;
      const length = view.getUint32(at + 4, little);
      const from = length <= 4 ? at + 8 : view.getUint32(at + 8, little);
      if (from + length > bytes.length) continue;
      const text = Buffer.from(bytes.subarray(from, from + length))
        .toString('latin1')
        .split('\0')[0]
        .trim();
      if (text !== '') found[name] = text;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return found;
}
