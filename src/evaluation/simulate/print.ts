import type { RgbPicture } from '../../liveness/types.ts';
import { blurLight, LINEAR, type LightPicture, readBilinear, resizeBytes } from './light.ts';
import type { Medium } from './scene.ts';

/** How a print is made. */
export interface PrintParameters {
  /**
   * `amplitude`: clustered dots of four inks, each at its angle (laser, offset). `diffusion`: scattered dots
   * (inkjet).
   */
  readonly halftone: 'amplitude' | 'diffusion' | 'none';
  /** Halftone cells, or with `diffusion` printer dots, across the width of the picture. */
  readonly cellsAcross: number;
  /** Reflectance of the bare paper, linear RGB. */
  readonly paper: readonly [number, number, number];
  /** Largest ink amount, 0-1: less is a paler print with a smaller gamut. */
  readonly ink: number;
  /** How much of the halftone shows, 0-1: 0 is a continuous tone print. */
  readonly visible: number;
}

/**
 * Optical densities in R, G, B of full cyan, magenta, yellow; off the diagonal what real inks absorb beside.
 */
const INKS = [
  [1.3, 0.35, 0.12],
  [0.22, 1.2, 0.5],
  [0.04, 0.12, 1.1],
] as const;
const BLACK = 1.4;
/**
 * Screen angles of cyan, magenta, yellow and black in degrees, as printers set them against moiré among inks.
 */
const ANGLES = [15, 75, 0, 45] as const;

/** Inverse of a 3 x 3 matrix. */
function invert(m: readonly (readonly number[])[]): number[][] {
  const [[a, b, c], [d, e, f], [g, h, i]] = m;
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((v) => v / det));
}

// Densities are (amounts) x (INKS); amounts follow by the inverse.
const SEPARATION = invert(INKS);

/**
 * Ink amounts (C, M, Y, K; 0-1) that come nearest to a colour given in linear light, some of the grey moved
 * to black ink. Written to `out`.
 */
export function separate(red: number, green: number, blue: number, ink: number, out: Float64Array): void {
  const r = -Math.log10(Math.max(red, 0.02));
  const g = -Math.log10(Math.max(green, 0.02));
  const b = -Math.log10(Math.max(blue, 0.02));
  for (let j = 0; j < 3; j++) out[j] = r * SEPARATION[0][j] + g * SEPARATION[1][j] + b * SEPARATION[2][j];
  const grey = 0.6 * Math.max(0, Math.min(out[0], out[1], out[2]) - 0.25);
  for (let j = 0; j < 3; j++) out[j] = Math.min(ink, Math.max(0, out[j] - grey));
  out[3] = Math.min(ink, (grey * 1.25) / BLACK);
}

/** Area share of a dot that absorbs on average as a film of `amount` would (Murray-Davies). */
const dotArea = (amount: number, density: number) => (1 - 10 ** (-amount * density)) / (1 - 10 ** -density);

/** Transmittance of full ink by ink and colour. */
const FILM = [...INKS, [BLACK, BLACK, BLACK]].map((row) => row.map((d) => 10 ** -d));
const MAIN = [INKS[0][0], INKS[1][1], INKS[2][2], BLACK];

/** Level of the spot function cos + cos that a share of a cell lies above, for shares in steps of 1/256. */
const SPOT_LEVEL = (() => {
  const n = 128;
  const values: number[] = [];
  for (let y = 0; y < n; y++) {
    for (let x = 0; x < n; x++) {
      values.push(Math.cos((2 * Math.PI * (x + 0.5)) / n) + Math.cos((2 * Math.PI * (y + 0.5)) / n));
    }
  }
  values.sort((a, b) => b - a);
  return Float64Array.from({ length: 257 }, (_, i) =>
    i === 0 ? 2.5 : i === 256 ? -2.5 : values[Math.floor((i / 256) * (values.length - 1))],
  );
})();

/** Dot areas (C, M, Y, K) of each pixel of a picture. */
function inkAreas({ width, height, data }: RgbPicture, ink: number): Float32Array {
  const areas = new Float32Array(width * height * 4);
  const amounts = new Float64Array(4);
  for (let i = 0; i < width * height; i++) {
    separate(LINEAR[data[i * 3]], LINEAR[data[i * 3 + 1]], LINEAR[data[i * 3 + 2]], ink, amounts);
    for (let k = 0; k < 4; k++) areas[i * 4 + k] = dotArea(amounts[k], MAIN[k]);
  }
  return areas;
}

/** Scatters dots by error diffusion (R. W. Floyd, L. Steinberg, 1976), in place: areas become 0 or 1. */
function diffuse(areas: Float32Array, width: number, height: number): void {
  const push = (x: number, y: number, k: number, error: number) => {
    if (x >= 0 && x < width && y < height) areas[(y * width + x) * 4 + k] += error;
  };
  for (let y = 0; y < height; y++) {
    const rightwards = y % 2 === 0;
    const step = rightwards ? 1 : -1;
    for (let n = 0; n < width; n++) {
      const x = rightwards ? n : width - 1 - n;
      for (let k = 0; k < 4; k++) {
        const at = (y * width + x) * 4 + k;
        const wanted = areas[at];
        const dot = wanted > 0.5 ? 1 : 0;
        const error = wanted - dot;
        areas[at] = dot;
        push(x + step, y, k, (error * 7) / 16);
        push(x - step, y + 1, k, (error * 3) / 16);
        push(x, y + 1, k, (error * 5) / 16);
        push(x + step, y + 1, k, error / 16);
      }
    }
  }
}

