import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { readBuiltInCards } from '../../liveness/built-in.ts';
import { cropName, cropTensor } from '../../liveness/crop.ts';
import type { ClassifierCard } from '../../liveness/pack.ts';
import type { CropEvidence, Judgement, Reason, RgbPicture } from '../../liveness/types.ts';

const PANEL = 460;
const TALLEST = 960;
const WIDEST = 1100;
const LARGEST_THUMB = 132;
const THUMB_GAP = 10;
const FONT = 'Roboto Mono';

const INK = '#e8eaf0';
const DIM = '#9aa3b5';
const BACK = '#171a22';
const COLOURS = { live: '#3ddc84', attack: '#ff5c5c', poor_quality: '#ffc145', no_face: '#ffc145' } as const;
const CROP_COLOURS = ['#6ec6ff', '#c792ea', '#ffab70', '#9be37a'];

const fontFolder = dirname(
  createRequire(import.meta.url).resolve('@expo-google-fonts/roboto-mono/package.json'),
);

/** Makes the font known to the drawing library, so that no font of the machine is needed. */
async function loadFont(): Promise<void> {
  for (const file of ['400Regular/RobotoMono_400Regular.ttf', '700Bold/RobotoMono_700Bold.ttf']) {
    await sharp({ text: { text: '.', font: FONT, fontfile: join(fontFolder, file) } }).toBuffer();
  }
}

/** Characters that XML has no way to write (XML 1.0, 2.2), such as the control characters of some file names, and line ends. */
const UNWRITABLE = /[^\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const escapeXml = (text: string) =>
  text
    .replace(UNWRITABLE, '\ufffd')
    .replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

interface TextStyle {
  readonly size?: number;
  readonly fill?: string;
  readonly bold?: boolean;
  readonly anchor?: 'start' | 'end';
  /** A dark edge, for text on a photo. */
  readonly halo?: boolean;
}

function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 13, fill = INK, bold = false, anchor = 'start', halo = false } = style;
  const edge = halo ? ' stroke="#000" stroke-width="3" paint-order="stroke"' : '';
  const weight = bold ? 700 : 400;
  return `<text x="${x}" y="${y}" font-family="${FONT}" font-size="${size}" font-weight="${weight}" fill="${fill}"${edge} text-anchor="${anchor}" xml:space="preserve">${escapeXml(content)}</text>`;
}

function wrap(content: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Cards of the built-in classifiers by name. */
type Cards = ReadonlyMap<string, ClassifierCard>;

/** The runs whose rectangles and thumbnails are shown: of the built-in networks one for each crop, at box scale 1. */
function shownRuns(judgement: Judgement, cards: Cards): CropEvidence[] {
  const first = new Map<string, CropEvidence>();
  for (const run of judgement.crops) {
    if (cards.has(run.model) && run.boxScale === 1 && !first.has(run.crop)) first.set(run.crop, run);
  }
  return [...first.values()];
}

function overlay(judgement: Judgement, cards: Cards, k: number): string {
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

function limits(min: number | null, max: number | null): string {
  if (min === null && max === null) return '';
  if (min === null) return `≤ ${max}`;
  return max === null ? `≥ ${min}` : `${min} to ${max}`;
}

function reasonLines(reason: Reason): string[] {
  const colour = { error: '#ff8080', warning: '#ffc145', info: DIM }[reason.severity];
  return [`${colour}|${reason.code}`, ...wrap(reason.text, 56).map((line) => `${DIM}|  ${line}`)];
}

interface Panel {
  readonly svg: string;
  readonly height: number;
  /** Where the thumbnails go, relative to the panel's left edge. */
  readonly thumbs: readonly { readonly x: number; readonly y: number; readonly run: CropEvidence }[];
  /** Side of a thumbnail in pixels. */
  readonly thumbSide: number;
}

function panel(judgement: Judgement, cards: Cards, title: string, x0: number): Panel {
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
  pair('faces / turned', `${judgement.faceCount} / ${judgement.quarterTurns * 90}°`);
  if (judgement.face !== null) {
    const { detectorScore, detectorIoU } = judgement.face;
    pair('detector / agreement', `${detectorScore.toFixed(2)} / ${detectorIoU?.toFixed(2) ?? 'not needed'}`);
  }
  y += 8;
  for (const q of judgement.quality) {
    const fill = q.passed ? INK : '#ff8080';
    parts.push(text(x, y, q.name, { size: 12, fill: DIM }));
    parts.push(text(x + 300, y, q.value.toFixed(q.value < 10 ? 2 : 0), { size: 12, fill, anchor: 'end' }));
    parts.push(text(right, y, limits(q.limit.min, q.limit.max), { size: 12, fill: DIM, anchor: 'end' }));
    y += 17;
  }
  y += 10;
  for (const line of judgement.reasons.flatMap(reasonLines)) {
    const [fill, content] = [line.slice(0, line.indexOf('|')), line.slice(line.indexOf('|') + 1)];
    parts.push(text(x, y, content, { size: 12, fill }));
    y += 16;
  }
  y += 6;
  const strip = thumbStrip(judgement, cards, x, y);
  parts.push(...strip.parts);
  return { svg: parts.join(''), height: strip.end + 12, thumbs: strip.thumbs, thumbSide: strip.side };
}

/** The thumbnails' places side by side, and below each the logits of all runs on that crop, with the width that the network sees. */
function thumbStrip(judgement: Judgement, cards: Cards, x: number, y: number) {
  const runs = shownRuns(judgement, cards);
  const room = Math.floor((PANEL - 36 - THUMB_GAP * (runs.length - 1)) / Math.max(1, runs.length));
  const side = Math.min(LARGEST_THUMB, room);
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
 * Draws a judgement on its upright picture: face box, key points, crops, and beside it score, quality values, reasons and
 * what the network saw. Gives a JPEG.
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
