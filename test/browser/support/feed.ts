import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** A picture as RGB bytes, row by row; width and height are even. */
export interface Rgb {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Writes a Y4M file that Chromium plays as a camera, over and over. Colours become those of BT.601 in its limited range, one for each
 * two by two pixels.
 */
export async function writeFeed(path: string, frames: Iterable<Rgb>, framesPerSecond = 20): Promise<void> {
  const out = createWriteStream(path);
  let first = true;
  for (const frame of frames) {
    if (first)
      out.write(`YUV4MPEG2 W${frame.width} H${frame.height} F${framesPerSecond}:1 Ip A1:1 C420mpeg2\n`);
    first = false;
    out.write('FRAME\n');
    if (!out.write(planes(frame))) await new Promise<void>((resolve) => out.once('drain', () => resolve()));
  }
  out.end();
  await finished(out);
}

function planes({ width, height, data }: Rgb): Uint8Array {
  const half = width / 2;
  const size = width * height;
  const out = new Uint8Array(size + 2 * half * (height / 2));
  for (let at = 0; at < size; at++) {
    const [r, g, b] = [data[at * 3], data[at * 3 + 1], data[at * 3 + 2]];
    out[at] = 16 + (65.738 * r + 129.057 * g + 25.064 * b) / 256;
  }
  for (let y = 0; y < height / 2; y++) {
    for (let x = 0; x < half; x++) {
      const at = (2 * y * width + 2 * x) * 3;
      const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
      const to = size + y * half + x;
      out[to] = 128 + (-37.945 * r - 74.494 * g + 112.439 * b) / 256;
      out[to + half * (height / 2)] = 128 + (112.439 * r - 94.154 * g - 18.285 * b) / 256;
    }
  }
  return out;
}
