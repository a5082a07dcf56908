/** Luma (BT.601) of RGBA pixels, 0 to 255 each. */
export function lumaOf(rgba: ArrayLike<number>): Float32Array {
  return Float32Array.from(
    { length: rgba.length / 4 },
    (_, at) => 0.299 * rgba[at * 4] + 0.587 * rgba[at * 4 + 1] + 0.114 * rgba[at * 4 + 2],
  );
}

/** Light on the face and around it. */
export interface Light {
  readonly brightness: number;
  readonly surroundings: number;
  readonly overexposed: number;
}

/** Mean luma in the middle of the oval (`mask` 2) and outside it (0), and the share of the middle that is 250 or more. */
export function measureLight(luma: Float32Array, mask: Uint8Array): Light {
  let [inside, count, outside, around, bright] = [0, 0, 0, 0, 0];
  for (let at = 0; at < luma.length; at++) {
    if (mask[at] === 0) {
      outside += luma[at];
      around += 1;
    } else if (mask[at] === 2) {
      inside += luma[at];
      count += 1;
      if (luma[at] >= 250) bright += 1;
    }
  }
  return {
    brightness: inside / Math.max(1, count),
    surroundings: outside / Math.max(1, around),
    overexposed: bright / Math.max(1, count),
  };
}

/**
 * Mean absolute change of luma between two pictures of one size inside the oval (`mask` 1 and 2), after both were levelled to the same mean, so that a
 * camera that adapts its exposure is no motion.
 */
export function measureMotion(before: Float32Array, now: Float32Array, mask: Uint8Array): number {
  let [sumBefore, sumNow, count] = [0, 0, 0];
  for (let at = 0; at < now.length; at++) {
    if (mask[at] === 0) continue;
    sumBefore += before[at];
    sumNow += now[at];
    count += 1;
  }
  const shift = (sumNow - sumBefore) / Math.max(1, count);
  let change = 0;
  for (let at = 0; at < now.length; at++) {
    if (mask[at] !== 0) change += Math.abs(now[at] - before[at] - shift);
  }
  return change / Math.max(1, count);
}

/** Variance of the Laplacian (left + right + up + down - 4 centre) of a picture `width` pixels wide, in squared luma steps. */
export function measureSharpness(luma: Float32Array, width: number): number {
  const height = luma.length / width;
  let [sum, squares, count] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const value = luma[at - 1] + luma[at + 1] + luma[at - width] + luma[at + width] - 4 * luma[at];
      sum += value;
      squares += value * value;
      count += 1;
    }
  }
  const mean = sum / Math.max(1, count);
  return Math.max(0, squares / Math.max(1, count) - mean * mean);
}
