import type { StateTensor } from '../pytorch/state.ts';

/** Numbers from -1 to 1, the same for the same seed. */
export function numbers(seed: number, count: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}

/**
 * The state of a small network of the family: few channels, one bottleneck a stage, with or without squeeze
 * and excitation.
 */
export function smallState(seed: number, excited: boolean): ReadonlyMap<string, StateTensor> {
  const state = new Map<string, StateTensor>();
  const put = (name: string, dims: readonly number[], change: (v: number) => number = (v) => v) => {
    const count = dims.reduce((a, b) => a * b, 1);
    const values = numbers(seed + 7919 * state.size, count).map(change);
    state.set(name, { type: 'float32', dims, values });
  };
  const bn = (name: string, channels: number) => {
    put(`${name}.weight`, [channels], (v) => 1 + v / 2);
    put(`${name}.bias`, [channels]);
    put(`${name}.running_mean`, [channels]);
    put(`${name}.running_var`, [channels], (v) => 1 + v / 2);
    state.set(`${name}.num_batches_tracked`, { type: 'int64', dims: [], values: BigInt64Array.of(9n) });
  };
  const block = (name: string, [o, i, k]: readonly [number, number, number], activated = true) => {
    put(`${name}.conv.weight`, [o, i, k, k]);
    bn(`${name}.bn`, o);
    if (activated) put(`${name}.prelu.weight`, [o]);
  };
  const bottleneck = (name: string, from: number, wide: number, to: number) => {
    block(`${name}.conv`, [wide, from, 1]);
    block(`${name}.conv_dw`, [wide, 1, 3]);
    block(`${name}.project`, [to, wide, 1], false);
  };
  block('conv1', [3, 3, 3]);
  block('conv2_dw', [3, 1, 3]);
  for (const [narrowing, stage] of [
    ['conv_23', 'conv_3'],
    ['conv_34', 'conv_4'],
    ['conv_45', 'conv_5'],
  ] as const) {
    bottleneck(narrowing, 3, 4, 3);
    bottleneck(`${stage}.model.0`, 3, 5, 3);
    if (!excited) continue;
    const se = `${stage}.model.0.se_module`;
    put(`${se}.fc1.weight`, [2, 3, 1, 1]);
    bn(`${se}.bn1`, 2);
    put(`${se}.fc2.weight`, [3, 2, 1, 1]);
    bn(`${se}.bn2`, 3);
  }
  block('conv_6_sep', [6, 3, 1]);
  block('conv_6_dw', [6, 1, 5], false);
  put('linear.weight', [4, 6]);
  bn('bn', 4);
  put('prob.weight', [3, 4]);
  return state;
}

interface Planes {
  readonly channels: number;
  readonly side: number;
  readonly values: Float64Array;
}

/** What the network computes, layer by layer as PyTorch does, nothing folded; for 80 x 80 pixels. */
export function plainForward(state: ReadonlyMap<string, StateTensor>, input: Float32Array): number[] {
  const at = (name: string) => state.get(name)!.values as Float32Array;
  const normalise = (x: Planes, name: string): Planes => {
    const [w, b, m, v] = ['weight', 'bias', 'running_mean', 'running_var'].map((part) =>
      at(`${name}.${part}`),
    );
    const size = x.side * x.side;
    const values = x.values.map((value, i) => {
      const c = Math.floor(i / size);
      return ((value - m[c]) / Math.sqrt(v[c] + 1e-5)) * w[c] + b[c];
    });
    return { ...x, values };
  };
  const conv = (x: Planes, name: string, stride: number, pad: number): Planes => {
    const [outputs, perGroup, kernel] = state.get(name)!.dims;
    const weights = at(name);
    const depthwise = perGroup === 1 && x.channels === outputs && outputs > 1;
    const side = Math.floor((x.side + 2 * pad - kernel) / stride) + 1;
    const values = new Float64Array(outputs * side * side);
    for (let o = 0; o < outputs; o++)
      for (let row = 0; row < side; row++)
        for (let column = 0; column < side; column++) {
          let sum = 0;
          for (let i = 0; i < perGroup; i++)
            for (let ky = 0; ky < kernel; ky++)
              for (let kx = 0; kx < kernel; kx++) {
                const y = row * stride + ky - pad;
                const xx = column * stride + kx - pad;
                if (y < 0 || xx < 0 || y >= x.side || xx >= x.side) continue;
                const c = depthwise ? o : i;
                sum +=
                  x.values[(c * x.side + y) * x.side + xx] *
                  weights[((o * perGroup + i) * kernel + ky) * kernel + kx];
              }
          values[(o * side + row) * side + column] = sum;
        }
    return { channels: outputs, side, values };
  };
  const block = (x: Planes, name: string, stride = 1, pad = 0): Planes => {
    const made = normalise(conv(x, `${name}.conv.weight`, stride, pad), `${name}.bn`);
    if (!state.has(`${name}.prelu.weight`)) return made;
    const slopes = at(`${name}.prelu.weight`);
    const size = made.side * made.side;
    return { ...made, values: made.values.map((v, i) => (v > 0 ? v : v * slopes[Math.floor(i / size)])) };
  };
  const bottleneck = (x: Planes, name: string, stride: number): Planes =>
    block(block(block(x, `${name}.conv`), `${name}.conv_dw`, stride, 1), `${name}.project`);
  const excite = (x: Planes, name: string): Planes => {
    if (!state.has(`${name}.fc1.weight`)) return x;
    const size = x.side * x.side;
    const mean = Float64Array.from({ length: x.channels }, (_, c) =>
      x.values.subarray(c * size, (c + 1) * size).reduce((a, b) => a + b / size, 0),
    );
    const squeezed = normalise(
      conv({ channels: x.channels, side: 1, values: mean }, `${name}.fc1.weight`, 1, 0),
      `${name}.bn1`,
    );
    const relu = { ...squeezed, values: squeezed.values.map((v) => Math.max(0, v)) };
    const factor = normalise(conv(relu, `${name}.fc2.weight`, 1, 0), `${name}.bn2`).values.map(
      (v) => 1 / (1 + Math.exp(-v)),
    );
    return { ...x, values: x.values.map((v, i) => v * factor[Math.floor(i / size)]) };
  };
  let x: Planes = { channels: 3, side: 80, values: Float64Array.from(input) };
  x = block(block(x, 'conv1', 2, 1), 'conv2_dw', 1, 1);
  for (const [narrowing, stage] of [
    ['conv_23', 'conv_3'],
    ['conv_34', 'conv_4'],
    ['conv_45', 'conv_5'],
  ] as const) {
    x = bottleneck(x, narrowing, 2);
    const added = excite(bottleneck(x, `${stage}.model.0`, 1), `${stage}.model.0.se_module`).values;
    x = { ...x, values: x.values.map((v, i) => v + added[i]) };
  }
  x = block(block(x, 'conv_6_sep'), 'conv_6_dw');
  const times = (vector: Float64Array, name: string) => {
    const [rows, columns] = state.get(name)!.dims;
    const weights = at(name);
    return Float64Array.from({ length: rows }, (_, r) =>
      vector.reduce((sum, v, c) => sum + v * weights[r * columns + c], 0),
    );
  };
  const features = times(x.values, 'linear.weight');
  const normalised = normalise({ channels: features.length, side: 1, values: features }, 'bn').values;
  return Array.from(times(normalised, 'prob.weight'));
}
