import { DEFAULT_CAPTURE } from '../liveness/quality/capture.ts';
import type { CropEvidence, Judgement, Reason } from '../liveness/types.ts';
import { type Cards, shownRuns } from './runs.ts';
import { COLOURS, CROP_COLOURS, DIM, INK, text, wrap } from './text.ts';

/** Width of the panel in pixels. */
export const PANEL = 460;
const LARGEST_THUMB = 132;
const THUMB_GAP = 10;

function limits(min: number | null, max: number | null): string {
  if (min === null && max === null) return '';
  if (min === null) return `≤ ${max}`;
  return max === null ? `≥ ${min}` : `${min} to ${max}`;
}

function reasonLines({ severity, code, text: sentence }: Reason): { fill: string; content: string }[] {
  const fill = { error: '#ff8080', warning: '#ffc145', info: DIM }[severity];
  return [
    { fill, content: code },
    ...wrap(sentence, 56).map((line) => ({ fill: DIM, content: `  ${line}` })),
  ];
}

/** A line for each quality component; where the next thing goes. */
function qualityLines({ quality }: Judgement, parts: string[], x: number, top: number): number {
  const right = x + PANEL - 36;
  let y = top;
  for (const q of quality) {
    const fill = q.passed ? INK : '#ff8080';
    parts.push(text(x, y, q.name, { size: 12, fill: DIM }));
    parts.push(text(x + 300, y, q.value.toFixed(q.value < 10 ? 2 : 0), { size: 12, fill, anchor: 'end' }));
    parts.push(text(right, y, limits(q.limit.min, q.limit.max), { size: 12, fill: DIM, anchor: 'end' }));
    y += 17;
  }
  return y + 10;
}

/** What stands beside the picture. */
export interface Panel {
  readonly svg: string;
  readonly height: number;
  /** Where the thumbnails go, relative to the panel's left edge. */
  readonly thumbs: readonly { readonly x: number; readonly y: number; readonly run: CropEvidence }[];
  /** Side of a thumbnail in pixels. */
  readonly thumbSide: number;
}

/**
 * Score, quality values and reasons as SVG.
 * @param x0 left edge in pixels of the drawing
 */
export function panel(judgement: Judgement, cards: Cards, title: string, x0: number): Panel {
  const parts: string[] = [];
  const x = x0 + 18;
  const right = x0 + PANEL - 18;
  const colour = COLOURS[judgement.verdict];
  let y = 34;
  const pair = (name: string, value: string) => {
    parts.push(text(x, y, name, { fill: DIM }), text(right, y, value, { anchor: 'end' }));
    y += 19;
  };
  parts.push(text(x, y, title.length > 48 ? `${title.slice(0, 47)}…` : title, { fill: DIM }));
  y += 46;
  parts.push(text(x, y, judgement.verdict.replace('_', ' '), { size: 30, fill: colour, bold: true }));
  parts.push(
    text(right, y, judgement.score === null ? '–' : String(judgement.score), {
      size: 44,
      fill: colour,
      bold: true,
      anchor: 'end',
    }),
  );
  if (judgement.review) parts.push(text(x, y + 22, 'for review', { size: 14, fill: '#ffc145', bold: true }));
  y += judgement.review ? 48 : 30;
  pair('live above', String(judgement.threshold));
  if (judgement.score === null && judgement.rawScore !== null) {
    pair('raw score, not judged by', String(judgement.rawScore));
  }
  if (judgement.liveProbability !== null)
    pair('P(live) at equal priors', judgement.liveProbability.toFixed(3));
  if (judgement.reviewLimits !== null) {
    const { low, high } = judgement.reviewLimits;
    pair('uncertain between', `${low} and ${high}`);
  }
  if (judgement.fusedLogit !== null) pair('fused logit', judgement.fusedLogit.toFixed(3));
  for (const [name, p] of Object.entries(judgement.classProbabilities)) pair(`class ${name}`, p.toFixed(3));
  pair('profile', judgement.profile);
  pair('capture preset', judgement.capture ?? DEFAULT_CAPTURE);
  pair('faces / turned', `${judgement.faceCount} / ${judgement.quarterTurns * 90}°`);
  if (judgement.face !== null) {
    const { detectorScore, detectorIoU } = judgement.face;
    pair('detector / agreement', `${detectorScore.toFixed(2)} / ${detectorIoU?.toFixed(2) ?? 'not needed'}`);
  }
  y = qualityLines(judgement, parts, x, y + 8);
  for (const { fill, content } of judgement.reasons.flatMap(reasonLines)) {
    parts.push(text(x, y, content, { size: 12, fill }));
    y += 16;
  }
  y += 6;
  const strip = thumbStrip(judgement, cards, x, y);
  parts.push(...strip.parts);
  return { svg: parts.join(''), height: strip.end + 12, thumbs: strip.thumbs, thumbSide: strip.side };
}

/**
 * The thumbnails' places side by side, and below each the logits of all runs on that crop, with the width
 * that the network sees.
 */
function thumbStrip(judgement: Judgement, cards: Cards, x: number, y: number) {
  const runs = shownRuns(judgement, cards);
  const widest = Math.floor((PANEL - 36 - THUMB_GAP * (runs.length - 1)) / Math.max(1, runs.length));
  const side = Math.min(LARGEST_THUMB, widest);
  const thumbs = runs.map((run, i) => ({ x: x + i * (side + THUMB_GAP), y, run }));
  const parts: string[] = [];
  let lines = 0;
  for (const [i, { x: tx, run }] of thumbs.entries()) {
    const fill = CROP_COLOURS[i % CROP_COLOURS.length];
    parts.push(text(tx, y + side + 16, run.crop, { size: 12, fill, bold: true }));
    const all = judgement.crops.filter((c) => c.crop === run.crop && cards.has(c.model));
    lines = Math.max(lines, all.length);
    for (const [j, c] of all.entries()) {
      const width = cards.get(c.model)?.input.width ?? 0;
      const label = `${width}\u00d7${c.boxScale.toFixed(1)} ${c.logit.toFixed(1)}`;
      parts.push(text(tx, y + side + 33 + j * 15, label, { size: 11 }));
    }
  }
  return { parts, thumbs, side, end: thumbs.length > 0 ? y + side + 33 + lines * 15 : y };
}
