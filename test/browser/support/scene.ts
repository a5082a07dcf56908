import sharp from 'sharp';
import { groupPhoto } from '../../support/pictures.ts';
import type { Rgb } from './feed.ts';

/** The face of `sample5.jpg` that livestill judges: its box in pixels. */
const FACE = { photo: 'sample5.jpg', x: 1522, y: 522, width: 194 };

/** How a scene departs from a well-lit face that fills the oval. */
export interface SceneOptions {
  /** Of the camera, in pixels; even. */
  readonly width?: number;
  readonly height?: number;
  /** Width of the face in frame widths; 0.5 fills the oval. */
  readonly face?: number;
  /** Factor on all values. */
  readonly light?: number;
  /** Standard deviation of a Gaussian blur, in pixels. */
  readonly blur?: number;
  /** From frame to frame, in pixels, back and forth. */
  readonly sway?: number;
  readonly frames?: number;
}

/** Frames of a camera before which a person sits, from a group photo; the person moves as a person who holds still does. */
export async function scene(options: SceneOptions = {}): Promise<Rgb[]> {
  const { width = 1280, height = 960, face = 0.5, light = 1, blur = 0, sway = 1, frames = 10 } = options;
  const shown = Math.min(width, height * 0.75);
  const scale = (shown * face) / FACE.width;
  const [cutWidth, cutHeight] = [Math.round(width / scale), Math.round(height / scale)];
  // Each step is a pipeline of its own: sharp would put them into an order of its own.
  const margin = 600;
  const photo = await sharp(await groupPhoto(FACE.photo))
    .extend({ top: margin, bottom: margin, left: margin, right: margin, extendWith: 'mirror' })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width: full, height: high } = photo.info;
  return Promise.all(
    Array.from({ length: frames }, async (_, index) => {
      const shift = (Math.abs((index % 4) - 2) - 1) * sway;
      const cut = await sharp(photo.data, { raw: { width: full, height: high, channels: 3 } })
        .extract({
          left: margin + Math.round(FACE.x - cutWidth / 2 + shift / scale),
          top: margin + Math.round(FACE.y - cutHeight * 0.47),
          width: cutWidth,
          height: cutHeight,
        })
        .png({ compressionLevel: 1 })
        .toBuffer();
      const resized = sharp(cut).resize(width, height, { fit: 'fill' });
      const data = await (blur > 0 ? resized.blur(blur) : resized).linear(light, 0).raw().toBuffer();
      return { width, height, data };
    }),
  );
}

/** A still picture of four fields of colour: red, green, blue, white from the top left, row by row. */
export function fields(width: number, height: number): Rgb {
  const colours = [
    [220, 30, 30],
    [30, 200, 30],
    [30, 30, 220],
    [235, 235, 235],
  ];
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const right = at % width >= width / 2 ? 1 : 0;
    const lower = at >= (width * height) / 2 ? 2 : 0;
    data.set(colours[right + lower], at * 3);
  }
  return { width, height, data };
}
