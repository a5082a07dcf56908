import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLiveness, type LivenessOptions } from './engine.ts';
import { makeOnnx } from './liveness/test-support/onnx.ts';
import { codes, engine, folder, photo, timeless, useEngine } from './test-support/engine.ts';
import { MODELS_DIR, WeightsError } from './weights/index.ts';

useEngine();

describe('an engine that is used wrongly', () => {
  it.each([
    ['a path', 'selfie.jpg', 'found the text "selfie.jpg": read the file first, judge(await readFile(path))'],
    ['nothing', undefined, 'found undefined'],
    ['other bytes than a view', new ArrayBuffer(4), 'found object'],
  ])('says what it takes when it is given %s', async (_what, given, message) => {
    const judged = engine.judge(given as unknown as Uint8Array);
    await expect(judged).rejects.toThrow(TypeError);
    await expect(engine.judge(given as unknown as Uint8Array)).rejects.toThrow(message);
  });

  it('says that it was closed, and may be closed twice', async () => {
    const own = await createLiveness({ profile: 'fast' });
    await own.close();
    await own.close();
    await expect(own.judge(photo)).rejects.toThrow(
      'this engine was closed: make another with createLiveness()',
    );
  });
});

describe('createLiveness', () => {
  it('adds a model of the operator to the fusion by its weight', async () => {
    const pack = await makePack(join(folder, 'pack'), 'brightness');
    const own = await createLiveness({ profile: 'fast', packs: [pack] });
    try {
      const alone = await engine.judge(photo);
      const judgement = await own.judge(photo);
      const added = judgement.crops.filter((c) => c.model === 'brightness');
      expect(added).toHaveLength(2);
      expect(added.map((c) => c.logit)).toEqual([-12, -12]);
      expect(judgement.fusedLogit).toBeCloseTo((alone.fusedLogit! + 3 * -12) / 4, 6);
      expect(judgement.models.at(-1)).toMatchObject({ name: 'brightness', role: 'classifier' });
      expect(judgement.verdict).toBe('attack');
      // Nothing is known of how sure these networks are together.
      expect(judgement).toMatchObject({ review: false, reviewLimits: null });
      expect(codes(judgement)).toContain('ATTACK_SUSPECTED');
    } finally {
      await own.close();
    }
  });

  it('judges with the first recipe while the pair is missing, and says what it lacks', async () => {
    const dir = await withoutPair(join(folder, 'without pair'));
    const own = await createLiveness({ modelsDir: dir });
    try {
      expect(own.profile).toBe('single');
      expect(own.lacking).toEqual({
        profiles: ['careful', 'fast'],
        networks: ['minifasnet-v1-se-80', 'minifasnet-v2-80'],
        command: `livestill models pull --dir ${JSON.stringify(dir)}`,
      });
      const judgement = await own.judge(photo);
      expect(judgement.profile).toBe('single');
      expect(judgement.crops).toHaveLength(9);
      expect(judgement.models).toHaveLength(3);
      const asked = await engine.judge(photo, { profile: 'single' });
      expect(timeless(judgement)).toEqual(timeless(asked));
      await expect(own.judge(photo, { profile: 'careful' })).rejects.toMatchObject({
        kind: 'profile_unavailable',
        reason: 'profile_unavailable',
        message: expect.stringContaining('livestill models pull --dir'),
      });
    } finally {
      await own.close();
    }
  });

  it.each(['careful', 'fast'] as const)(
    'does not start with %s by name while the pair is missing',
    async (profile) => {
      const dir = await withoutPair(join(folder, `without pair for ${profile}`));
      const error = await createLiveness({ modelsDir: dir, profile }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(WeightsError);
      expect((error as Error).message).toMatch(
        new RegExp(
          `^profile "${profile}": .*minifasnet-v2-80.*Run "livestill models pull --dir .*"single"\\.$`,
        ),
      );
    },
  );

  it('does not start with half of the pair changed', async () => {
    const dir = await withoutPair(join(folder, 'damaged pair'));
    await writeFile(join(dir, 'minifasnet-v2-80.onnx'), 'changed');
    await expect(createLiveness({ modelsDir: dir })).rejects.toThrow(
      /minifasnet-v2-80\.onnx.*livestill models pull/s,
    );
  });

  it('refuses a pack whose name is taken', async () => {
    const pack = await makePack(join(folder, 'twin'), 'minifasnet-v2-se-128');
    await expect(createLiveness({ packs: [pack] })).rejects.toThrow(
      /a model named "minifasnet-v2-se-128" is loaded already/,
    );
  });

  it('does not start without its weights, and names the file', async () => {
    const error = await createLiveness({ modelsDir: folder }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(WeightsError);
    expect((error as Error).message).toMatch(/blazeface-back-256\.onnx.*livestill models pull/s);
  });

  it('does not start with a weight file that was changed', async () => {
    const copy = join(folder, 'weights');
    await cp(MODELS_DIR, copy, { recursive: true });
    await writeFile(join(copy, 'rfb-320.onnx'), 'changed');
    const error = await createLiveness({ modelsDir: copy }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(WeightsError);
    expect((error as Error).message).toContain('rfb-320.onnx');
  });

  it('refuses a threshold out of range', async () => {
    await expect(createLiveness({ threshold: -1 })).rejects.toThrow(RangeError);
  });

  it.each([
    [{ threshold: '90' }, 'threshold must be a number from 0 to 100, found "90"'],
    [{ profile: 'fst' }, 'profile must be careful, fast, single, found "fst"'],
    [{ treshold: 90 }, 'unknown option "treshold"; there are modelsDir, packs, profile, threshold'],
    [
      { limits: { pixel: 1 } },
      'unknown option "limits.pixel"; there are limits.bytes, limits.pixels, limits.side',
    ],
    [{ limits: { pixels: '1' } }, 'limits.pixels must be a whole number from 1, found "1"'],
  ])('refuses %j, as a program without types may send it', async (options, message) => {
    await expect(createLiveness(options as LivenessOptions)).rejects.toThrow(message);
  });
});

/** A folder with the weight files of the first recipe alone. */
async function withoutPair(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  for (const name of ['blazeface-back-256', 'rfb-320', 'minifasnet-v2-se-128']) {
    await cp(join(MODELS_DIR, `${name}.onnx`), join(path, `${name}.onnx`));
  }
  return path;
}

/** A pack that calls every picture an attack: class 1 wins by the sum of the planes' means. */
async function makePack(path: string, name: string): Promise<string> {
  await mkdir(path, { recursive: true });
  const card = {
    name,
    model: 'm.onnx',
    input: { name: 'x', width: 16, height: 16, layout: 'NCHW', colourOrder: 'RGB', scale: 1, mean: 0 },
    crops: [
      { kind: 'square', factor: 1.5 },
      { kind: 'silent', factor: 2.7 },
    ],
    boxScales: { careful: [1], fast: [1] },
    output: { name: 'y', classes: ['live', 'attack'], live: 'live', values: 'logits' },
    weight: 3,
  };
  await writeFile(join(path, 'card.json'), JSON.stringify(card));
  const weights = [
    [0, 0, 0],
    [1, 1, 1],
  ];
  const input = { name: 'x', dims: [1, 3, 16, 16] } as const;
  await writeFile(join(path, 'm.onnx'), makeOnnx({ input, output: 'y', weights, bias: [0, 0] }));
  return path;
}
