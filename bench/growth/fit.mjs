/** What a series grows like: the exponent of a power law, fitted as a straight line between logarithms. */

/** Slope of log cost on log size by least squares; points of size 0 have no logarithm and are left out. */
export function slopeOf(points) {
  const logs = points
    .filter(([n, cost]) => n > 0 && cost > 0)
    .map(([n, cost]) => [Math.log(n), Math.log(cost)]);
  if (logs.length < 2) return Number.NaN;
  const mean = (k) => logs.reduce((sum, point) => sum + point[k], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const across = logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
  return logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / across;
}

/** For times by the clock: whatever else the machine does only adds to them. */
export const least = (values) => Math.min(...values);

/** How far a slope may lie above the work's: noise, and the depth of an index, which shows as about 0.05. */
const tolerance = 0.1;
/** The same for the upper end alone, which has fewer points. */
const toleranceAbove = 0.2;
/** Both for a quick run: over few sizes, noise makes steeper lines. */
const toleranceSmall = 0.35;

/**
 * Judges one series. `work` is the exponent of the work itself: 1 where twice the size is twice the work, 0 where the size is not part of
 * the work. Two slopes are looked at: that of all points, and that of the last factor of ten, where growth that a constant hides
 * below comes out.
 */
export function judged({ name, unit, work, points }, small) {
  const slope = slopeOf(points);
  const largest = points.at(-1)[0];
  const slopeAbove = slopeOf(points.filter(([n]) => n >= largest / 10));
  const passed = small
    ? slope <= work + toleranceSmall
    : slope <= work + tolerance && slopeAbove <= work + toleranceAbove;
  return { name, unit, work, points, slope, slopeAbove, passed };
}

/** The verdict in words. */
export function verdictText({ work, slope, slopeAbove, passed }) {
  const kind = work === 0 ? 'flat' : 'no faster than the size';
  const slopes = `${slope.toFixed(2)}, upper end ${slopeAbove.toFixed(2)}`;
  return `${passed ? kind : `NOT ${kind}`} (slope ${slopes})`;
}
