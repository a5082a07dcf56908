import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../../i18n/index.ts';
import type { Trial } from '../../types.ts';

/** Pixels of the drawing's longer side, at most. */
const LONGEST = 1200;

/** The picture as it was judged, upright, with the face box and the key points. */
export function Picture(props: {
  readonly blob: Blob;
  readonly trial: Trial | null;
  readonly label?: string;
}) {
  const { blob, trial, label = t('try.picture') } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isShown, setShown] = useState(true);
  useEffect(() => {
    let isLeft = false;
    void createImageBitmap(blob).then(
      (bitmap) => {
        if (!isLeft && canvas.current !== null) draw(canvas.current, bitmap, trial);
        bitmap.close();
        if (!isLeft) setShown(true);
      },
      () => {
        if (!isLeft) setShown(false);
      },
    );
    return () => {
      isLeft = true;
    };
  }, [blob, trial]);
  return (
    <>
      <canvas ref={canvas} class="picture" role="img" aria-label={label} hidden={!isShown} />
      {!isShown && <p class="dim">{t('try.notShown')}</p>}
    </>
  );
}

function draw(canvas: HTMLCanvasElement, bitmap: ImageBitmap, trial: Trial | null): void {
  const quarters = (trial?.rotation ?? 0) / 90;
  const [width, height] = quarters % 2 === 0 ? [bitmap.width, bitmap.height] : [bitmap.height, bitmap.width];
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.save();
  context.translate(canvas.width / 2, canvas.height / 2);
  context.rotate((quarters * Math.PI) / 2);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.drawImage(bitmap, -w / 2, -h / 2, w, h);
  context.restore();
  if (trial !== null) marks(context, trial, canvas.width / trial.width);
}

/** Dark under light, so that they are seen on every picture. */
function marks(
  context: CanvasRenderingContext2D,
  { faceBox, keyPoints, verdict }: Trial,
  scale: number,
): void {
  if (faceBox === null) return;
  const colour = verdict === 'live' ? '#40c057' : verdict === 'attack' ? '#ff6b6b' : '#fcc419';
  const line = Math.max(2, context.canvas.width / 300);
  const { left, top, right, bottom } = faceBox;
  for (const [width, style] of [
    [line * 2.2, 'rgb(0 0 0 / 55%)'],
    [line, colour],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.strokeRect(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale);
  }
  for (const { x, y } of Object.values(keyPoints ?? {})) {
    context.beginPath();
    context.arc(x * scale, y * scale, line * 1.6, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = line / 2;
    context.strokeStyle = 'rgb(0 0 0 / 70%)';
    context.stroke();
  }
}
