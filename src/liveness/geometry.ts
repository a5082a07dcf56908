import type { Box } from './types.ts';

/** Area of a box in square pixels; 0 for an inverted one. */
export function boxArea(box: Box): number {
  return Math.max(0, box.right - box.left) * Math.max(0, box.bottom - box.top);
}

/** Area shared by two boxes. */
export function overlapArea(a: Box, b: Box): number {
  const w = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const h = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return w > 0 && h > 0 ? w * h : 0;
}

/** Intersection over union of two boxes, 0-1; 0 when both are empty. */
export function intersectionOverUnion(a: Box, b: Box): number {
  const shared = overlapArea(a, b);
  const union = boxArea(a) + boxArea(b) - shared;
  return union > 0 ? shared / union : 0;
}

/** The box with its coordinates multiplied by `kx` and `ky`. */
export function scaleBox(box: Box, kx: number, ky: number): Box {
  return { left: box.left * kx, top: box.top * ky, right: box.right * kx, bottom: box.bottom * ky };
}

/** The box with width and height multiplied by `factor` about its centre. */
export function growBox(box: Box, factor: number): Box {
  const cx = (box.left + box.right) / 2;
  const cy = (box.top + box.bottom) / 2;
  const w = ((box.right - box.left) * factor) / 2;
  const h = ((box.bottom - box.top) * factor) / 2;
  return { left: cx - w, top: cy - h, right: cx + w, bottom: cy + h };
}
