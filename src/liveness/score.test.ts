import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactScore, liveProbability, scoreOf } from './calibrate.ts';
import { classProbabilities, liveLogit } from './classify.ts';
import { fuseLogits } from './fuse.ts';
import { builtInClassifier, type ClassifierCard } from './pack.ts';
import type { CropEvidence, Profile } from './types.ts';

const profiles: readonly Profile[] = ['careful', 'fast'];
const probabilities: ClassifierCard = {
  ...builtInClassifier,
  name: 'other',
  weight: 3,
  output: { ...builtInClassifier.output, values: 'probabilities' },
};
const evidence = (model: string, logit: number): CropEvidence => ({
  model,
  crop: 'square1.0',
  boxScale: 1,
  rect: { x: 0, y: 0, w: 1, h: 1 },
  outputs: [],
  logit,
});

describe('liveLogit', () => {
  it('is live against all others together', () => {
    expect(liveLogit(builtInClassifier, [2, 0, -Infinity])).toBeCloseTo(2, 12);
    expect(liveLogit(builtInClassifier, [0, 0, 0])).toBeCloseTo(-Math.log(2), 12);
    expect(liveLogit(probabilities, [0.8, 0.15, 0.05])).toBeCloseTo(Math.log(4), 12);
  });

  it('stays within 12 either way, also for huge and infinite values', () => {
    expect(liveLogit(builtInClassifier, [1e30, 0, 0])).toBe(12);
    expect(liveLogit(builtInClassifier, [-1e30, 0, 0])).toBe(-12);
    expect(liveLogit(probabilities, [1, 0, 0])).toBe(12);
    expect(liveLogit(probabilities, [0, 1, 0])).toBe(-12);
  });

  it('never takes a broken output for live', () => {
    expect(liveLogit(builtInClassifier, [Number.NaN, 0, 0])).toBe(-12);
    expect(liveLogit(builtInClassifier, [Infinity, Infinity, 0])).toBe(-12);
    expect(liveLogit(probabilities, [0, 0, 0])).toBe(-12);
  });
});

describe('classProbabilities', () => {
  it('sums to one and keeps the order', () => {
    const values = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(values, (logits) => {
        const p = classProbabilities(builtInClassifier, logits);
        expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        for (const [i, a] of logits.entries()) {
          for (const [j, b] of logits.entries()) if (a < b) expect(p[i]).toBeLessThanOrEqual(p[j]);
        }
      }),
    );
    expect(classProbabilities(probabilities, [0.6, 0.3, 0.1])[0]).toBeCloseTo(0.6, 12);
    expect(classProbabilities(probabilities, [0, 0, 0])).toEqual([1 / 3, 1 / 3, 1 / 3]);
  });
});

describe('fuseLogits', () => {
  it('is the plain mean for the built-in model', () => {
    const name = builtInClassifier.name;
    expect(fuseLogits([builtInClassifier], [evidence(name, 1), evidence(name, 2), evidence(name, 6)])).toBe(
      3,
    );
  });

  it('weighs models by their cards, not by their number of runs', () => {
    const runs = [evidence(builtInClassifier.name, 4), ...[0, 0, 0].map((z) => evidence('other', z))];
    expect(fuseLogits([builtInClassifier, probabilities], runs)).toBe(1);
  });

  it('refuses to fuse nothing', () => {
    expect(() => fuseLogits([builtInClassifier], [])).toThrow(RangeError);
  });
});

describe.each(profiles)('the score of %s', (profile) => {
  it('never falls when the logit rises, and stays an integer from 0 to 100', () => {
    const z = fc.double({ min: -15, max: 15, noNaN: true });
    fc.assert(
      fc.property(z, z, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(scoreOf(profile, low)).toBeLessThanOrEqual(scoreOf(profile, high));
        expect(Number.isInteger(scoreOf(profile, a))).toBe(true);
        expect(scoreOf(profile, a)).toBeGreaterThanOrEqual(0);
        expect(scoreOf(profile, a)).toBeLessThanOrEqual(100);
        expect(liveProbability(profile, low)).toBeLessThanOrEqual(liveProbability(profile, high));
      }),
    );
  });

  it('is flat outside its curve and passes 87.5 where the operating point lies', () => {
    expect([exactScore(profile, -100), exactScore(profile, 100)]).toEqual([0, 100]);
    const point = profile === 'careful' ? 1.8 : 2;
    expect(exactScore(profile, point)).toBeCloseTo(87.5, 9);
    expect(scoreOf(profile, point)).toBe(88);
    expect(scoreOf(profile, point - 0.05)).toBe(86);
  });

  it('takes a logit that is no number for 0', () => {
    expect(scoreOf(profile, Number.NaN)).toBe(0);
  });
});
