import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EvaluateOptions, evaluate } from './evaluate.ts';
import { bootstrapIntervals } from './metrics/bootstrap.ts';
import { cluster } from './metrics/clusters.ts';
import { areaUnderRoc, bpcerAtApcer, equalError, errorCurve, ratesAt } from './metrics/curve.ts';
import { clopperPearson } from './metrics/intervals.ts';
import { binomialCdf } from './metrics/special.ts';
import { summarise } from './summary.ts';
import { row, rowsOf } from './test-support/fixtures.ts';
import { assignFolds } from './threshold.ts';
import { isScored, type Presentation } from './types.ts';

const scores = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 });
const both = fc.record({ bonaFide: scores, attacks: scores });
const scoredRows = (bonaFide: readonly number[], attacks: readonly number[]) =>
  rowsOf(bonaFide, attacks).filter(isScored);
const curveOf = (bonaFide: readonly number[], attacks: readonly number[]) =>
  errorCurve(scoredRows(bonaFide, attacks));

const TRANSFORMS: readonly ((x: number) => number)[] = [
  (x) => 3 * x - 100,
  (x) => Math.exp(x / 3),
  (x) => x ** 3,
  (x) => Math.atan(x - 5),
];

describe('rank metrics', () => {
  it('do not change when scores are transformed monotonically', () => {
    fc.assert(
      fc.property(both, fc.constantFrom(...TRANSFORMS), ({ bonaFide, attacks }, f) => {
        const plain = curveOf(bonaFide, attacks);
        const moved = curveOf(bonaFide.map(f), attacks.map(f));
        expect([...moved.apcer]).toEqual([...plain.apcer]);
        expect([...moved.bpcer]).toEqual([...plain.bpcer]);
        expect(areaUnderRoc(moved)).toBe(areaUnderRoc(plain));
        expect(equalError(moved).rate).toBe(equalError(plain).rate);
        for (const target of [0.01, 0.05, 0.1]) {
          expect(bpcerAtApcer(moved, target)).toBe(bpcerAtApcer(plain, target));
        }
      }),
    );
  });

  it('are mirrored when labels are swapped', () => {
    fc.assert(
      fc.property(both, ({ bonaFide, attacks }) => {
        const plain = curveOf(bonaFide, attacks);
        const swapped = curveOf(attacks, bonaFide);
        expect(areaUnderRoc(swapped)).toBeCloseTo(1 - areaUnderRoc(plain), 12);
        expect(equalError(swapped).rate).toBeCloseTo(1 - equalError(plain).rate, 12);
      }),
    );
  });

  it('keep the EER when labels are swapped and scores turned round', () => {
    fc.assert(
      fc.property(both, ({ bonaFide, attacks }) => {
        const turned = curveOf(
          attacks.map((x) => -x),
          bonaFide.map((x) => -x),
        );
        expect(equalError(turned).rate).toBeCloseTo(equalError(curveOf(bonaFide, attacks)).rate, 12);
      }),
    );
  });

  it('count pairs as the definition says, ties as half', () => {
    fc.assert(
      fc.property(both, ({ bonaFide, attacks }) => {
        let won = 0;
        for (const b of bonaFide) for (const a of attacks) won += b > a ? 1 : b === a ? 0.5 : 0;
        expect(areaUnderRoc(curveOf(bonaFide, attacks))).toBeCloseTo(
          won / (bonaFide.length * attacks.length),
          12,
        );
      }),
    );
  });

  it('give at any threshold what counting gives', () => {
    fc.assert(
      fc.property(both, fc.double({ min: -2, max: 14, noNaN: true }), ({ bonaFide, attacks }, t) => {
        const { apcer, bpcer } = ratesAt(curveOf(bonaFide, attacks), t);
        expect(apcer).toBeCloseTo(attacks.filter((a) => a > t).length / attacks.length, 12);
        expect(bpcer).toBeCloseTo(bonaFide.filter((b) => b <= t).length / bonaFide.length, 12);
      }),
    );
  });

  it('do not depend on the order of rows', () => {
    fc.assert(
      fc.property(both, fc.infiniteStream(fc.nat()), ({ bonaFide, attacks }, keys) => {
        const rows = scoredRows(bonaFide, attacks);
        const shuffled = rows
          .map((r) => ({ r, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ r }) => r);
        expect(errorCurve(shuffled)).toEqual(errorCurve(rows));
      }),
    );
  });
});

