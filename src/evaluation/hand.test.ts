import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.ts';
import { equalError, errorCurve } from './metrics/curve.ts';
import { mcnemar, signFlipTest } from './metrics/paired.ts';
import { summarise } from './summary.ts';
import { row, rowsOf } from './test-support/fixtures.ts';
import { chooseThreshold, parseThresholdRule } from './threshold.ts';
import { isScored } from './types.ts';

// Four bona fide (20, 60, 80, 90; one without a face) and six attacks: prints 10, 30, 85; replays 5, 70 and one without.
const HAND = [
  row({ label: 'bona-fide', score: 20, subject: 'a', group: 'x' }),
  row({ label: 'bona-fide', score: 60, subject: 'b', group: 'x' }),
  row({ label: 'bona-fide', score: 80, subject: 'c', group: 'y' }),
  row({ label: 'bona-fide', score: 90, subject: 'd', group: 'y' }),
  row({ label: 'bona-fide', score: null, subject: 'e', group: 'y' }),
  row({ label: 'attack', score: 10, species: 'print', subject: 'a', group: 'x' }),
  row({ label: 'attack', score: 30, species: 'print', subject: 'b', group: 'x' }),
  row({ label: 'attack', score: 85, species: 'print', subject: 'c', group: 'y' }),
  row({ label: 'attack', score: 5, species: 'replay', subject: 'a', group: 'x' }),
  row({ label: 'attack', score: 70, species: 'replay', subject: 'b', group: 'x' }),
  row({ label: 'attack', score: null, species: 'replay', subject: 'c', group: 'y' }),
];

describe('a set worked by hand, at threshold 50', () => {
  const { evaluation } = evaluate(HAND, { threshold: 50, replicates: 100, by: ['group'] });
  const s = summarise(evaluation);

  it('rejects one of the four bona fide that answered', () => expect(s.bpcer).toBe(1 / 4));

  it('accepts a third of the prints and half of the replays that answered', () => {
    expect(s.apcer).toEqual({ print: 1 / 3, replay: 1 / 2 });
    expect(s.apcerMax).toBe(1 / 2);
    expect(s.apcerMaxSpecies).toBe('replay');
    expect(s.apcerPooled).toBe(2 / 5);
  });

  it('puts the non-responses beside', () => {
    expect(s.bpnrr).toBe(1 / 5);
    expect(s.apnrr).toEqual({ print: 0, replay: 1 / 3 });
    expect(s.bonaFideTurnedAway).toBe(2 / 5);
    expect(s.counts.nonResponses).toEqual({ no_face: 2 });
  });

  it('averages them', () => {
    expect(s.acer).toBeCloseTo((1 / 2 + 1 / 4) / 2, 15);
    expect(s.hter).toBeCloseTo((2 / 5 + 1 / 4) / 2, 15);
  });

  it('ranks 14 of 20 pairs rightly', () => {
    // 20 beats 10, 5; 60 beats 10, 30, 5; 80 beats 10, 30, 5, 70; 90 beats all five.
    expect(s.auc).toBeCloseTo(14 / 20, 15);
  });

  it('finds the equal error rate between the scores 30 and 60', () => {
    // At 30: APCER 2/5, BPCER 1/4. At 60: APCER 2/5, BPCER 2/4. The line between meets 2/5.
    expect(s.eer).toBeCloseTo(2 / 5, 15);
  });

  it('needs to pass 85 to keep APCER under 10 %', () => {
    // Above 70: one attack of five (20 %) is left, above 85 none; 20, 60 and 80 are rejected there.
    expect(s.bpcerAtApcer).toEqual({ '1': 3 / 4, '5': 3 / 4, '10': 3 / 4 });
    // Replays alone would let 70 do, prints need 85.
    expect(s.bpcerAtWorstApcer['10']).toBe(3 / 4);
  });

  it('compares the groups', () => {
    const [{ groups, largestDifference }] = s.groups;
    expect(groups.map((g) => [g.value, g.bpcer.share, g.apcer.share])).toEqual([
      ['x', 1 / 2, 1 / 4],
      ['y', 0, 1],
    ]);
    expect(largestDifference.bpcer).toEqual({
      low: 'y',
      high: 'x',
      difference: 1 / 2,
      intervalsApart: false,
    });
  });

  it('bounds what had no errors by pictures and by people', () => {
    const many = Array.from({ length: 50 }, (_, i) =>
      row({ label: 'bona-fide', score: 99, subject: `s${i % 5}` }),
    );
    const { bpcer } = evaluate([...many, row({ label: 'attack', score: 0, subject: 'z' })], {
      threshold: 50,
      replicates: 10,
    }).evaluation.measures;
    expect(bpcer.interval![1]).toBeCloseTo(1 - 0.025 ** (1 / 50), 12);
    expect(bpcer.zeroErrorBound).toBeCloseTo(1 - 0.025 ** (1 / 5), 12);
    expect(bpcer.bootstrap).toBeNull();
  });
});

