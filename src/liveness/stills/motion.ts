import type { KeyPoints, Point } from '../types.ts';

/** How the key points of one still moved to another, and how much of that one plane explains. */
export interface PlanarMotion {
  /** Root mean square way of the six points, in distances between the eyes. */
  readonly motion: number;
  /** What is left of it when one homography has moved them, in distances between the eyes. */
  readonly residual: number;
  /**
   * The share of the motion that the homography explains, 0-1: 1 - residual² / motion²; null without motion.
   */
  readonly explained: number | null;
}

const POINTS = ['eyeLeft', 'eyeRight', 'nose', 'mouth', 'earLeft', 'earRight'] as const;

/** Less motion than this, in distances between the eyes, is the detector's own unrest. */
const LEAST_MOTION = 0.02;

/**
 * How well one homography explains the motion between two stills: the six key points of a flat picture move
 * as a plane does, those of a head do not quite. With six points the homography has eight degrees of freedom
 * of twelve, so little is left to tell by; see docs/understand/planar-motion.md. Direct linear transformation
 * after normalisation (Hartley and Zisserman, Multiple View Geometry, 4.1 and 4.4). Null where the points lie
 * so that there is none.
 */
export function planarMotion(from: KeyPoints, to: KeyPoints): PlanarMotion | null {
  const a = POINTS.map((name) => from[name]);
  const b = POINTS.map((name) => to[name]);
  const unit = distance(from.eyeLeft, from.eyeRight);
  if (!(unit > 0)) return null;
  const [na, nb] = [normalised(a), normalised(b)];
  if (na === null || nb === null) return null;
  const h = homography(na.points, nb.points);
  if (h === null) return null;
  const rms = (errors: readonly number[]) =>
    Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length) / unit;
  const moved = na.points.map((point) => apply(h, point));
  const residual = rms(moved.map((point, i) => distance(point, nb.points[i] as Point) / nb.scale));
  const motion = rms(a.map((point, i) => distance(point, b[i] as Point)));
  if (!Number.isFinite(residual)) return null;
  const explained = motion < LEAST_MOTION ? null : Math.max(0, 1 - (residual / motion) ** 2);
  return { motion, residual, explained };
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

/** Points moved to their centre and scaled to a mean distance of the square root of two from it. */
function normalised(points: readonly Point[]): { readonly points: Point[]; readonly scale: number } | null {
  const n = points.length;
  const x = points.reduce((sum, point) => sum + point.x, 0) / n;
  const y = points.reduce((sum, point) => sum + point.y, 0) / n;
  const mean = points.reduce((sum, point) => sum + Math.hypot(point.x - x, point.y - y), 0) / n;
  if (!(mean > 0)) return null;
  const scale = Math.SQRT2 / mean;
  return { points: points.map((point) => ({ x: (point.x - x) * scale, y: (point.y - y) * scale })), scale };
}

/** The eight numbers of the homography with the last one 1, by least squares; null where there is none. */
function homography(from: readonly Point[], to: readonly Point[]): readonly number[] | null {
  const rows = from.flatMap(({ x, y }, i) => {
    const { x: u, y: v } = to[i] as Point;
    return [
      [x, y, 1, 0, 0, 0, -u * x, -u * y, u],
      [0, 0, 0, x, y, 1, -v * x, -v * y, v],
    ];
  });
  const normal = Array.from({ length: 8 }, (_, i) =>
    Array.from({ length: 9 }, (_, j) =>
      rows.reduce((sum, row) => sum + (row[i] as number) * (row[j] as number), 0),
    ),
  );
  return solved(normal);
}

/**
 * Solves eight equations in eight unknowns by elimination with pivots; null where they do not settle them.
 */
function solved(matrix: number[][]): readonly number[] | null {
  const n = matrix.length;
  for (let at = 0; at < n; at += 1) {
    let best = at;
    for (let row = at + 1; row < n; row += 1) {
      if (Math.abs(matrix[row]?.[at] ?? 0) > Math.abs(matrix[best]?.[at] ?? 0)) best = row;
    }
    const pivot = matrix[best] as number[];
    if (Math.abs(pivot[at] as number) < 1e-12) return null;
    matrix[best] = matrix[at] as number[];
    matrix[at] = pivot;
    for (let row = 0; row < n; row += 1) {
      if (row === at) continue;
      const other = matrix[row] as number[];
      const factor = (other[at] as number) / (pivot[at] as number);
      for (let k = at; k <= n; k += 1) other[k] = (other[k] as number) - factor * (pivot[k] as number);
    }
  }
  return matrix.map((row, i) => (row[n] as number) / (row[i] as number));
}

function apply(h: readonly number[], { x, y }: Point): Point {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, i = 0] = h;
  const w = g * x + i * y + 1;
  return { x: (a * x + b * y + c) / w, y: (d * x + e * y + f) / w };
}
