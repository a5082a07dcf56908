import type { Box } from '../types.ts';

/** How large the picture is, and how much of it is left around the face box. */
export interface Margin {
  /** Size of the upright picture, without bars around it, pixels. */
  readonly pictureWidth: number;
  readonly pictureHeight: number;
  /** From the face box to the nearest edge of the picture, pixels; negative where the box reaches outside. */
  readonly padding: number;
}

/** Measures the room around a face box in an upright `width` x `height` picture. */
export function measureMargin({ left, top, right, bottom }: Box, width: number, height: number): Margin {
  return {
    pictureWidth: width,
    pictureHeight: height,
    padding: Math.min(left, top, width - right, height - bottom),
  };
}
