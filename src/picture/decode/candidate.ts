import { sniffFormat } from './sniff.ts';

/**
 * Extensions of pictures, lower case: of those that are judged and of those that are not. A file with one of
 * them is always reported, as judged or as refused.
 */
const PICTURE_EXTENSIONS: ReadonlySet<string> = new Set(
  'jpg jpeg jpe jfif png webp bmp dib heic heif hif avif tif tiff gif jxl'.split(' '),
);

/** Whether a file of a folder or an archive is a picture by its name. Files that only macOS makes are not. */
export function isPictureName(name: string): boolean {
  if (isResourceFork(name)) return false;
  const dot = name.lastIndexOf('.');
  return dot > name.lastIndexOf('/') + 1 && PICTURE_EXTENSIONS.has(name.slice(dot + 1).toLowerCase());
}

/** Whether macOS made the file beside another one (`._a.jpg`, `__MACOSX/…`). */
export const isResourceFork = (name: string) => /(?:^|\/)(?:\._|__MACOSX\/)/.test(name);

/** Bytes of a file's beginning that tell whether it is a picture. */
export const HEAD_BYTES = 512;

/** Sizes of the header behind a bitmap's own; two letters alone could begin any text. */
const BITMAP_HEADERS: ReadonlySet<number> = new Set([12, 16, 40, 52, 56, 64, 108, 124]);

/** Whether a file is a picture by its first bytes, judged or not; documents and drawings are none. */
export function looksLikePicture(head: Uint8Array): boolean {
  const format = sniffFormat(head);
  if (format === 'unknown' || format === 'pdf' || format === 'svg') return false;
  if (format !== 'bmp') return true;
  return (
    head.length >= 18 && BITMAP_HEADERS.has(new DataView(head.buffer, head.byteOffset).getUint32(14, true))
  );
}

/** A file that is not judged, and why. */
export interface LeftOut {
  readonly name: string;
  /**
   * `no_picture` by its content; `no_file`: a pipe, a device, a link; `unreadable`: nobody knows what it is.
   */
  readonly why: 'no_picture' | 'no_file' | 'unreadable';
  /** In words. */
  readonly detail: string;
}

/** Called with each file that a walk leaves out. */
export type OnLeftOut = (one: LeftOut) => void;
