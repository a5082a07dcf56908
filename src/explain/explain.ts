import sharp from 'sharp';
import { readBuiltInCards } from '../liveness/built-in.ts';
import { cropName, cropTensor } from '../liveness/crop.ts';
import type { ClassifierCard } from '../liveness/pack.ts';
import type { CropEvidence, Judgement, RgbPicture } from '../liveness/types.ts';
import { overlay } from './overlay.ts';
import { PANEL, panel } from './panel.ts';
import type { Cards } from './runs.ts';
import { BACK, loadFont } from './text.ts';

const TALLEST = 960;
const WIDEST = 1100;

/** What the network sees of a run, as RGB bytes. */
function thumbnail(picture: RgbPicture, run: CropEvidence, { crops, input }: ClassifierCard, side: number) {
  const crop = crops.find((c) => cropName(c) === run.crop)!;
  const { width, height } = input;
  const tensor = cropTensor(picture, crop, run.rect, {
    ...input,
    mean: [0, 0, 0],
    scale: [1, 1, 1],
    layout: 'NHWC',
    colourOrder: 'RGB',
  });
  return sharp(Uint8Array.from(tensor, Math.round), { raw: { width, height, channels: 3 } })
    .resize(side, side)
    .png()
    .toBuffer();
}

/**
 * Draws a judgement on its upright picture: face box, key points, crops, and beside it score, quality values,
 * reasons and what the network saw. Gives a JPEG.
 */
export async function drawExplanation(
  picture: RgbPicture,
  judgement: Judgement,
  title: string,
): Promise<Buffer> {
  await loadFont();
  const builtIn = await readBuiltInCards();
  const cards: Cards = new Map(
    builtIn.flatMap((card) => (card.role === 'classifier' ? [[card.name, card] as const] : [])),
  );
  const k = Math.min(WIDEST / picture.width, TALLEST / picture.height, 2);
  const width = Math.max(1, Math.round(picture.width * k));
  const height = Math.max(1, Math.round(picture.height * k));
  const side = panel(judgement, cards, title, width);
  const total = Math.max(height, side.height);
  const scaled = await sharp(picture.data, {
    raw: { width: picture.width, height: picture.height, channels: 3 },
  })
    .resize(width, height, { fit: 'fill' })
    .png()
    .toBuffer();
  const svg = (w: number, h: number, body: string) =>
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}">${body}</svg>`);
  const thumbs = await Promise.all(
    side.thumbs.map(async ({ x, y, run }) => ({
      input: await thumbnail(picture, run, cards.get(run.model)!, side.thumbSide),
      left: Math.round(x),
      top: Math.round(y),
    })),
  );
  return sharp({ create: { width: width + PANEL, height: total, channels: 3, background: BACK } })
    .composite([
      { input: scaled, left: 0, top: 0 },
      { input: svg(width, height, overlay(judgement, cards, k)), left: 0, top: 0 },
      { input: svg(width + PANEL, total, side.svg), left: 0, top: 0 },
      ...thumbs,
    ])
    .jpeg({ quality: 88 })
    .toBuffer();
}
