/** Kinds of file told apart by their first bytes. Only the first four are judged. */
export type PictureFormat =
  | 'jpeg'
  | 'png'
  | 'webp'
  | 'bmp'
  | 'gif'
  | 'heif'
  | 'avif'
  | 'tiff'
  | 'svg'
  | 'pdf'
  | 'jpeg-xl'
  | 'unknown';

/** The formats that are judged. */
export const ACCEPTED_FORMATS = ['jpeg', 'png', 'webp', 'bmp'] as const;

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function startsWith(bytes: Uint8Array, magic: readonly number[] | string, offset = 0): boolean {
  const wanted = typeof magic === 'string' ? Array.from(magic, (c) => c.charCodeAt(0)) : magic;
  return bytes.length >= offset + wanted.length && wanted.every((b, i) => bytes[offset + i] === b);
}

/** Tells a file's kind by its content alone; a name or a declared type plays no part. */
export function sniffFormat(bytes: Uint8Array): PictureFormat {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return 'jpeg';
  if (startsWith(bytes, PNG)) return 'png';
  if (startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8)) return 'webp';
  if (startsWith(bytes, 'BM')) return 'bmp';
  if (startsWith(bytes, 'GIF8')) return 'gif';
  if (startsWith(bytes, 'ftyp', 4)) {
    if (startsWith(bytes, 'avi', 8)) return 'avif';
    if (['hei', 'hev', 'mif1', 'msf1'].some((brand) => startsWith(bytes, brand, 8))) return 'heif';
  }
  if (startsWith(bytes, [0x49, 0x49, 0x2a, 0]) || startsWith(bytes, [0x4d, 0x4d, 0, 0x2a])) return 'tiff';
  if (startsWith(bytes, '%PDF')) return 'pdf';
  if (startsWith(bytes, [0xff, 0x0a]) || startsWith(bytes, 'JXL ', 4)) return 'jpeg-xl';
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512))
    .toString('latin1')
    .trimStart();
  if (/^(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!--|<!doctype svg|<svg)/i.test(head)) return 'svg';
  return 'unknown';
}
