/**
 * A JPEG without EXIF, XMP, IPTC and comments: some browsers write EXIF into what a canvas gives. The colour profile stays, and so does
 * everything from the start of the scan. What is not a whole JPEG comes back as it is.
 */
export function withoutMetadata(jpeg: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) return [jpeg];
  const kept = [jpeg.subarray(0, 2)];
  let at = 2;
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1];
    const end = at + 2 + jpeg[at + 2] * 256 + jpeg[at + 3];
    if (marker === 0xda || end > jpeg.length) break;
    if (!isMetadata(marker)) kept.push(jpeg.subarray(at, end));
    at = end;
  }
  kept.push(jpeg.subarray(at));
  return kept;
}

/** APP0 is JFIF, APP2 the colour profile, APP14 the colour transform; other APP segments and comments are not needed to decode. */
function isMetadata(marker: number): boolean {
  const app = marker >= 0xe0 && marker <= 0xef && marker !== 0xe0 && marker !== 0xe2 && marker !== 0xee;
  return app || marker === 0xfe;
}
