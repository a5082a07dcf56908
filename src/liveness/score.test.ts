import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactScore, liveProbability, scoreOf } from './calibrate.ts';
import { classProbabilities, liveLogit } from './classify.ts';
import { fuseLogits } from './fuse.ts';
import type { ClassifierCard } from './pack.ts';
import { PROFILES } from './profiles.ts';
import { calibrationOf, firstClassifier } from './test-support/cards.ts';
import type { CropEvidence } from './types.ts';

const probabilities: ClassifierCard = {
  ...firstClassifier,
  name: 'other',
  output: { ...firstClassifier.output, values: 'probabilities' },
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
    expect(liveLogit(firstClassifier, [2, 0, -Infinity])).toBeCloseTo(2, 12);
    expect(liveLogit(firstClassifier, [0, 0, 0])).toBeCloseTo(-Math.log(2), 12);
    expect(liveLogit(probabilities, [0.8, 0.15, 0.05])).toBeCloseTo(Math.log(4), 12);
  });

  it('stays within 12 either way, also for huge and infinite values', () => {
    expect(liveLogit(firstClassifier, [1e30, 0, 0])).toBe(12);
    expect(liveLogit(firstClassifier, [-1e30, 0, 0])).toBe(-12);
    expect(liveLogit(probabilities, [1, 0, 0])).toBe(12);
    expect(liveLogit(probabilities, [0, 1, 0])).toBe(-12);
  });

  it('never takes a broken output for live', () => {
    expect(liveLogit(firstClassifier, [Number.NaN, 0, 0])).toBe(-12);
    expect(liveLogit(firstClassifier, [Infinity, Infinity, 0])).toBe(-12);
    expect(liveLogit(probabilities, [0, 0, 0])).toBe(-12);
  });
});

describe('classProbabilities', () => {
  it('sums to one and keeps the order', () => {
    const values = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(values, (logits) => {
        const p = classProbabilities(firstClassifier, logits);
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
  it('is the plain mean for one network, whatever its weight', () => {
    const runs = [evidence('one', 1), evidence('one', 2), evidence('one', 6)];
    expect(fuseLogits([{ name: 'one', weight: 0.7 }], runs)).toBeCloseTo(3, 12);
  });

  it('weighs networks by their weights, not by their number of runs', () => {
    const runs = [evidence('one', 4), ...[0, 0, 0].map((z) => evidence('other', z))];
    const members = [
      { name: 'one', weight: 1 },
      { name: 'other', weight: 3 },
    ];
    expect(fuseLogits(members, runs)).toBe(1);
  });

  it('refuses to fuse nothing', () => {
    expect(() => fuseLogits([{ name: 'one', weight: 1 }], [])).toThrow(RangeError);
  });
});

describe.each(PROFILES)('the score of %s', (profile) => {
  const calibration = calibrationOf(profile);

  it('never falls when the logit rises, and stays an integer from 0 to 100', () => {
    const z = fc.double({ min: -15, max: 15, noNaN: true });
    fc.assert(
      fc.property(z, z, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        expect(scoreOf(calibration, low)).toBeLessThanOrEqual(scoreOf(calibration, high));
        expect(Number.isInteger(scoreOf(calibration, a))).toBe(true);
        expect(scoreOf(calibration, a)).toBeGreaterThanOrEqual(0);
        expect(scoreOf(calibration, a)).toBeLessThanOrEqual(100);
        expect(liveProbability(calibration, low)).toBeLessThanOrEqual(liveProbability(calibration, high));
      }),
    );
  });

  it('is flat outside its curve and passes 87.5 where the operating point lies', () => {
    expect([exactScore(calibration, -100), exactScore(calibration, 100)]).toEqual([0, 100]);
    const point = { careful: 2.4, fast: 1.6, single: 1.8 }[profile];
    expect(exactScore(calibration, point)).toBeCloseTo(87.5, 9);
    expect(scoreOf(calibration, point)).toBe(88);
    expect(scoreOf(calibration, point - 0.05)).toBe(86);
  });

  it('takes a logit that is no number for 0', () => {
    expect(scoreOf(calibration, Number.NaN)).toBe(0);
  });
});
