import type { Bars } from '../bars.ts';
import type { RgbPicture } from '../types.ts';

/**
 * Bars around a picture by the plainest way: each side line by line, each line pixel by pixel. What bars.ts
 * finds in fewer steps.
 */
export function plainBars({ width, height, data }: RgbPicture): Bars | null {
  const apart = (x: number, y: number, fx: number, fy: number, most: number) =>
    [0, 1, 2].some((c) => Math.abs(data[(y * width + x) * 3 + c] - data[(fy * width + fx) * 3 + c]) > most);
  /** Thickness of a side of `lines` lines, of which `at` tells the pixels. */
  const side = (lines: number, pixels: number, at: (line: number, pixel: number) => [number, number]) => {
    const share = (line: number, most: number) => {
      let count = 0;
      for (let i = 0; i < pixels; i++) if (apart(...at(line, i), ...at(0, 0), most)) count++;
      return count / pixels;
    };
    let even = 0;
    while (even < lines && share(even, 10) === 0) even++;
    if (even < Math.max(4, 0.02 * lines)) return 0;
    for (let line = even; line < Math.min(lines, even + 10); line++) if (share(line, 24) >= 0.6) return line;
    return 0;
  };
  const top = side(height, width, (line, i) => [i, line]);
  const bottom = side(height, width, (line, i) => [i, height - 1 - line]);
  const rows = height - top - bottom;
  if (rows < Math.max(1, 0.3 * height)) return null;
  const left = side(width, rows, (line, i) => [line, top + i]);
  const right = side(width, rows, (line, i) => [width - 1 - line, top + i]);
  if (width - left - right < Math.max(1, 0.3 * width)) return null;
  return left + top + right + bottom === 0 ? null : { left, top, right, bottom };
}
