import type { Judgement } from '../liveness/types.ts';
import { type Cards, shownRuns } from './runs.ts';
import { COLOURS, CROP_COLOURS, text } from './text.ts';

/**
 * Face box, key points and crops as SVG over the picture.
 * @param k pixels of the drawing for one of the picture
 */
export function overlay(judgement: Judgement, cards: Cards, k: number): string {
  const parts: string[] = [];
  const { face } = judgement;
  if (face === null) return '';
  for (const [i, run] of shownRuns(judgement, cards).entries()) {
    const { x, y, w, h } = run.rect;
    const colour = CROP_COLOURS[i % CROP_COLOURS.length];
    parts.push(
      `<rect x="${x * k}" y="${y * k}" width="${w * k}" height="${h * k}" fill="none" stroke="${colour}" stroke-width="1.5" stroke-dasharray="7 5"/>`,
    );
    // Each crop's name stands in another corner, so that names of nested crops do not meet.
    const toRight = i % 3 === 2;
    const tx = toRight ? Math.min(judgement.width, x + w) * k - 5 : Math.max(0, x) * k + 5;
    const ty = i % 3 === 1 ? Math.max(0, y) * k + 16 : Math.min(judgement.height, y + h) * k - 6;
    parts.push(
      text(tx, ty, run.crop, {
        size: 12,
        fill: colour,
        bold: true,
        halo: true,
        anchor: toRight ? 'end' : 'start',
      }),
    );
  }
  const colour = COLOURS[judgement.verdict];
  const { left, top, right, bottom } = face.box;
  parts.push(
    `<rect x="${left * k}" y="${top * k}" width="${(right - left) * k}" height="${(bottom - top) * k}" fill="none" stroke="${colour}" stroke-width="3"/>`,
  );
  for (const point of Object.values(face.keyPoints)) {
    parts.push(
      `<circle cx="${point.x * k}" cy="${point.y * k}" r="4" fill="${colour}" stroke="#000" stroke-width="1"/>`,
    );
  }
  return parts.join('');
}