describe('a threshold', () => {
  const rows = rowsOf([20, 60, 80, 90], [10, 30, 85, 5, 70]);
  const choose = (rule: string) => chooseThreshold(rows, parseThresholdRule(rule));

  it('is the value that must be exceeded: a score equal to it is rejected', () => {
    const s = summarise(evaluate(rowsOf([50], [50]), { threshold: 50, replicates: 0 }).evaluation);
    expect([s.bpcer, s.apcerMax]).toEqual([1, 0]);
  });

  it('is chosen half-way to the next score', () => {
    expect(choose('apcer=0.2')).toBe(75);
    expect(choose('apcer=0')).toBe(87.5);
    expect(choose('bpcer=0.25')).toBe(45);
    expect(choose('bpcer=0')).toBe(15);
  });

  it('accepts everything when nothing is forbidden', () => expect(choose('apcer=1')).toBe(4));

  it('for the worst species is that of the species needing the highest', () => {
    const two = [
      ...rowsOf([50, 60], [10]),
      row({ label: 'attack', species: 'mask', score: 40 }),
      row({ label: 'attack', species: 'mask', score: 20 }),
    ];
    expect(chooseThreshold(two, parseThresholdRule('worst-apcer=0.1'))).toBe(45);
    expect(chooseThreshold(two, parseThresholdRule('apcer=0.34'))).toBe(30);
  });

  it.each(['apcer', 'apcer=2', 'eer=0.1', 'best', ''])('is not chosen by the rule "%s"', (rule) => {
    expect(() => choose(rule)).toThrow(/Expected eer, hter/);
  });

  it('says where it was chosen', () => {
    const rule = parseThresholdRule('eer');
    const subjects = rows.map((r, i) => ({ ...r, subject: `s${i}` }));
    const source = (options: object) =>
      evaluate(subjects, { threshold: 0, replicates: 0, ...options }).evaluation;
    expect(source({}).threshold.source).toBe('given');
    expect(source({ rule }).threshold.source).toBe('test-set');
    expect(source({ rule }).warnings.join()).toMatch(/very pictures it is measured on/);
    expect(source({ rule, development: rows }).threshold.source).toBe('development-set');
    const folds = source({ rule, folds: 2, seed: 2 }).threshold;
    expect(folds.source).toBe('folds');
    expect(folds.folds.map((f) => f.rows).sort()).toEqual([4, 5]);
  });

  it('of a fold is not moved by the scores of that fold', () => {
    const inFold = (shift: number) =>
      evaluate(
        [
          ...rowsOf([20, 60, 80], [10, 30, 70]).map((r) => ({ ...r, fold: '1' })),
          ...rowsOf([25, 65, 85], [15, 35, 75]).map((r) => ({ ...r, fold: '2', score: r.score! + shift })),
        ],
        { threshold: 0, rule: parseThresholdRule('eer'), folds: 2, replicates: 0 },
      ).evaluation.threshold.folds;
    expect(inFold(0)[1].threshold).toBe(inFold(500)[1].threshold);
    expect(inFold(0)[0].threshold).not.toBe(inFold(500)[0].threshold);
  });
});

describe('an expected performance curve', () => {
  it('applies what was chosen elsewhere', () => {
    const development = rowsOf([60, 70], [10, 20]);
    const test = rowsOf([30, 70], [10, 50]);
    const { epc } = evaluate(test, { threshold: 0, development, replicates: 0 }).evaluation;
    expect(epc.source).toBe('development-set');
    // Chosen at 40, between 20 and 60; on the test rows 30 is rejected and 50 accepted.
    expect(epc.points.find((p) => p.alpha === 0.5)).toEqual({ alpha: 0.5, threshold: 40, hter: 0.5 });
  });
});

describe('edges', () => {
  it('hold no number where a class is missing', () => {
    const s = summarise(evaluate(rowsOf([1, 2], []), { threshold: 1, replicates: 10 }).evaluation);
    expect(s).toMatchObject({ bpcer: 0.5, apcer: {}, apcerMax: null, acer: null, auc: null, eer: null });
    expect(s.warnings.join()).toMatch(/no attack presentations/);
  });

  it('call equal scores an error of one half', () => {
    const curve = errorCurve(rowsOf([5, 5], [5]).filter(isScored));
    expect(equalError(curve).rate).toBe(0.5);
  });
});

describe('paired tests', () => {
  it('are exact', () => {
    expect(mcnemar(0, 6)).toBeCloseTo(2 / 64, 12);
    expect(mcnemar(5, 5)).toBe(1);
    expect(mcnemar(0, 0)).toBe(1);
  });

  it('take people as the unit', () => {
    // Forty pictures, all of one person: no evidence, whatever the count.
    expect(signFlipTest([40], 2000, 1)).toBe(1);
    expect(signFlipTest(new Array(12).fill(1), 20_000, 1)).toBeLessThan(0.002);
  });
});
