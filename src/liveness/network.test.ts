import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelError } from './model-error.ts';
import { loadNetwork, type NetworkShape } from './network.ts';
import { bytesField, integerField, textField } from './onnx/protobuf.ts';
import { makeOnnx } from './test-support/onnx.ts';

const shape: NetworkShape = {
  input: { name: 'x', dims: [1, 3, 4, 4] },
  outputs: [{ name: 'y', dims: [1, 2] }],
};
const model = makeOnnx({
  input: { name: 'x', dims: [1, 3, 4, 4] },
  output: 'y',
  weights: [
    [1, 2, 3],
    [4, 5, 6],
  ],
  bias: [0, 0],
});
/** Two numbers under the name of the bias, kept in a file of the working folder. */
const outside = bytesField(
  5,
  Buffer.concat([
    integerField(1, 1),
    integerField(1, 2),
    integerField(2, 1),
    textField(8, 'elsewhere'),
    bytesField(13, Buffer.concat([textField(1, 'location'), textField(2, 'numbers.bin')])),
    integerField(14, 1),
  ]),
);

let folder: string;
let before: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-network-'));
  before = process.cwd();
  process.chdir(folder);
});
afterEach(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true, force: true });
});

describe('loadNetwork', () => {
  it('loads a model that holds all of its numbers', async () => {
    await writeFile('whole.onnx', model);
    const network = await loadNetwork('whole.onnx', shape);
    const outputs = await network.run(new Float32Array(48).fill(1));
    await network.close();
    expect(Array.from(outputs.get('y')!)).toEqual([6, 15]);
  });

  it('refuses one with numbers in a file of the working folder, which its hash does not cover', async () => {
    await writeFile('numbers.bin', Buffer.alloc(8));
    // A second `graph` field: protobuf merges it with the first.
    await writeFile('parted.onnx', Buffer.concat([model, bytesField(7, outside)]));
    const refusal = loadNetwork('parted.onnx', shape);
    await expect(refusal).rejects.toThrow(ModelError);
    await expect(refusal).rejects.toThrow(
      /^parted\.onnx: tensor "elsewhere" keeps its data outside this file/,
    );
  });

  it('refuses bytes that are no model', async () => {
    await writeFile('text.onnx', 'no model');
    await expect(loadNetwork('text.onnx', shape)).rejects.toThrow(/not a usable ONNX model/);
  });
});
