import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { itWhere } from '../../../test/support/only-where.ts';
import { inferenceLibrary } from '../../liveness/onnx/library.ts';
import { MODELS_DIR } from '../lock.ts';
import { numbers, plainForward, smallState } from '../test-support/minifasnet.ts';
import { writeState } from '../test-support/pickle.ts';
import { ConversionError, convertMiniFasNet } from './minifasnet.ts';
import { readPytorchState, type StateTensor } from './state.ts';

const DIMS = [1, 3, 80, 80];

async function run(model: Uint8Array, data: Float32Array): Promise<number[]> {
  const { createSession, Tensor } = inferenceLibrary();
  const session = await createSession(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const { output } = await session.run({ input: new Tensor('float32', data, DIMS) });
  await session.release();
  return Array.from(output.data as Float32Array);
}

/** Pixels from 0 to 255. */
const pixels = (seed: number) => numbers(seed, 3 * 80 * 80).map((v) => Math.round((v + 1) * 127.5));

function near(found: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(found).toHaveLength(expected.length);
  for (const [i, e] of expected.entries()) {
    expect(Math.abs(found[i] - e), `output ${i}: ${found[i]}, expected ${e}`).toBeLessThanOrEqual(tolerance);
  }
}

describe('convertMiniFasNet', () => {
  it.each([
    ['without', 1, false],
    ['with', 2, true],
    ['with', 3, true],
  ])(
    'computes what the layers compute one by one, %s squeeze and excitation (seed %i)',
    async (_, seed, excited) => {
      const state = smallState(seed, excited);
      const model = convertMiniFasNet(readPytorchState(writeState(state)));
      const input = numbers(seed + 99, 3 * 80 * 80);
      const expected = plainForward(state, input);
      const scale = Math.max(1, ...expected.map(Math.abs));
      near(await run(model, input), expected, 2e-5 * scale);
    },
  );

  it('gives the same bytes for the same state', () => {
    const state = smallState(4, true);
    expect(convertMiniFasNet(readPytorchState(writeState(state))).equals(convertMiniFasNet(state))).toBe(
      true,
    );
  });

  it.each<[string, (state: Map<string, StateTensor>) => unknown, RegExp]>([
    ['a missing tensor', (s) => s.delete('conv1.bn.bias'), /the tensor conv1\.bn\.bias is missing/],
    [
      'a missing stage',
      (s) => s.delete('conv_4.model.0.conv.conv.weight'),
      /conv_4\.model\.0\.conv\.conv\.weight is missing/,
    ],
    ['a tensor too many', (s) => s.set('extra', s.get('prob.weight')!), /does not have: extra/],
    [
      'a bias of another length',
      (s) => s.set('bn.bias', s.get('conv1.bn.bias')!),
      /bn\.bias must have 4 numbers/,
    ],
    [
      'whole numbers for weights',
      (s) => s.set('prob.weight', s.get('bn.num_batches_tracked')!),
      /prob\.weight must be float32 with 2 dimensions/,
    ],
  ])('refuses %s', (_, change, message) => {
    const state = new Map(smallState(5, true));
    change(state);
    expect(() => convertMiniFasNet(state)).toThrow(ConversionError);
    expect(() => convertMiniFasNet(state)).toThrow(message);
  });
});

/** Logits of the pair on made pixels, by seed. */
const GOLDEN: Readonly<Record<string, Readonly<Record<number, readonly number[]>>>> = {
  'minifasnet-v2-80': {
    11: [-2.70609, 4.22502, -1.52171],
    222: [-2.62114, 4.02265, -1.4042],
    3333: [-2.33023, 3.43302, -1.10516],
    44444: [-2.39738, 4.00238, -1.60765],
  },
  'minifasnet-v1-se-80': {
    11: [-1.47523, 4.32366, -2.85035],
    222: [-0.76375, 3.44676, -2.68468],
    3333: [-2.03591, 4.91365, -2.87979],
    44444: [-1.23972, 3.10589, -1.86755],
  },
};
const REFERENCE = {
  'minifasnet-v2-80': 'silentface-v2-80-s2.7',
  'minifasnet-v1-se-80': 'silentface-v1se-80-s4.0',
};
const referenceFile = (name: keyof typeof REFERENCE) =>
  join(fileURLToPath(new URL('../../../../shared/reference/', import.meta.url)), `${REFERENCE[name]}.onnx`);

describe.each(Object.keys(REFERENCE) as (keyof typeof REFERENCE)[])('the converted %s', (name) => {
  const model = readFile(join(MODELS_DIR, `${name}.onnx`));

  it('gives the golden logits', async () => {
    const cases = Object.entries(GOLDEN[name]);
    expect(cases.length).toBeGreaterThan(2);
    for (const [seed, logits] of cases) near(await run(await model, pixels(Number(seed))), logits, 1e-4);
  });

  itWhere(existsSync(referenceFile(name)), 'needs the reference networks beside the project')(
    'gives the outputs of the reference conversion on random inputs (needs the reference folder beside the project)',
    async () => {
      const reference = await readFile(referenceFile(name));
      for (let seed = 1; seed <= 20; seed++) {
        const input = pixels(1000 + seed);
        near(await run(await model, input), await run(reference, input), 1e-4);
      }
    },
  );
});