/** Light that paper with these dot areas sends back. */
function reflect(areas: ArrayLike<number>, at: number, paper: readonly number[], out: Float64Array): void {
  for (let c = 0; c < 3; c++) {
    let light = paper[c];
    for (let k = 0; k < 4; k++) light *= 1 - areas[at + k] * (1 - FILM[k][c]);
    out[c] = light;
  }
}

function paint(areas: Float32Array, width: number, height: number, paper: readonly number[]): LightPicture {
  const data = new Float32Array(width * height * 3);
  const out = new Float64Array(3);
  for (let i = 0; i < width * height; i++) {
    reflect(areas, i * 4, paper, out);
    data.set(out, i * 3);
  }
  return { width, height, data };
}

/** A picture separated into inks, before its dots are set. */
interface Sheet {
  readonly parameters: PrintParameters;
  readonly aspect: number;
  readonly gridWidth: number;
  readonly gridHeight: number;
  /** Share of each ink, four a cell of the grid. */
  readonly areas: Float32Array;
  /** The print as it would be without dots. */
  readonly smooth: LightPicture;
}

const MARGIN = 0.035;

const isWithin = (u: number, v: number, aspect: number) =>
  u > -MARGIN && u < 1 + MARGIN && v > -MARGIN * aspect && v < 1 + MARGIN * aspect;

const isBare = (u: number, v: number) => u < 0 || v < 0 || u >= 1 || v >= 1;

/**
 * Prints a picture. (u, v) of the medium run over the picture from 0 to 1; outside is a white margin of
 * paper.
 */
export async function createPrint(picture: RgbPicture, parameters: PrintParameters): Promise<Medium> {
  const { halftone, cellsAcross, paper, ink } = parameters;
  const aspect = picture.width / picture.height;
  const gridWidth = Math.round(halftone === 'diffusion' ? cellsAcross : Math.min(1200, cellsAcross * 2));
  const gridHeight = Math.max(1, Math.round(gridWidth / aspect));
  const grid = await resizeBytes(picture, gridWidth, gridHeight);
  const areas = inkAreas(grid, ink);
  const smooth = paint(areas, gridWidth, gridHeight, paper);
  const sheet = { parameters, aspect, gridWidth, gridHeight, areas, smooth };
  return halftone === 'amplitude' ? clusteredDots(sheet) : scatteredDots(sheet);
}

/** Dots of one size scattered by error diffusion, or none at all. */
function scatteredDots({ parameters, aspect, gridWidth, gridHeight, areas, smooth }: Sheet): Medium {
  const { halftone, paper, visible } = parameters;
  let dots = smooth;
  if (halftone === 'diffusion') {
    diffuse(areas, gridWidth, gridHeight);
    // Dots spread in the paper and overlap.
    dots = blurLight(paint(areas, gridWidth, gridHeight, paper), 0.65);
  }
  const plain = new Float64Array(3);
  return {
    aspect,
    sample(u, v, _fu, _fv, out) {
      if (!isWithin(u, v, aspect)) return false;
      if (isBare(u, v)) out.set(paper);
      else {
        readBilinear(dots, u * gridWidth, v * gridHeight, out);
        readBilinear(smooth, u * gridWidth, v * gridHeight, plain);
        for (let c = 0; c < 3; c++) out[c] = plain[c] + visible * (out[c] - plain[c]);
      }
      return true;
    },
  };
}

/** Dots on turned grids, one an ink, larger where there is more ink. */
function clusteredDots({ parameters, aspect, gridWidth, gridHeight, areas }: Sheet): Medium {
  const { cellsAcross, paper, visible } = parameters;
  const turns = ANGLES.map((a) => [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)]);
  const cell = new Float64Array(4);
  return {
    aspect,
    sample(u, v, fu, _fv, out) {
      if (!isWithin(u, v, aspect)) return false;
      if (isBare(u, v)) {
        out.set(paper);
        return true;
      }
      const gx = Math.min(gridWidth - 1, Math.floor(u * gridWidth));
      const gy = Math.min(gridHeight - 1, Math.floor(v * gridHeight));
      const at = (gy * gridWidth + gx) * 4;
      const x = u * cellsAcross * 2 * Math.PI;
      const y = (v * cellsAcross * 2 * Math.PI) / aspect;
      // The edge of a dot is as soft as the toner spreads and the camera's sample is wide.
      const soft = 0.25 + fu * cellsAcross * 4;
      for (let k = 0; k < 4; k++) {
        const [cos, sin] = turns[k];
        const spot = Math.cos(x * cos + y * sin) + Math.cos(y * cos - x * sin);
        const area = areas[at + k];
        const edge = (spot - SPOT_LEVEL[Math.round(area * 256)]) / soft + 0.5;
        const dot = area <= 0 ? 0 : Math.min(1, Math.max(0, edge));
        cell[k] = area + visible * (dot - area);
      }
      reflect(cell, 0, paper, out);
      return true;
    },
  };
}
