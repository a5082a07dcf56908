import sharp from 'sharp';
import type { RgbPicture } from '../../liveness/types.ts';

/** A colourful smooth picture with an obvious top left, for decoders: no two corners are alike. */
export function gradient(width: number, height: number): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const o = (y * width + x) * 3;
      data[o] = Math.round((x / width) * 230);
      data[o + 1] = Math.round((y / height) * 230);
      data[o + 2] = Math.round(240 - (x / width) * 110 - (y / height) * 110);
    }
  }
  return { width, height, data };
}

/** The picture as a sharp pipeline, to be encoded. */
export function asSharp(picture: RgbPicture) {
  return sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } });
}

/** Largest and mean absolute difference of two pictures' values. */
export function difference(a: RgbPicture, b: RgbPicture): { readonly max: number; readonly mean: number } {
  let max = 0;
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) {
    const d = Math.abs(a.data[i] - b.data[i]);
    max = Math.max(max, d);
    sum += d;
  }
  return { max, mean: sum / a.data.length };
}
