import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeWhere } from '../../test/support/only-where.ts';
import { calibrate } from './metrics/calibration.ts';
import { areaUnderRoc, bpcerAtApcer, equalError, errorCurve, ratesAt } from './metrics/curve.ts';
import { clopperPearson } from './metrics/intervals.ts';
import { mcnemar } from './metrics/paired.ts';
import { betaQuantile, probit } from './metrics/special.ts';
import { fixtures, rowsOf } from './test-support/fixtures.ts';
import { isScored } from './types.ts';

const PARITY = 1e-9;

function near(found: number, expected: number, what: string): void {
  expect(Math.abs(found - expected), `${what}: ${found} against ${expected}`).toBeLessThan(PARITY);
}

describe.each(fixtures.cases)('scikit-learn agrees on $name', (made) => {
  const curve = errorCurve(rowsOf(made.bonaFide, made.attacks).filter(isScored));

  it('on the area under the ROC', () => near(areaUnderRoc(curve), made.auc, 'AUC'));
  it('on the equal error rate', () => near(equalError(curve).rate, made.eer, 'EER'));

  it('on BPCER at an APCER of 1, 5 and 10 %', () => {
    for (const [limit, expected] of Object.entries(made.bpcerAtApcer)) {
      near(bpcerAtApcer(curve, Number(limit) / 100), expected, `BPCER at ${limit} %`);
    }
  });

  it.each(['roc', 'det'] as const)('on every point of the %s curve', (kind) => {
    const scores = [...made.bonaFide, ...made.attacks];
    if (kind === 'roc') expect(made.roc.length).toBeGreaterThan(0);
    for (const [threshold, fpr, fnr] of made[kind]) {
      const below = Math.max(-Infinity, ...scores.filter((score) => score < threshold));
      const rates = ratesAt(curve, below);
      near(rates.apcer, fpr, `APCER at ${threshold}`);
      near(rates.bpcer, fnr, `BPCER at ${threshold}`);
    }
  });
});

describe('SciPy and scikit-learn agree', () => {
  it.each(fixtures.clopperPearson)('on the Clopper-Pearson interval of %i in %i at %f', (...args) => {
    const [errors, n, confidence, low, high] = args;
    const interval = clopperPearson(errors, n, confidence)!;
    near(interval[0], low, 'lower end');
    near(interval[1], high, 'upper end');
  });

  it.each(fixtures.betaQuantile)('on the %f quantile of Beta(%f, %f)', (...args) => {
    const [p, a, b, x] = args;
    near(betaQuantile(p, a, b), x, 'quantile');
  });

  it.each(fixtures.mcnemar)('on the exact McNemar test of %i against %i', (...args) => {
    const [b, c, p] = args;
    near(mcnemar(b, c), p, 'p');
  });

  it.each(fixtures.probit)('on the normal quantile of %f', (...args) => {
    const [p, z] = args;
    expect(Math.abs(probit(p) - z)).toBeLessThan(1e-8);
  });

  it('on Brier score, calibration error and reliability diagram', () => {
    for (const made of fixtures.calibration) {
      const found = calibrate(
        made.labels.map((label, i) => ({
          label: label === 1 ? ('bona-fide' as const) : ('attack' as const),
          probability: made.probabilities[i],
        })),
      )!;
      near(found.brier, made.brier, 'Brier');
      near(found.ece, made.ece, 'ECE');
      const filled = found.bins.filter((bin) => bin.n > 0);
      expect(filled.length).toBe(made.bins.length);
      filled.forEach((bin, i) => {
        near(bin.said!, made.bins[i][0], 'said');
        near(bin.was!, made.bins[i][1], 'was');
      });
    }
  });
});

function python(): string | null {
  for (const command of ['python3', '/usr/bin/python3']) {
    try {
      execFileSync(command, ['-c', 'import sklearn, scipy'], { stdio: 'ignore' });
      return command;
    } catch {
      // Not this one.
    }
  }
  return null;
}

const interpreter = python();

describeWhere(interpreter !== null, 'needs Python 3 with numpy and scipy')('the fixtures', () => {
  it('are what scikit-learn says today', () => {
    const script = fileURLToPath(new URL('./test-support/make-fixtures.py', import.meta.url));
    expect(execFileSync(interpreter!, [script, '--check'], { encoding: 'utf8' })).toContain('the same');
  });
});
