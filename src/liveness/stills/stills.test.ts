import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreOf } from '../calibrate.ts';
import { reason } from '../reasons.ts';
import { calibrationOf } from '../test-support/cards.ts';
import { madeStill, someKeyPoints } from '../test-support/still.ts';
import type { Judgement } from '../types.ts';
import { type ComparedStill, compareStills, consistencyReasons } from './consistency.ts';
import { fuseStills } from './fuse.ts';

const curve = calibrationOf('careful');

function still(change: Partial<Judgement> & { readonly z?: number; readonly left?: number; size?: number }) {
  const { z = 4, left = 100, size = 200, ...more } = change;
  const box = { left, top: 100, right: left + size, bottom: 100 + size };
  const face = { box, keyPoints: someKeyPoints, detectorScore: 1, detectorIoU: null };
  return madeStill(z, { face, ...more });
}

const unfit = (verdict: 'poor_quality' | 'no_face', ...codes: Parameters<typeof reason>[0][]) =>
  still({ verdict, score: null, reasons: codes.map((code) => reason(code)) });

const codesOf = (reasons: readonly { readonly code: string }[]) => reasons.map(({ code }) => code);

describe('fuseStills', () => {
  const logits = fc.array(fc.double({ min: -12, max: 12, noNaN: true }), { minLength: 1, maxLength: 5 });

  it('scores the mean of Z, whatever the order, within what the stills scored', () => {
    fc.assert(
      fc.property(logits, (zs) => {
        const stills = zs.map((z) => still({ z }));
        const fused = fuseStills(stills, curve);
        const scores = stills.map((one) => one.rawScore ?? 0);
        expect(fused.fusedLogit).toBeCloseTo(zs.reduce((a, b) => a + b, 0) / zs.length, 9);
        expect(fused.score).toBe(scoreOf(curve, fused.fusedLogit ?? Number.NaN));
        expect(fused.score).toBeGreaterThanOrEqual(Math.min(...scores));
        expect(fused.score).toBeLessThanOrEqual(Math.max(...scores));
        expect(fuseStills(stills.toReversed(), curve).fusedLogit).toBeCloseTo(fused.fusedLogit ?? 0, 9);
      }),
    );
  });

  it('never takes stills for live of which every one is an attack, nor the other way round', () => {
    fc.assert(
      fc.property(logits, (zs) => {
        const stills = zs.map((z) => still({ z }));
        const verdicts = new Set(stills.map(({ verdict }) => verdict));
        if (verdicts.size === 1) expect(verdicts).toContain(fuseStills(stills, curve).verdict);
        else expect(fuseStills(stills, curve)).toMatchObject({ review: true });
      }),
    );
  });

  it('leaves an unfit still out, high as its score may be, and says so', () => {
    const alone = fuseStills([still({ z: -3 })], curve);
    const both = fuseStills([unfit('poor_quality', 'BLURRED'), still({ z: -3 })], curve);
    expect(both).toMatchObject({ verdict: 'attack', score: alone.score, used: [1] });
    expect(codesOf(both.reasons)).toContain('STILL_UNFIT');
  });

  it('answers the most frequent reason where none is fit, and no score', () => {
    const stills = [
      unfit('poor_quality', 'TOO_DARK'),
      unfit('poor_quality', 'BLURRED'),
      unfit('poor_quality', 'BLURRED', 'TOO_DARK', 'NOISY'),
      unfit('poor_quality', 'BLURRED'),
    ];
    const fused = fuseStills(stills, curve);
    expect(fused).toMatchObject({ verdict: 'poor_quality', score: null, review: false, used: [] });
    expect(codesOf(fused.reasons)).toEqual(['BLURRED']);
    const none = [unfit('no_face', 'NO_FACE'), unfit('no_face', 'NO_FACE'), unfit('poor_quality', 'BLURRED')];
    expect(fuseStills(none, curve)).toMatchObject({ verdict: 'no_face' });
    expect(fuseStills(none.slice(1), curve)).toMatchObject({ verdict: 'poor_quality' });
  });

  it('refuses to fuse nothing', () => {
    expect(() => fuseStills([], curve)).toThrow(RangeError);
  });
});

describe('compareStills', () => {
  const compared = (sha256: string, level: number, judgement: Judgement = still({})): ComparedStill => ({
    judgement,
    sha256,
    thumbnail: new Float32Array(1024).fill(level),
  });

  it('finds a picture sent twice and one that was encoded anew', () => {
    const found = compareStills([
      compared('a', 10),
      compared('b', 90),
      compared('a', 10),
      compared('c', 90.4),
    ]);
    expect(found.identical).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(codesOf(consistencyReasons(found))).toEqual(['STILLS_IDENTICAL']);
  });

  it.each([
    ['in one place', {}, []],
    ['a face width further', { left: 310 }, ['STILLS_APART']],
    ['twice the size', { left: 0, size: 400 }, ['STILLS_APART']],
  ] as const)('%s: %j', (_, change, codes) => {
    const found = compareStills([compared('a', 1), compared('b', 50, still(change))]);
    expect(codesOf(consistencyReasons(found))).toEqual(codes);
  });

  it('says nothing of place and size with fewer than two faces', () => {
    const found = compareStills([compared('a', 1), compared('b', 50, still({ face: null }))]);
    expect(found).toMatchObject({ samePosition: null, sameSize: null });
  });

  it('orders by sharpness', () => {
    const sharp = (value: number) => {
      const open = { min: null, max: null };
      return still({
        quality: [{ name: 'Sharpness', value, unit: '', limit: open, advised: open, passed: true }],
      });
    };
    const stills = [compared('a', 1, sharp(3)), compared('b', 50, sharp(9)), compared('c', 99, sharp(5))];
    expect(compareStills(stills).bySharpness).toEqual([1, 2, 0]);
  });
});
