import sharp from 'sharp';
import type { RgbPicture } from '../../liveness/types.ts';

/** A picture in linear light: interleaved RGB, 1 is diffuse white. */
export interface LightPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** sRGB byte to linear light, IEC 61966-2-1. */
export const LINEAR = Float32Array.from({ length: 256 }, (_, v) => {
  const s = v / 255;
  return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
});

/** Linear light to an sRGB value 0-255, not rounded. */
export function encodeSrgb(light: number): number {
  if (light <= 0) return 0;
  if (light >= 1) return 255;
  return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
}

/** Scales a picture to a size and gives 8-bit sRGB. */
export async function resizeBytes(picture: RgbPicture, width: number, height: number): Promise<RgbPicture> {
  const { data } = await sharp(picture.data, {
    raw: { width: picture.width, height: picture.height, channels: 3 },
  })
    .resize(width, height, { fit: 'fill', kernel: 'lanczos3' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width, height, data };
}

/** Reads light between pixels, bilinear, edges repeated; (x, y) in pixels, pixel centres at halves. */
export function readBilinear(picture: LightPicture, x: number, y: number, out: Float64Array): void {
  const { width, height, data } = picture;
  const fx = Math.min(Math.max(x - 0.5, 0), width - 1);
  const fy = Math.min(Math.max(y - 0.5, 0), height - 1);
  const x0 = Math.floor(fx);
  const y0 = Math.floor(fy);
  const x1 = Math.min(x0 + 1, width - 1);
  const y1 = Math.min(y0 + 1, height - 1);
  const ax = fx - x0;
  const ay = fy - y0;
  for (let c = 0; c < 3; c++) {
    const top = data[(y0 * width + x0) * 3 + c] * (1 - ax) + data[(y0 * width + x1) * 3 + c] * ax;
    const bottom = data[(y1 * width + x0) * 3 + c] * (1 - ax) + data[(y1 * width + x1) * 3 + c] * ax;
    out[c] = top * (1 - ay) + bottom * ay;
  }
}

/** Separable Gaussian blur of light, sigma in pixels; none below 0.05. */
export function blurLight(picture: LightPicture, sigma: number): LightPicture {
  if (sigma < 0.05) return picture;
  const { width, height } = picture;
  const radius = Math.ceil(3 * sigma);
  const kernel = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const total = kernel.reduce((sum, k) => sum + k, 0);
  const pass = (source: Float32Array, length: number, lines: number, step: number, line: number) => {
    const out = new Float32Array(source.length);
    for (let l = 0; l < lines; l++) {
      for (let i = 0; i < length; i++) {
        for (let c = 0; c < 3; c++) {
          let sum = 0;
          for (let k = -radius; k <= radius; k++) {
            const j = Math.min(Math.max(i + k, 0), length - 1);
            sum += kernel[k + radius] * source[l * line + j * step + c];
          }
          out[l * line + i * step + c] = sum / total;
        }
      }
    }
    return out;
  };
  const across = pass(picture.data, width, height, 3, width * 3);
  return { width, height, data: pass(across, height, width, width * 3, 3) };
}
