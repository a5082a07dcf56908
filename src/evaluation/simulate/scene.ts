import type { Random } from '../metrics/random.ts';
import type { LightPicture } from './light.ts';

/** A flat thing that shows a picture: paper or screen. */
export interface Medium {
  /** Width by height of the picture on it. */
  readonly aspect: number;
  /**
   * Light from the point (u, v), the picture being 0-1 in both, averaged over about (fu, fv) where the medium
   * is finer than that. False beside the medium.
   */
  sample(u: number, v: number, fu: number, fv: number, out: Float64Array): boolean;
}

/** How the medium is held and lit. */
export interface SceneParameters {
  /** Width of the medium's picture as a share of the frame's width, seen straight on. */
  readonly coverage: number;
  /** Turn about the upright and the level axis and in the picture plane, degrees. */
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  /** Bend about the upright axis: half of the angle the paper turns through, degrees; 0 is flat. */
  readonly bend: number;
  /** Room light on the medium's surface, linear RGB. A screen has light of its own: there it is 1, 1, 1. */
  readonly light: readonly [number, number, number];
  /** Reflections: each a soft-edged rectangle in u, v with its light. */
  readonly glare: readonly Glare[];
  /** Room light thrown back evenly. */
  readonly haze: number;
  readonly background: readonly [number, number, number];
}

/** One reflection on a glossy surface. */
export interface Glare {
  readonly u: number;
  readonly v: number;
  readonly width: number;
  readonly height: number;
  readonly soft: number;
  readonly light: number;
}

/** Distance of the camera in widths of the frame at the medium: how strong perspective is. */
const DISTANCE = 1.8;
const SAMPLES = 2;
const RADIANS = Math.PI / 180;

/** Smooth random field of a few cells, about 1: a wall or table is never even. */
function unevenness(random: Random, cells = 5): (x: number, y: number) => number {
  const grid = Float32Array.from({ length: (cells + 1) ** 2 }, () => random.between(0.75, 1.25));
  return (x, y) => {
    const gx = Math.min(Math.max(x, 0), 0.9999) * cells;
    const gy = Math.min(Math.max(y, 0), 0.9999) * cells;
    const i = Math.floor(gx);
    const j = Math.floor(gy);
    const at = j * (cells + 1) + i;
    const ease = (t: number) => t * t * (3 - 2 * t);
    const ax = ease(gx - i);
    const ay = ease(gy - j);
    const top = grid[at] * (1 - ax) + grid[at + 1] * ax;
    const bottom = grid[at + cells + 1] * (1 - ax) + grid[at + cells + 2] * ax;
    return top * (1 - ay) + bottom * ay;
  };
}

const edge = (distance: number, soft: number) => 1 / (1 + Math.exp(distance / Math.max(soft, 1e-4)));

function glareAt(glare: readonly Glare[], u: number, v: number): number {
  let light = 0;
  for (const g of glare) {
    light +=
      g.light *
      edge(Math.abs(u - g.u) - g.width / 2, g.soft) *
      edge(Math.abs(v - g.v) - g.height / 2, g.soft);
  }
  return light;
}

/** Finds the point of the medium that a point of the frame sees; null when it sees past it. */
export function createView(
  parameters: SceneParameters,
  aspect: number,
  frameAspect: number,
): (x: number, y: number) => { u: number; v: number; shade: number } | null {
  const { coverage, bend } = parameters;
  const [cy, sy] = [Math.cos(parameters.yaw * RADIANS), Math.sin(parameters.yaw * RADIANS)];
  const [cp, sp] = [Math.cos(parameters.pitch * RADIANS), Math.sin(parameters.pitch * RADIANS)];
  const [cr, sr] = [Math.cos(parameters.roll * RADIANS), Math.sin(parameters.roll * RADIANS)];
  // Axes of the medium in the frame's space: right, down, towards.
  const right = [cr * cy, sr * cy, -sy];
  const down = [-sr * cp + cr * sy * sp, cr * cp + sr * sy * sp, cy * sp];
  const normal = [
    right[1] * down[2] - right[2] * down[1],
    right[2] * down[0] - right[0] * down[2],
    right[0] * down[1] - right[1] * down[0],
  ];
  const half = bend * RADIANS;
  return (x, y) => {
    const ray = [x - 0.5, (y - 0.5) / frameAspect, DISTANCE];
    const along = ray[0] * normal[0] + ray[1] * normal[1] + ray[2] * normal[2];
    const t = (DISTANCE * normal[2]) / along;
    if (!(t > 0)) return null;
    const p = [ray[0] * t, ray[1] * t, ray[2] * t - DISTANCE];
    let s = (p[0] * right[0] + p[1] * right[1] + p[2] * right[2]) / coverage;
    let d = (p[0] * down[0] + p[1] * down[1] + p[2] * down[2]) / coverage;
    let shade = 1;
    if (half > 0) {
      // A cylinder seen from the front: arc length from the chord; nearer in the middle, so larger there.
      const chord = 2 * s * Math.sin(half);
      if (Math.abs(chord) >= 1) return null;
      const angle = Math.asin(chord);
      s = angle / (2 * half);
      const depth = (Math.cos(angle) - Math.cos(half)) / (2 * half);
      d /= 1 + (0.5 * depth * coverage) / DISTANCE;
      shade = 0.6 + 0.4 * Math.cos(angle - 0.5);
    }
    return { u: s + 0.5, v: d * aspect + 0.5, shade };
  };
}

/** Light that falls on each pixel of the sensor, before the lens blurs it. */
export function renderScene(
  medium: Medium,
  parameters: SceneParameters,
  width: number,
  height: number,
  random: Random,
): LightPicture {
  const data = new Float32Array(width * height * 3);
  const wall = unevenness(random);
  const view = createView(parameters, medium.aspect, width / height);
  const light = new Float64Array(3);
  const footprint = 1 / (SAMPLES * width * parameters.coverage);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      for (let j = 0; j < SAMPLES; j++) {
        for (let i = 0; i < SAMPLES; i++) {
          const fx = (x + (i + 0.5) / SAMPLES) / width;
          const fy = (y + (j + 0.5) / SAMPLES) / height;
          const seen = view(fx, fy);
          if (seen !== null && medium.sample(seen.u, seen.v, footprint, footprint * medium.aspect, light)) {
            const gloss = parameters.haze + glareAt(parameters.glare, seen.u, seen.v);
            for (let c = 0; c < 3; c++) data[at + c] += light[c] * parameters.light[c] * seen.shade + gloss;
          } else {
            const tone = wall(fx, fy);
            for (let c = 0; c < 3; c++) data[at + c] += parameters.background[c] * tone;
          }
        }
      }
      for (let c = 0; c < 3; c++) data[at + c] /= SAMPLES ** 2;
    }
  }
  return { width, height, data };
}
