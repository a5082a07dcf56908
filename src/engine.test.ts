import { readFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { samplePath } from '../test/support/pictures.ts';
import { createLiveness } from './engine.ts';
import { calibrationOf } from './liveness/test-support/cards.ts';
import type { Judgement } from './liveness/types.ts';
import { codes, engine, photo, timeless, useEngine } from './test-support/engine.ts';

useEngine();

describe('judge', () => {
  it('judges a portrait and says everything about it', async () => {
    const judgement = await engine.judge(photo);
    expect(judgement).toMatchObject({
      verdict: 'live',
      threshold: 87,
      profile: 'fast',
      faceCount: 1,
      quarterTurns: 0,
      width: 480,
      height: 640,
    });
    expect(judgement.score).toBeGreaterThan(87);
    expect(judgement.liveProbability).toBeGreaterThan(0.5);
    expect(Object.values(judgement.classProbabilities).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
    expect(judgement.crops).toHaveLength(3);
    expect(judgement.models.map((m) => m.name)).toEqual([
      'blazeface-back-256',
      'rfb-320',
      'minifasnet-v2-se-128',
      'minifasnet-v1-se-80',
      'minifasnet-v2-80',
    ]);
    for (const model of judgement.models) expect(model.sha256).toMatch(/^[0-9a-f]{64}$/);
    const { box, keyPoints } = judgement.face!;
    for (const point of [keyPoints.eyeLeft, keyPoints.eyeRight, keyPoints.nose, keyPoints.mouth]) {
      expect(point.x > box.left && point.x < box.right && point.y > box.top && point.y < box.bottom).toBe(
        true,
      );
    }
    expect(Object.keys(judgement.milliseconds).sort()).toEqual([
      'classify',
      'crop',
      'decode',
      'detect',
      'quality',
      'total',
    ]);
  });

  it('gives the same judgement for the same picture, one after the other and all at once', async () => {
    const first = timeless(await engine.judge(photo));
    const all = await Promise.all(Array.from({ length: 6 }, () => engine.judge(photo)));
    for (const judgement of all) expect(timeless(judgement)).toEqual(first);
  });

  it('judges a PNG and a WebP of the same pixels alike', async () => {
    const png = await sharp(photo).png().toBuffer();
    const webp = await sharp(photo).webp({ lossless: true }).toBuffer();
    expect(timeless(await engine.judge(webp))).toEqual(timeless(await engine.judge(png)));
  });

  it('turns a picture that lies on its side, by EXIF or by its content', async () => {
    const upright = await engine.judge(photo);
    const lying = await sharp(photo)
      .rotate(90)
      .jpeg({ quality: 95 })
      .withMetadata({ orientation: 8 })
      .toBuffer();
    const byExif = await engine.judge(lying);
    expect(byExif).toMatchObject({ verdict: 'live', quarterTurns: 0, width: 480, height: 640 });
    const found = await engine.judge(await sharp(photo).rotate(90).jpeg({ quality: 95 }).toBuffer());
    expect(found).toMatchObject({ verdict: 'live', quarterTurns: 3, width: 480, height: 640 });
    expect(codes(found)).toContain('PICTURE_TURNED');
    expect(Math.abs(found.face!.box.left - upright.face!.box.left)).toBeLessThan(10);
  });

  it('draws on the same upright pixels that it judged', async () => {
    const turned = await sharp(photo).rotate(180).jpeg({ quality: 95 }).toBuffer();
    const { judgement, picture } = await engine.judgeWithPicture(turned);
    expect(judgement.quarterTurns).toBe(2);
    expect([picture.width, picture.height]).toEqual([judgement.width, judgement.height]);
    const original = await sharp(photo).raw().toBuffer();
    let sum = 0;
    for (let i = 0; i < original.length; i++) sum += Math.abs(original[i] - picture.data[i]);
    expect(sum / original.length).toBeLessThan(6);
  });

  it.each([
    ['blurred', (p: Sharp) => p.blur(8), 'BLURRED'],
    ['dark', (p: Sharp) => p.linear(0.12, 0), 'TOO_DARK'],
    ['overexposed', (p: Sharp) => p.linear(0.3, 205), 'TOO_BRIGHT'],
    ['tiny', (p: Sharp) => p.resize(110), 'FACE_TOO_SMALL'],
    ['tilted', (p: Sharp) => p.rotate(28, { background: '#888' }), 'HEAD_TILTED'],
    [
      'cropped to the face',
      (p: Sharp) => p.extract({ left: 95, top: 140, width: 220, height: 290 }),
      'FACE_TOO_CLOSE',
    ],
  ])('does not judge a %s face, and keeps its raw score', async (_, spoil, code) => {
    const judgement = await engine.judge(await spoil(sharp(photo)).jpeg({ quality: 95 }).toBuffer());
    expect(codes(judgement)).toContain(code);
    expect(judgement.verdict).toBe('poor_quality');
    expect(judgement.score).toBeNull();
    expect(judgement.rawScore).not.toBeNull();
    expect(judgement.quality.some((q) => !q.passed)).toBe(true);
  });

  it.each([
    ['top', 0.7, 0.4, 'CROWN_AT_EDGE'],
    ['bottom', 0.95, 0.7, 'CHIN_AT_EDGE'],
    ['left', 0.75, 0.1, 'HEAD_AT_EDGE'],
    ['right', 0.75, 0.25, 'HEAD_AT_EDGE'],
  ] as const)('names the side at which a head is cut: %s', async (side, touching, deep, code) => {
    const EDGES = ['CROWN_AT_EDGE', 'CHIN_AT_EDGE', 'HEAD_AT_EDGE', 'FACE_CUT_OFF'];
    const framing = (judgement: Judgement) => codes(judgement).filter((c) => EDGES.includes(c));
    const whole = await engine.judge(photo);
    expect(framing(whole)).toEqual([]);
    const { eyeLeft, eyeRight, mouth } = whole.face!.keyPoints;
    const middle = { x: (eyeLeft.x + eyeRight.x) / 2, y: (eyeLeft.y + eyeRight.y) / 2 };
    const chin = 1.745 * Math.hypot(mouth.x - middle.x, mouth.y - middle.y);
    const eyes = Math.hypot(eyeRight.x - eyeLeft.x, eyeRight.y - eyeLeft.y);
    const cut = (room: number) => {
      const edges = { left: 0, top: 0, right: whole.width, bottom: whole.height };
      if (side === 'top') edges.top = middle.y - room * chin;
      if (side === 'bottom') edges.bottom = middle.y + room * chin;
      if (side === 'left') edges.left = eyeLeft.x - room * eyes;
      if (side === 'right') edges.right = eyeRight.x + room * eyes;
      const [left, top, right, bottom] = [edges.left, edges.top, edges.right, edges.bottom].map(Math.round);
      const area = { left, top, width: right - left, height: bottom - top };
      return sharp(photo).extract(area).png().toBuffer();
    };
    expect(framing(await engine.judge(await cut(touching)))).toContain(code);
    const refused = await engine.judge(await cut(deep));
    expect(refused.verdict).toBe('poor_quality');
    expect(framing(refused)).toEqual(['FACE_CUT_OFF', code]);
  });

  it('finds no face in a picture without one, and gives no score', async () => {
    const wall = await sharp({ create: { width: 300, height: 400, channels: 3, background: '#a08060' } })
      .png()
      .toBuffer();
    const judgement = await engine.judge(wall);
    expect(judgement).toMatchObject({
      verdict: 'no_face',
      score: null,
      liveProbability: null,
      face: null,
      faceCount: 0,
    });
    expect(codes(judgement)).toEqual(['NO_FACE']);
  });

  it('judges pictures of odd shapes without failing', async () => {
    for (const [width, height] of [
      [1, 1],
      [1, 3000],
      [3000, 2],
      [641, 7],
    ]) {
      const odd = await sharp({ create: { width, height, channels: 3, background: '#123' } })
        .png()
        .toBuffer();
      expect((await engine.judge(odd)).verdict).toBe('no_face');
    }
  });

  it('takes limits of review per call, which change no score', async () => {
    const plain = await engine.judge(photo);
    const probability = plain.liveProbability ?? 0;
    const review = { low: probability / 2, high: (1 + probability) / 2 };
    expect(plain.reviewLimits).not.toEqual(review);
    expect(await engine.judge(photo, { review })).toMatchObject({
      review: true,
      reviewLimits: review,
      rawScore: plain.rawScore,
      verdict: plain.verdict,
    });
    await expect(engine.judge(photo, { review: { low: 0.8, high: 0.2 } })).rejects.toThrow(/low below high/);
  });

  it('takes a capture preset per call, which refuses pictures and changes no score', async () => {
    const lenient = await engine.judge(photo);
    const standard = await engine.judge(photo, { capture: 'standard' });
    expect([lenient.capture, standard.capture]).toEqual(['lenient', 'standard']);
    expect(standard).toMatchObject({
      verdict: 'poor_quality',
      score: null,
      rawScore: lenient.rawScore,
      fusedLogit: lenient.fusedLogit,
    });
    expect(codes(standard)).toEqual(
      expect.arrayContaining(['PICTURE_WIDTH_TOO_SMALL', 'PICTURE_HEIGHT_TOO_SMALL']),
    );
    await expect(engine.judge(photo, { capture: 'toString' as 'strict' })).rejects.toThrow(
      /capture must be lenient, standard, strict, found "toString"/,
    );
  });

  it('measures picture and padding without the bars around it, and upright', async () => {
    const barred = await sharp(photo)
      .extend({ left: 300, right: 300, background: { r: 0, g: 0, b: 0 } })
      .png()
      .toBuffer();
    const lying = await sharp(barred).rotate(90).jpeg({ quality: 95 }).toBuffer();
    const { quality, width, height } = await engine.judge(lying, { capture: 'standard' });
    const value = (name: string) => quality.find((one) => one.name === name)?.value;
    expect([width, height]).toEqual([1080, 640]);
    expect([value('PictureWidth')! < 490, value('PictureHeight')]).toEqual([true, 640]);
    expect(value('FacePadding')).toBeLessThan(200);
  });

  it('takes profile and threshold per call', async () => {
    const careful = await engine.judge(photo, { profile: 'careful', threshold: 100 });
    expect(careful.crops).toHaveLength(5);
    expect(careful).toMatchObject({ verdict: 'attack', threshold: 100, profile: 'careful' });
    // The networks would have called it live: the threshold of the call refused it.
    expect([codes(careful)[0], careful.review]).toEqual(['UNCERTAIN', true]);
    await expect(engine.judge(photo, { threshold: 101 })).rejects.toThrow(
      /threshold must be a number from 0 to 100, found 101/,
    );
    await expect(engine.judge(photo, { profile: 'slow' as 'fast' })).rejects.toThrow(
      'profile must be careful, fast, single, found "slow"',
    );
    await expect(engine.judge(photo, { treshold: 1 } as object)).rejects.toThrow(
      'unknown option "treshold"; there are threshold, profile',
    );
  });

  it('is for review between the limits that the calibration names, or those it was made with', async () => {
    const sure = await engine.judge(photo);
    const { low, high } = calibrationOf('fast').review!;
    expect(sure).toMatchObject({ verdict: 'live', review: false, reviewLimits: { low, high } });
    const probability = sure.liveProbability!;
    const limits = { low: probability - 0.01, high: probability + 0.001 };
    const strict = await createLiveness({ profile: 'fast', review: limits });
    onTestFinished(() => strict.close());
    const doubtful = await strict.judge(photo);
    expect(doubtful).toMatchObject({
      verdict: 'live',
      score: sure.score,
      review: true,
      reviewLimits: limits,
    });
    expect(doubtful.reasons[0]).toMatchObject({ code: 'UNCERTAIN', severity: 'warning' });
    for (const review of [
      { low: 0.7, high: 0.7 },
      { low: -0.1, high: 0.5 },
      { low: Number.NaN, high: 0.5 },
    ]) {
      await expect(createLiveness({ review })).rejects.toThrow(/review must be two numbers from 0 to 1/);
    }
  });

  it('stops before work that nobody waits for', async () => {
    await expect(engine.judge(photo, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('refuses what is no picture', async () => {
    await expect(engine.judge(Buffer.from('no picture'))).rejects.toMatchObject({
      kind: 'picture_unreadable',
      reason: 'not_an_image',
    });
  });

  it('takes the sample selfie for live and the print and the screen for attacks', async () => {
    const scores = new Map<string, number>();
    for (const name of ['T1.jpg', 'F1.jpg', 'F2.jpg']) {
      const { score } = await engine.judge(await readFile(samplePath(name)));
      scores.set(name, score!);
    }
    expect(scores.get('T1.jpg')).toBeGreaterThan(87);
    expect(scores.get('F1.jpg')).toBeLessThanOrEqual(87);
    expect(scores.get('F2.jpg')).toBeLessThanOrEqual(87);
  });
});