describe('the evaluation', () => {
  const answer = fc.record({
    label: fc.constantFrom('bona-fide' as const, 'attack' as const),
    score: fc.option(fc.integer({ min: 0, max: 100 }), { freq: 8 }),
    species: fc.constantFrom('print', 'replay'),
    subject: fc.constantFrom('a', 'b', 'c', 'd'),
  });
  const set = fc
    .array(answer, { maxLength: 50 })
    .map((all): Presentation[] =>
      all.map((r) => row({ ...r, species: r.label === 'attack' ? r.species : null })),
    );
  const options: EvaluateOptions = { threshold: 50, replicates: 20 };

  it('holds its numbers together, whatever is missing', () => {
    fc.assert(
      fc.property(set, (rows) => {
        const s = summarise(evaluate(rows, options).evaluation);
        const bonaFide = rows.filter((r) => r.label === 'bona-fide');
        const answered = bonaFide.filter((r) => r.score !== null);
        expect(s.bpcer).toBe(
          answered.length === 0 ? null : answered.filter((r) => r.score! <= 50).length / answered.length,
        );
        const shares = Object.values(s.apcer).filter((v) => v !== null);
        expect(s.apcerMax).toBe(shares.length === 0 ? null : Math.max(...shares));
        if (s.apcerMax !== null && s.bpcer !== null)
          expect(s.acer).toBeCloseTo((s.apcerMax + s.bpcer) / 2, 12);
        else expect(s.acer).toBeNull();
        expect(JSON.stringify(s)).not.toMatch(/NaN|Infinity/);
      }),
    );
  });

  it('gives the same for the same seed', () => {
    fc.assert(
      fc.property(set, (rows) => {
        expect(evaluate(rows, options).evaluation).toEqual(evaluate(rows, options).evaluation);
      }),
      { numRuns: 20 },
    );
  });
});

describe('intervals', () => {
  it('of Clopper and Pearson hold the share, and their ends have the chance they claim', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(400), (n, k) => {
        const errors = Math.min(n, k);
        const [low, high] = clopperPearson(errors, n, 0.95)!;
        expect(low).toBeLessThanOrEqual(errors / n);
        expect(high).toBeGreaterThanOrEqual(errors / n);
        if (errors < n) expect(binomialCdf(errors, n, high)).toBeCloseTo(0.025, 9);
        if (errors > 0) expect(1 - binomialCdf(errors - 1, n, low)).toBeCloseTo(0.025, 9);
      }),
    );
  });

  it('are wider by subject than by picture when subjects err as a whole', () => {
    const rows = Array.from({ length: 20 }, (_, s) =>
      Array.from({ length: 10 }, () =>
        row({ label: 'bona-fide', score: s % 4 === 0 ? 0 : 100, subject: `s${s}` }),
      ),
    ).flat();
    const width = (kind: 'subject' | 'picture') => {
      const [low, high] = evaluate([...rows, row({ label: 'attack', score: 0, subject: 'x' })], {
        threshold: 50,
        cluster: kind,
      }).evaluation.measures.bpcer.bootstrap!;
      return high - low;
    };
    expect(width('subject')).toBeGreaterThan(2 * width('picture'));
  });

  it('keep both classes in every replicate', () => {
    const rows = rowsOf([1, 2, 3], [0]);
    const clusters = cluster(rows, 'picture');
    bootstrapIntervals(
      rows,
      clusters,
      1,
      (weights, out) => {
        expect(weights[3]).toBe(1);
        expect(weights[0] + weights[1] + weights[2]).toBe(3);
        out[0] = 0;
      },
      { replicates: 50, seed: 3, confidence: 0.9 },
    );
  });
});

describe('folds', () => {
  it('never divide a subject', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 30, maxLength: 80 }),
        fc.integer({ min: 0, max: 99 }),
        (subjects, seed) => {
          const rows = subjects.map((s) => row({ label: 'bona-fide', score: 1, subject: `s${s}` }));
          fc.pre(new Set(subjects).size >= 3);
          const folds = assignFolds(rows, 3, seed);
          const foldOf = new Map<string, string>();
          rows.forEach((r, i) => {
            expect(foldOf.get(r.subject!) ?? folds[i]).toBe(folds[i]);
            foldOf.set(r.subject!, folds[i]);
          });
          expect(new Set(folds).size).toBe(3);
        },
      ),
    );
  });
});
