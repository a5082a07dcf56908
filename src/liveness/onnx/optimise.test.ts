import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeOnnx } from '../test-support/onnx.ts';
import { readGraph } from './graph.ts';
import { inferenceLibrary } from './library.ts';
import { optimiseModel } from './optimise.ts';
import { MalformedError } from './protobuf.ts';

const DIMS = [1, 3, 4, 4] as const;
const made = (slopes?: readonly number[]) =>
  makeOnnx({
    input: { name: 'x', dims: DIMS },
    output: 'y',
    weights: [
      [1, 2, 3],
      [-1, 0.5, 4],
    ],
    bias: [0.25, -1],
    ...(slopes === undefined ? {} : { slopes }),
  });
const weightFile = (name: string) => fileURLToPath(new URL(`../../../models/${name}.onnx`, import.meta.url));
const operators = (model: Uint8Array) => new Set(readGraph(model).nodes.map((n) => n.op));

/** Groups of the depthwise convolutions that fill no whole number of blocks. */
const oddWidths = (model: Uint8Array, block: number) =>
  readGraph(model)
    .nodes.map((n) => n.group)
    .filter((g) => g > 1 && g % block !== 0);

async function run(
  model: Uint8Array,
  input: string,
  dims: readonly number[],
  data: Float32Array,
): Promise<number[]> {
  const { createSession, Tensor } = inferenceLibrary();
  const session = await createSession(model, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const results = await session.run({ [input]: new Tensor('float32', data, dims) });
  await session.release();
  return Array.from(Object.values(results)[0].data as Float32Array);
}

describe('optimiseModel', () => {
  it('computes what PRelu computes, for slopes of any sign and size', async () => {
    const slopes = fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 });
    const values = fc.array(fc.float({ min: -300, max: 300, noNaN: true }), { minLength: 48, maxLength: 48 });
    await fc.assert(
      fc.asyncProperty(slopes, values, async (s, v) => {
        const model = made(s);
        const optimised = optimiseModel(model, 16);
        expect(operators(optimised)).not.toContain('PRelu');
        const data = Float32Array.from(v);
        const found = await run(optimised, 'x', DIMS, data);
        const expected = await run(model, 'x', DIMS, data);
        for (const [i, e] of expected.entries()) expect(Math.abs(found[i] - e)).toBeLessThan(2e-3);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['minifasnet-v2-se-128', 128, 8],
    ['minifasnet-v2-se-128', 128, 16],
    ['minifasnet-v2-80', 80, 8],
    ['minifasnet-v2-80', 80, 16],
    ['minifasnet-v1-se-80', 80, 8],
    ['minifasnet-v1-se-80', 80, 16],
  ])(
    'rewrites the whole of %s (%i pixels) for blocks of %i: no PRelu, whole blocks, the same logits',
    async (name, side, block) => {
      const file = await readFile(weightFile(name));
      const optimised = optimiseModel(file, block);
      expect(oddWidths(file, block).length).toBeGreaterThan(10);
      expect(oddWidths(optimised, block)).toEqual([]);
      expect(operators(optimised)).not.toContain('PRelu');
      for (const seed of [1, 7919, 104_729]) {
        const data = Float32Array.from({ length: 3 * side * side }, (_, i) => ((i + 1) * seed) % 256);
        const dims = [1, 3, side, side];
        const [found, expected] = [
          await run(optimised, 'input', dims, data),
          await run(file, 'input', dims, data),
        ];
        for (const [i, e] of expected.entries()) expect(Math.abs(found[i] - e)).toBeLessThan(1e-4);
      }
    },
  );

  it('fills up the first detector where blocks are of 16 channels, and its outputs stay the same', async () => {
    const file = await readFile(weightFile('blazeface-back-256'));
    const optimised = optimiseModel(file, 16);
    expect(oddWidths(file, 16).length).toBeGreaterThan(10);
    expect(oddWidths(optimised, 16)).toEqual([]);
    const dims = [1, 256, 256, 3];
    const data = Float32Array.from({ length: 3 * 256 * 256 }, (_, i) => (((i + 1) * 7919) % 256) / 128 - 1);
    const [found, expected] = [
      await run(optimised, 'input:0', dims, data),
      await run(file, 'input:0', dims, data),
    ];
    for (const [i, e] of expected.entries()) expect(Math.abs(found[i] - e)).toBeLessThan(1e-3);
  });

  it.each([
    ['blazeface-back-256', 8],
    ['rfb-320', 8],
    ['rfb-320', 16],
  ])('leaves %s, which has whole blocks of %i, as it is', async (name, block) => {
    const file = await readFile(weightFile(name));
    expect(optimiseModel(file, block)).toBe(file);
  });

  it('gives back whatever is no model with PRelu, as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(optimiseModel(bytes, 16)).toBe(bytes);
      }),
    );
    const plain = made();
    expect(optimiseModel(plain, 16)).toBe(plain);
    const model = made([0, 0, 0]);
    for (const cut of [10, 50, model.length - 1]) {
      const part = model.subarray(0, cut);
      expect(optimiseModel(part, 16)).toBe(part);
    }
  });
});

describe('readGraph', () => {
  it('writes a model again that computes the same', async () => {
    const model = made([0.5, -0.5, 0]);
    const data = Float32Array.from({ length: 48 }, (_, i) => i - 20);
    const again = readGraph(model).encode();
    expect(await run(again, 'x', DIMS, data)).toEqual(await run(model, 'x', DIMS, data));
  });

  it('says when bytes are no model', () => {
    expect(() => readGraph(Buffer.from('not a model'))).toThrow(MalformedError);
    expect(() => readGraph(new Uint8Array(0))).toThrow(/no graph/);
  });
});
