/** How output elements are weighted sums of neighbouring source elements along one side. */
export interface Taps {
  /** First source index of each output element; never falls. */
  readonly first: Int32Array;
  /** Where each output element's weights begin in `weights`; one more entry marks the end. */
  readonly from: Int32Array;
  readonly weights: Float64Array;
}

/** Last source index of output element `i`. */
export const lastTap = ({ first, from }: Taps, i: number) => first[i] + from[i + 1] - from[i] - 1;

/**
 * `n` cells of `step` source elements each, the first beginning at `start`, none reaching past element `end`:
 * a cell's taps are the elements it covers, each weighted by the part of it that is covered.
 */
export function areaTaps(start: number, step: number, n: number, end: number): Taps {
  const first = new Int32Array(n);
  const from = new Int32Array(n + 1);
  const weights = new Float64Array(n * (Math.ceil(step) + 2));
  for (let i = 0, at = 0; i < n; i++) {
    const begin = start + i * step;
    const stop = Math.min(end + 1, start + (i + 1) * step);
    const a = Math.floor(begin);
    const b = Math.max(a, Math.min(end, Math.ceil(stop) - 1));
    first[i] = a;
    weights[at++] = a === b ? stop - begin : a + 1 - begin;
    for (let k = a + 1; k < b; k++) weights[at++] = 1;
    if (b > a) weights[at++] = stop - b;
    from[i + 1] = at;
  }
  return { first, from, weights };
}

/** Two steps in one: what `outer` takes of the elements that `inner` makes. */
export function composeTaps(inner: Taps, outer: Taps): Taps {
  const n = outer.first.length;
  const first = new Int32Array(n);
  const from = new Int32Array(n + 1);
  let longest = 0;
  for (let i = 0; i < n; i++) {
    first[i] = inner.first[outer.first[i]];
    from[i + 1] = from[i] + lastTap(inner, lastTap(outer, i)) - first[i] + 1;
    longest = Math.max(longest, from[i + 1] - from[i]);
  }
  const weights = new Float64Array(from[n]);
  for (let i = 0; i < n; i++) {
    for (let t = outer.from[i], mid = outer.first[i]; t < outer.from[i + 1]; t++, mid++) {
      const at = from[i] + inner.first[mid] - first[i];
      for (let s = inner.from[mid]; s < inner.from[mid + 1]; s++) {
        weights[at + s - inner.from[mid]] += outer.weights[t] * inner.weights[s];
      }
    }
  }
  return { first, from, weights };
}
