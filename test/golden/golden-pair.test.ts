import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLiveness, type Liveness } from '../../src/engine.ts';
import { liveProbability, scoreOf } from '../../src/liveness/calibrate.ts';
import { liveLogit } from '../../src/liveness/classify.ts';
import { cropRect, cropTensor } from '../../src/liveness/crop.ts';
import { fuseLogits } from '../../src/liveness/fuse.ts';
import { type LoadedModels, loadModels } from '../../src/liveness/load.ts';
import { calibrationOf, firstClassifier, pair } from '../../src/liveness/test-support/cards.ts';
import type { CropEvidence } from '../../src/liveness/types.ts';
import { decodePicture } from '../../src/picture/decode/decode.ts';
import { requireWeights } from '../../src/weights/index.ts';
import { groupPhotoPath, samplePath } from '../support/pictures.ts';

type Numbers = readonly number[];
interface GoldenCrop {
  readonly rect: Numbers;
  readonly mean: number;
  readonly std: number;
  readonly first8: Numbers;
  readonly logits: Numbers;
  readonly z: number;
}
interface GoldenResult {
  readonly fusedLogit: number;
  readonly score: number;
  readonly probability: number;
}
interface GoldenPair {
  readonly image: string;
  readonly crops: Readonly<Record<'silent2.7' | 'silent4.0', GoldenCrop>>;
  readonly careful: GoldenResult;
  readonly fast: GoldenResult;
}
interface GoldenFirst {
  readonly image: string;
  readonly box: Numbers;
  readonly crops: Readonly<Record<string, { readonly logit: number }>>;
}

const read = <T>(path: string) =>
  (JSON.parse(readFileSync(path, 'utf8')) as { readonly images: readonly T[] }).images;
const here = (name: string) => new URL(name, import.meta.url).pathname;
const isSample = ({ image }: { readonly image: string }) => !image.startsWith('sample');
const firsts = read<GoldenFirst>(here('./golden.json'));
const pairs = read<GoldenPair>(here('./golden-pair.json'));
const PROFILES = ['careful', 'fast'] as const;
const NETWORKS = { 'silent2.7': 'minifasnet-v2-80', 'silent4.0': 'minifasnet-v1-se-80' } as const;

function near(found: number, expected: number, tolerance: number, what: string): void {
  const said = `${what}: found ${found}, expected ${expected} ± ${tolerance}`;
  expect(Math.abs(found - expected), said).toBeLessThanOrEqual(tolerance);
}

function statistics(tensor: Float32Array): { mean: number; std: number } {
  const mean = tensor.reduce((a, b) => a + b, 0) / tensor.length;
  const variance = tensor.reduce((a, b) => a + (b - mean) ** 2, 0) / tensor.length;
  return { mean, std: Math.sqrt(variance) };
}

let models: LoadedModels;
let engine: Liveness;

beforeAll(async () => {
  const weights = await requireWeights();
  models = await loadModels(new Map(Array.from(weights, ([name, { path }]) => [name, path])));
  engine = await createLiveness();
});
afterAll(async () => {
  await models?.close();
  await engine?.close();
});

it('has golden values of the pair for every picture of the first recipe', () => {
  expect(pairs.map(({ image }) => image).sort()).toEqual(firsts.map(({ image }) => image).sort());
  expect(pairs.length).toBe(9);
});

describe.each(pairs.map((golden) => ({ name: golden.image, golden })))(
  'the pair on $name',
  ({ name, golden }) => {
    const first = firsts.find(({ image }) => image === name)!;
    const [left, top, right, bottom] = first.box;
    const bytes = readFileSync(isSample(golden) ? samplePath(name) : groupPhotoPath(name));
    const upright = decodePicture(bytes);

    it.each(['silent2.7', 'silent4.0'] as const)(
      'cuts %s alike and gets the same logits from it',
      async (crop) => {
        const picture = await upright;
        const card = pair.find((one) => one.name === NETWORKS[crop])!;
        const expected = golden.crops[crop];
        const rect = cropRect(card.crops[0], { left, top, right, bottom }, 1, picture.width, picture.height);
        [rect.x, rect.y, rect.w, rect.h].forEach((side, i) => {
          near(side, expected.rect[i], 1, `rectangle[${i}]`);
        });
        const [x, y, w, h] = expected.rect;
        const tensor = cropTensor(picture, card.crops[0], { x, y, w, h }, card.input);
        expect(tensor).toHaveLength(3 * 80 * 80);
        const { mean, std } = statistics(tensor);
        near(mean, expected.mean, 0.05, 'mean');
        near(std, expected.std, 0.05, 'standard deviation');
        expected.first8.forEach((v, i) => {
          near(tensor[i], v, 0.5, `first8[${i}]`);
        });
        const { network } = models.profiles
          .get('careful')!
          .classifiers.find((c) => c.card.name === card.name)!;
        const output = Array.from((await network.run(tensor)).get('output')!);
        output.forEach((v, i) => {
          near(v, expected.logits[i], 0.03, `logit[${i}]`);
        });
        near(liveLogit(card, output), expected.z, 0.05, 'z');
      },
    );

    it.each(PROFILES)('fuses the logits of %s alike', (profile) => {
      const evidence: CropEvidence[] = [];
      const add = (model: string, crop: string, logit: number) =>
        evidence.push({ model, crop, boxScale: 1, rect: { x: 0, y: 0, w: 1, h: 1 }, outputs: [], logit });
      const taken = firstClassifier.profiles[profile]!.crops.map(
        ({ kind, factor }) => `${kind}${factor.toFixed(1)}`,
      );
      for (const crop of taken)
        add(firstClassifier.name, crop, first.crops[`${crop}@1.0`]?.logit ?? first.crops[`${crop}@1`].logit);
      for (const [crop, model] of Object.entries(NETWORKS))
        add(model, crop, golden.crops[crop as keyof typeof NETWORKS].z);
      const members = [firstClassifier, ...pair].map((card) => ({
        name: card.name,
        weight: card.profiles[profile]!.weight,
      }));
      near(fuseLogits(members, evidence), golden[profile].fusedLogit, 0.0002, 'fused logit');
    });

    it.each(PROFILES)('maps the fused logit of %s to the same score and probability', (profile) => {
      const { fusedLogit, score, probability } = golden[profile];
      const calibration = calibrationOf(profile);
      expect(scoreOf(calibration, fusedLogit)).toBe(score);
      near(liveProbability(calibration, fusedLogit), probability, 0.0001, 'probability');
    });

    it.each(PROFILES)('judges the file alike from end to end (%s)', async (profile) => {
      const judgement = await engine.judge(bytes, { profile });
      const expected = golden[profile];
      expect(judgement.crops.map((run) => `${run.model} ${run.crop}`)).toEqual([
        ...(profile === 'careful' ? ['square1.0', 'square2.0', 'silent2.7'] : ['square2.0']).map(
          (crop) => `minifasnet-v2-se-128 ${crop}`,
        ),
        'minifasnet-v1-se-80 silent4.0',
        'minifasnet-v2-80 silent2.7',
      ]);
      near(judgement.fusedLogit!, expected.fusedLogit, 0.7, 'fused logit');
      near(
        judgement.liveProbability!,
        liveProbability(calibrationOf(profile), judgement.fusedLogit!),
        1e-9,
        'probability',
      );
      expect(judgement.score! > 87).toBe(expected.score > 87);
      expect(judgement.models.map(({ name }) => name)).toEqual([
        'blazeface-back-256',
        'rfb-320',
        'minifasnet-v2-se-128',
        'minifasnet-v1-se-80',
        'minifasnet-v2-80',
      ]);
    });
  },
);
