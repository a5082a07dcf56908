/** A canvas with its context for opaque pictures. `often` keeps it where reading it back is cheap. */
export function makeCanvas(width: number, height: number, often = false) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: often });
  if (context !== null) context.imageSmoothingQuality = 'high';
  return { canvas, context };
}

/** Whether what is drawn can be read back: some privacy settings answer with noise or white, and with it in place of every picture. */
export function canvasIsReadable(): boolean {
  const { context } = makeCanvas(4, 4, true);
  if (context === null) return false;
  context.fillStyle = 'rgb(40,120,200)';
  context.fillRect(0, 0, 4, 4);
  const { data } = context.getImageData(0, 0, 4, 4);
  return data.every((value, at) => Math.abs(value - [40, 120, 200, 255][at % 4]) <= 8);
}
