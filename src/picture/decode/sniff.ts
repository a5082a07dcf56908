/** Kinds of file told apart by their first bytes. Only the first six are judged. */
export type PictureFormat =
  | 'jpeg'
  | 'png'
  | 'webp'
  | 'bmp'
  | 'heif'
  | 'avif'
  | 'gif'
  | 'tiff'
  | 'svg'
  | 'pdf'
  | 'jpeg-xl'
  | 'unknown';

/** The formats that are judged. */
export const ACCEPTED_FORMATS = ['jpeg', 'png', 'webp', 'bmp', 'heif', 'avif'] as const;

/** The same in words, for messages. */
export const ACCEPTED_NAMES = 'JPEG, PNG, WebP, BMP, HEIC or AVIF';

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

function startsWith(bytes: Uint8Array, magic: readonly number[] | string, offset = 0): boolean {
  const wanted = typeof magic === 'string' ? Array.from(magic, (c) => c.charCodeAt(0)) : magic;
  return bytes.length >= offset + wanted.length && wanted.every((b, i) => bytes[offset + i] === b);
}

/** Brands of an `ftyp` box behind its own, of which the first few tell what a general one leaves open. */
function compatibleBrands(bytes: Uint8Array): string[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  const brands: string[] = [];
  for (let at = 16; at + 4 <= Math.min(length, bytes.length, 128); at += 4) {
    brands.push(String.fromCharCode(...bytes.subarray(at, at + 4)));
  }
  return brands;
}

/** Whether a file is HEIC or AVIF, which not every way in takes. */
export function isHeif(bytes: Uint8Array): boolean {
  const format = sniffFormat(bytes);
  return format === 'heif' || format === 'avif';
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
    if (['hei', 'hev'].some((brand) => startsWith(bytes, brand, 8))) return 'heif';
    if (['mif1', 'msf1', 'miaf'].some((brand) => startsWith(bytes, brand, 8))) {
      return compatibleBrands(bytes).some((brand) => brand.startsWith('avi')) ? 'avif' : 'heif';
    }
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
