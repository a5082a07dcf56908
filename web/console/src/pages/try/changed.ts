/** What is done to the picture: JPEG quality 1-100, blur in pixels, size in percent. */
export interface Change {
  readonly quality: number;
  readonly blur: number;
  readonly size: number;
}

/** The picture as good as it was. */
export const UNCHANGED: Change = { quality: 92, blur: 0, size: 100 };

/** Makes the changed picture, in this page. */
export async function changed(blob: Blob, { quality, blur, size }: Change): Promise<Blob> {
  const bitmap = await createImageBitmap(blob);
  try {
    const scale = size / 100;
    const width = Math.max(1, Math.round(bitmap.width * scale));
    const height = Math.max(1, Math.round(bitmap.height * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('no canvas');
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    if (blur > 0) {
      // Over the sharp picture: what is blurred lets through what lies under it along the edges.
      context.filter = `blur(${blur}px)`;
      context.drawImage(bitmap, 0, 0, width, height);
    }
    return await canvas.convertToBlob({ type: 'image/jpeg', quality: quality / 100 });
  } finally {
    bitmap.close();
  }
}
