import { readFileSync } from 'node:fs';
import type { Presentation } from '../types.ts';

/** A case of the scikit-learn fixtures. */
export interface MetricCase {
  readonly name: string;
  readonly bonaFide: readonly number[];
  readonly attacks: readonly number[];
  readonly auc: number;
  readonly eer: number;
  readonly bpcerAtApcer: Readonly<Record<string, number>>;
  readonly roc: readonly (readonly [threshold: number, fpr: number, fnr: number])[];
  readonly det: readonly (readonly [threshold: number, fpr: number, fnr: number])[];
}

/** What scikit-learn and SciPy say; made by make-fixtures.py. */
export const fixtures = JSON.parse(
  readFileSync(new URL('./fixtures/metrics.json', import.meta.url), 'utf8'),
) as {
  readonly cases: readonly MetricCase[];
  readonly calibration: readonly {
    readonly labels: readonly number[];
    readonly probabilities: readonly number[];
    readonly brier: number;
    readonly ece: number;
    readonly bins: readonly (readonly [said: number, was: number])[];
  }[];
  readonly clopperPearson: readonly (readonly number[])[];
  readonly betaQuantile: readonly (readonly number[])[];
  readonly mcnemar: readonly (readonly number[])[];
  readonly probit: readonly (readonly number[])[];
};

let made = 0;

/** A presentation with nothing known but what is given. */
export function row(given: Partial<Presentation> & Pick<Presentation, 'label' | 'score'>): Presentation {
  return {
    id: `made ${made++}`,
    species: given.label === 'attack' ? 'print' : null,
    subject: null,
    session: null,
    device: null,
    group: null,
    fold: null,
    probability: null,
    nonResponse: given.score === null ? 'no_face' : null,
    ...given,
  };
}

/** Rows of bona fide and attack scores. */
export function rowsOf(bonaFide: readonly number[], attacks: readonly number[]): Presentation[] {
  return [
    ...bonaFide.map((score) => row({ label: 'bona-fide', score })),
    ...attacks.map((score) => row({ label: 'attack', score })),
  ];
}
