import type { RgbPicture } from '../types.ts';

/** A picture painted by a function of the pixel: one value for grey, or red, green and blue. */
export function painted(
  width: number,
  height: number,
  paint: (x: number, y: number) => number | readonly [number, number, number],
): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const colour = paint(x, y);
      const [r, g, b] = typeof colour === 'number' ? [colour, colour, colour] : colour;
      data[at] = r;
      data[at + 1] = g;
      data[at + 2] = b;
    }
  }
  return { width, height, data };
}
