import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { MODELS_DIR } from '../weights/index.ts';
import { replacePRelu } from './onnx-rewrite.ts';
import { makeOnnx } from './test-support/onnx.ts';

const DIMS = [1, 3, 4, 4] as const;
const made = (slopes: readonly number[]) =>
  makeOnnx({
    input: { name: 'x', dims: DIMS },
    output: 'y',
    weights: [
      [1, 2, 3],
      [-1, 0.5, 4],
    ],
    bias: [0.25, -1],
    slopes,
  });
const operators = (model: Uint8Array) =>
  ['PRelu', 'Mul', 'Max'].filter((op) =>
    Buffer.from(model).includes(Buffer.from(`\x22${String.fromCharCode(op.length)}${op}`)),
  );

async function run(
  model: Uint8Array,
  input: string,
  dims: readonly number[],
  data: Float32Array,
): Promise<number[]> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const results = await session.run({ [input]: new Tensor('float32', data, dims) });
  await session.release();
  return Array.from(Object.values(results)[0].data as Float32Array);
}

describe('replacePRelu', () => {
  it('gives the same results to the bit, negative slopes and zeros included', async () => {
    const slopes = fc.array(fc.float({ min: -2, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
    const values = fc.array(fc.float({ min: -300, max: 300, noNaN: true }), { minLength: 48, maxLength: 48 });
    await fc.assert(
      fc.asyncProperty(slopes, values, async (s, v) => {
        const model = made(s);
        const rewritten = replacePRelu(model);
        expect(operators(rewritten)).toEqual(['Mul', 'Max']);
        const data = Float32Array.from(v);
        expect(await run(rewritten, 'x', DIMS, data)).toEqual(await run(model, 'x', DIMS, data));
      }),
      { numRuns: 30 },
    );
  });

  it('leaves slopes above 1 alone, where the two differ', () => {
    const model = made([0.5, 1.5, 0]);
    expect(replacePRelu(model)).toBe(model);
    expect(operators(model)).toEqual(['PRelu']);
  });

  it('changes every PRelu of the classifier and none of its results', async () => {
    const file = await readFile(join(MODELS_DIR, 'minifasnet-v2-se-128.onnx'));
    const rewritten = replacePRelu(file);
    expect(operators(file)).toContain('PRelu');
    expect(operators(rewritten)).not.toContain('PRelu');
    const data = Float32Array.from({ length: 3 * 128 * 128 }, (_, i) => (i * 7919) % 256);
    expect(await run(rewritten, 'input', [1, 3, 128, 128], data)).toEqual(
      await run(file, 'input', [1, 3, 128, 128], data),
    );
  });

  it('gives back whatever is no model with PRelu, as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(replacePRelu(bytes)).toBe(bytes);
      }),
    );
    const model = made([0, 0, 0]);
    for (const cut of [10, 50, model.length - 1]) {
      const part = model.subarray(0, cut);
      expect(replacePRelu(part)).toBe(part);
    }
  });
});
