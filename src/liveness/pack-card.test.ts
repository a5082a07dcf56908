import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadClassifier } from './classify.ts';
import { ModelError } from './model-error.ts';
import { parseCard, readModelPack } from './pack-card.ts';
import { type MadeModel, makeOnnx } from './test-support/onnx.ts';

const card = {
  name: 'house-model',
  model: 'house.onnx',
  input: { name: 'x', width: 16, height: 24, layout: 'NCHW', colourOrder: 'RGB', scale: [1, 1, 1], mean: 0 },
  crops: [{ kind: 'square', factor: 1.5 }],
  boxScales: { careful: [1, 1.1], fast: [1] },
  output: { name: 'y', classes: ['print', 'live'], live: 'live', values: 'logits' },
  weight: 0.5,
};
const model: MadeModel = {
  input: { name: 'x', dims: [1, 3, 24, 16] },
  output: 'y',
  weights: [
    [1, 0, 0],
    [0, 0, 1],
  ],
  bias: [0, 0],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-pack-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function complaint(change: (c: Record<string, unknown>) => void): string {
  const copy = structuredClone(card) as Record<string, unknown>;
  change(copy);
  try {
    parseCard('pack/card.json', copy);
  } catch (error) {
    expect(error).toBeInstanceOf(ModelError);
    return (error as ModelError).message;
  }
  return 'accepted';
}

describe('parseCard', () => {
  it('reads a card: one number for mean and scale stands for all planes', () => {
    const parsed = parseCard('card.json', { ...card, input: { ...card.input, mean: 127.5 } });
    expect(parsed).toMatchObject({
      model: 'house.onnx',
      name: 'house-model',
      input: { mean: [127.5, 127.5, 127.5], scale: [1, 1, 1] },
      output: { classes: ['print', 'live'], liveIndex: 1 },
      profiles: {
        careful: { crops: card.crops, boxScales: [1, 1.1], weight: 0.5 },
        fast: { boxScales: [1], weight: 0.5 },
        single: { boxScales: [1, 1.1], weight: 0.5 },
      },
      licence: null,
    });
  });

  it('reads which profiles it takes part in, with crops and weight of each', () => {
    const { boxScales: _, weight: __, ...rest } = card;
    const profiles = { fast: { boxScales: [1], weight: 0.25 } };
    expect(parseCard('card.json', { ...rest, profiles }).profiles).toEqual({
      fast: { crops: card.crops, boxScales: [1], weight: 0.25 },
    });
  });

  it('reads licence, origin, unknowns and calibrations', () => {
    const calibration = [
      {
        profile: 'fast',
        networks: ['house-model'],
        score: [
          [-3, 0],
          [2, 87.5],
          [5, 100],
        ],
        probability: { a: 1, b: 0 },
        review: { low: 0.4, high: 0.7 },
      },
    ];
    const said = { licence: 'MIT', origin: 'trained here', unknowns: 'nothing' };
    expect(parseCard('card.json', { ...card, ...said, calibration })).toMatchObject({ ...said, calibration });
  });

  it.each<[string, (c: Record<string, unknown>) => void, string]>([
    ['a missing member', (c) => delete c.weight, 'weight must be a number from 0.001 to 1000, found nothing'],
    [
      'an unknown member',
      (c) => (c.colour = 'RGB'),
      'colour is not known here; known are name, role, model, input',
    ],
    [
      'the short form beside profiles',
      (c) => (c.profiles = { fast: { boxScales: [1], weight: 1 } }),
      'boxScales must be left out beside profiles',
    ],
    [
      'an unknown profile',
      (c) => (c.profiles = { quick: { boxScales: [1], weight: 1 } }),
      'profiles.quick is not known here; known are careful, fast, single',
    ],
    [
      'a crop of a profile that is not among the crops',
      (c) => {
        delete c.boxScales;
        delete c.weight;
        c.profiles = { fast: { crops: [{ kind: 'silent', factor: 4 }], boxScales: [1], weight: 1 } };
      },
      'profiles.fast.crops must be among the crops of the card, found {"kind":"silent","factor":4}',
    ],
    [
      'a curve that falls',
      (c) =>
        (c.calibration = [
          {
            profile: 'fast',
            networks: ['a'],
            score: [
              [0, 0],
              [-1, 100],
            ],
            probability: { a: 1, b: 0 },
            review: null,
          },
        ]),
      'calibration[0].score must be pairs of rising logits whose scores go from 0 to 100',
    ],
    ['a bad name', (c) => (c.name = 'My Model'), 'name must be lower-case letters'],
    ['a path instead of a file', (c) => (c.model = '../m.onnx'), 'model must be the name of an .onnx file'],
    [
      'an unknown layout',
      (c) => (c.input = { ...card.input, layout: 'CHW' }),
      'input.layout must be one of "NCHW", "NHWC", found "CHW"',
    ],
    [
      'a fractional side',
      (c) => (c.input = { ...card.input, width: 16.5 }),
      'input.width must be a whole number of pixels from 8 to 1024, found 16.5',
    ],
    [
      'two means',
      (c) => (c.input = { ...card.input, mean: [1, 2] }),
      'input.mean must be a number or a list of three, each from -1000 to 1000, found [1,2]',
    ],
    [
      'four means',
      (c) => (c.input = { ...card.input, mean: [1, 2, 3, 4] }),
      'input.mean must be a number or a list of three, each from -1000 to 1000, found [1,2,3,4]',
    ],
    ['no crops', (c) => (c.crops = []), 'crops must be a list of at least 1, found []'],
    [
      'an unknown crop',
      (c) => (c.crops = [{ kind: 'round', factor: 1 }]),
      'crops[0].kind must be one of "square", "silent", found "round"',
    ],
    [
      'a live class that is none of the classes',
      (c) => (c.output = { ...card.output, live: 'real' }),
      'output.live must be one of "print", "live", found "real"',
    ],
    [
      'the same class twice',
      (c) => (c.output = { ...card.output, classes: ['live', 'live'] }),
      'output.classes must be different names',
    ],
    ['a list as card', (c) => (c.input = []), 'input must be an object, found []'],
  ])('names %s', (_, change, expected) => {
    const message = complaint(change);
    expect(message).toContain('pack/card.json: ');
    expect(message).toContain(expected);
  });
});

describe('readModelPack', () => {
  it('says when the card is missing or no JSON', async () => {
    await expect(readModelPack(join(folder, 'nowhere'))).rejects.toThrow(
      /card\.json: the card of the model pack cannot be read/,
    );
    await writeFile(join(folder, 'card.json'), '{"name":');
    await expect(readModelPack(folder)).rejects.toThrow(/card\.json: the card is not valid JSON/);
  });

  it('reads a card with a byte order mark', async () => {
    await writeFile(join(folder, 'card.json'), `\uFEFF${JSON.stringify(card)}`);
    expect((await readModelPack(folder)).file).toBe(join(folder, 'house.onnx'));
  });
});

describe('loadClassifier', () => {
  const load = async (made: MadeModel | string) => {
    const file = join(folder, 'house.onnx');
    await writeFile(file, typeof made === 'string' ? made : makeOnnx(made));
    return loadClassifier(parseCard('card.json', card), file);
  };

  it('loads a model that fits its card and runs it', async () => {
    const { network } = await load(model);
    const planes = new Float32Array(3 * 24 * 16).fill(2, 0, 24 * 16).fill(7, 2 * 24 * 16);
    expect(Array.from((await network.run(planes)).get('y')!)).toEqual([2, 7]);
    await network.close();
  });

  it.each<[string, MadeModel | string, string]>([
    [
      'another input name',
      { ...model, input: { ...model.input, name: 'picture' } },
      'expected an input named "x", the file has "picture"',
    ],
    [
      'another input size',
      { ...model, input: { name: 'x', dims: [1, 3, 32, 32] } },
      'input "x" must have shape [any,3,24,16], the file has [1,3,32,32]',
    ],
    [
      'another number of classes',
      { ...model, weights: [...model.weights, [0, 1, 0]], bias: [0, 0, 0] },
      'output "y" must have shape [any,2], the file has [1,3]',
    ],
    ['another output name', { ...model, output: 'z' }, 'expected an output named "y", the file has "z"'],
    ['no model at all', 'not onnx', 'the file is not a usable ONNX model'],
  ])('refuses a file with %s', async (_, made, message) => {
    const error = await load(made).then(
      () => new Error('was accepted'),
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(ModelError);
    expect((error as Error).message).toContain(message);
  });

  it('refuses a missing file', async () => {
    const missing = join(folder, 'missing.onnx');
    await expect(loadClassifier(parseCard('card.json', card), missing)).rejects.toThrow(
      /missing\.onnx: .*cannot be read/,
    );
  });
});
