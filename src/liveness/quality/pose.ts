import type { Point } from '../types.ts';

/** Where the head looks, degrees. */
export interface Pose {
  /** Positive: turned towards the right edge of the picture (the person's own left). */
  readonly yaw: number;
  /** Positive: looking down. */
  readonly pitch: number;
}

/**
 * The six key points on an average head: eye on the picture's left, on its right, nose tip, middle of the
 * mouth, ear left, ear right. Centimetres; x to the picture's right, y down, z towards the camera. Means of
 * vertices of MediaPipe's canonical face model (Apache-2.0): eyes 33, 133 and 263, 362; nose 1, 4; mouth 13,
 * 14; ears 234, 454.
 */
export const HEAD_MODEL: readonly (readonly [x: number, y: number, z: number])[] = [
  [-3.151, -2.625, 3.466],
  [3.151, -2.625, 3.466],
  [0, 0.795, 7.531],
  [0, 4.268, 5.312],
  [-7.664, -0.673, -2.436],
  [7.664, -0.673, -2.436],
];

/**
 * Distance from the middle of the eyes to the chin (vertex 152), over that to the mouth, on the same model.
 */
export const CHIN_OVER_MOUTH = 1.745;

const CENTRE = [0, 1, 2].map((axis) => HEAD_MODEL.reduce((sum, p) => sum + p[axis], 0) / HEAD_MODEL.length);
const centred = HEAD_MODEL.map((p) => p.map((v, axis) => v - CENTRE[axis]));
const moment = (a: number, b: number) => centred.reduce((sum, p) => sum + p[a] * p[b], 0);
const [xx, yy, yz, zz] = [moment(0, 0), moment(1, 1), moment(1, 2), moment(2, 2)];
const determinant = yy * zz - yz * yz;

/**
 * Rows that give, from the points' x (or y), the affine map's three coefficients: the model is symmetric, so
 * x stands alone.
 */
const solver = centred.map(([x, y, z]) => [
  x / xx,
  (zz * y - yz * z) / determinant,
  (yy * z - yz * y) / determinant,
]);

type Vector = readonly [number, number, number];
const scale = ([x, y, z]: Vector, k: number): Vector => [x * k, y * k, z * k];
const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const unit = (v: Vector): Vector => scale(v, 1 / Math.max(1e-12, Math.hypot(...v)));

/**
 * Yaw and pitch of the head from its six key points: the least-squares fit of an average head under scaled
 * orthographic projection (the first step of D. DeMenthon, L. Davis, "Model-based object pose in 25 lines of
 * code", 1995), after roll was taken out. An estimate: noses and ears differ, and an ear that is turned away
 * is the detector's guess.
 *
 * @param points in pixels, in the order of {@link HEAD_MODEL}.
 * @param roll degrees, as from the eyes.
 */
export function measurePose(points: readonly Point[], roll: number): Pose {
  const angle = (-roll * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  let across: Vector = [0, 0, 0];
  let down: Vector = [0, 0, 0];
  for (const [i, { x, y }] of points.entries()) {
    const row = solver[i] as unknown as Vector;
    across = add(across, scale(row, c * x - s * y));
    down = add(down, scale(row, s * x + c * y));
  }
  // The nearest pair of perpendicular unit rows: half sum and half difference of two unit vectors are
  // perpendicular.
  const [u, v] = [unit(across), unit(down)];
  const [sum, difference] = [unit(add(u, v)), unit(add(u, scale(v, -1)))];
  const first = scale(add(sum, difference), Math.SQRT1_2);
  const second = scale(add(sum, scale(difference, -1)), Math.SQRT1_2);
  const forward = first[0] * second[1] - first[1] * second[0];
  const degrees = 180 / Math.PI;
  return {
    yaw: Math.atan2(first[2], forward) * degrees,
    pitch: Math.atan2(second[2], Math.hypot(first[2], forward)) * degrees,
  };
}
