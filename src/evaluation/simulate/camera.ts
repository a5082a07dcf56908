import sharp from 'sharp';
import type { Random } from '../metrics/random.ts';
import { blurLight, encodeSrgb, type LightPicture } from './light.ts';

/** The camera that takes the picture of the picture. */
export interface CameraParameters {
  /** Standard deviation of lens blur and defocus, pixels. */
  readonly blur: number;
  /** Error of the white balance: gains of red and blue. */
  readonly redGain: number;
  readonly blueGain: number;
  /** Mean light the exposure aims at, linear. */
  readonly meanLight: number;
  /** Electrons a pixel holds at white: fewer is noisier. */
  readonly fullWell: number;
  /** Read noise, electrons. */
  readonly readNoise: number;
  /** Loss of light in the corners, a share. */
  readonly vignette: number;
  /** JPEG quality, 1-100. */
  readonly quality: number;
}

/** Which colour the sensor sees at a pixel: RGGB. */
const bayerColour = (x: number, y: number) => (y % 2 === 0 ? (x % 2 === 0 ? 0 : 1) : x % 2 === 0 ? 1 : 2);

/**
 * Each pixel sees one colour; the others are filled in from its neighbours (bilinear). This is where coloured
 * moiré comes from.
 */
function demosaic(raw: Float32Array, width: number, height: number): Float32Array {
  const out = new Float32Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sum = [0, 0, 0];
      const weight = [0, 0, 0];
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const nx = x + dx;
          const ny = y + dy;
          if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
          const c = bayerColour(nx, ny);
          const w = (2 - Math.abs(dx)) * (2 - Math.abs(dy));
          sum[c] += w * raw[ny * width + nx];
          weight[c] += w;
        }
      }
      const own = bayerColour(x, y);
      for (let c = 0; c < 3; c++) {
        out[(y * width + x) * 3 + c] = c === own ? raw[y * width + x] : sum[c] / weight[c];
      }
    }
  }
  return out;
}

function meanLuma({ data }: LightPicture): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) {
    sum +=
      0.2126 * Math.min(data[i], 1.5) +
      0.7152 * Math.min(data[i + 1], 1.5) +
      0.0722 * Math.min(data[i + 2], 1.5);
  }
  return (3 * sum) / data.length;
}

/**
 * Takes the picture: lens blur, exposure, vignette, Bayer sampling, photon and read noise, demosaicing, white
 * balance, sRGB, JPEG (4:2:0).
 *
 * @param description goes into the file's EXIF, so that a simulated picture can be told for ever.
 */
export async function takePicture(
  light: LightPicture,
  camera: CameraParameters,
  random: Random,
  description: string,
): Promise<Uint8Array> {
  const { width, height } = light;
  const focused = blurLight(light, camera.blur);
  const exposure = camera.meanLight / Math.max(meanLuma(focused), 1e-4);
  const raw = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const r2 = ((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) * 2;
      const falloff = 1 - camera.vignette * r2;
      const c = bayerColour(x, y);
      const electrons = Math.max(
        0,
        focused.data[(y * width + x) * 3 + c] * exposure * falloff * camera.fullWell,
      );
      const noise = random.normal() * Math.sqrt(electrons + camera.readNoise ** 2);
      raw[y * width + x] = Math.min(1, (electrons + noise) / camera.fullWell);
    }
  }
  const colours = demosaic(raw, width, height);
  const gains = [camera.redGain, 1, camera.blueGain];
  const bytes = new Uint8Array(colours.length);
  for (let i = 0; i < colours.length; i++) bytes[i] = Math.round(encodeSrgb(colours[i] * gains[i % 3]));
  return sharp(bytes, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: camera.quality, chromaSubsampling: '4:2:0' })
    .withExif({ IFD0: { ImageDescription: description, Software: 'livestill simulate' } })
    .toBuffer();
}
