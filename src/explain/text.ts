import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { escapeHtml } from '../report/html.ts';

const FONT = 'Roboto Mono';

/** Colours of text, and of the panel behind it. */
export const INK = '#e8eaf0';
export const DIM = '#9aa3b5';
export const BACK = '#171a22';
/** By verdict. */
export const COLOURS = {
  live: '#3ddc84',
  attack: '#ff5c5c',
  poor_quality: '#ffc145',
  no_face: '#ffc145',
} as const;
/** Of rectangles and thumbnails, in the order of the crops. */
export const CROP_COLOURS = ['#6ec6ff', '#c792ea', '#ffab70', '#9be37a'];

const FONT_FOLDER = dirname(
  createRequire(import.meta.url).resolve('@expo-google-fonts/roboto-mono/package.json'),
);

/** Makes the font known to the drawing library, so that no font of the machine is needed. */
export async function loadFont(): Promise<void> {
  for (const file of ['400Regular/RobotoMono_400Regular.ttf', '700Bold/RobotoMono_700Bold.ttf']) {
    await sharp({ text: { text: '.', font: FONT, fontfile: join(FONT_FOLDER, file) } }).toBuffer();
  }
}

/**
 * Characters that XML has no way to write (XML 1.0, 2.2), such as the control characters of some file names,
 * and line ends.
 */
const UNWRITABLE = /[^\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const escapeXml = (text: string) => escapeHtml(text.replace(UNWRITABLE, '\ufffd'));

interface TextStyle {
  readonly size?: number;
  readonly fill?: string;
  readonly bold?: boolean;
  readonly anchor?: 'start' | 'end';
  /** A dark edge, for text on a photo. */
  readonly halo?: boolean;
}

/** A line of text as SVG; all characters have the same width. */
export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 13, fill = INK, bold = false, anchor = 'start', halo = false } = style;
  const edge = halo ? ' stroke="#000" stroke-width="3" paint-order="stroke"' : '';
  const weight = bold ? 700 : 400;
  return `<text x="${x}" y="${y}" font-family="${FONT}" font-size="${size}" font-weight="${weight}" fill="${fill}"${edge} text-anchor="${anchor}" xml:space="preserve">${escapeXml(content)}</text>`;
}

/** The lines of a text of at most so many characters each, but for longer words. */
export function wrap(content: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
