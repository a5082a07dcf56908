import type { Fault } from '../../../src/faults.ts';
import type { Judge, JudgeOptions } from '../../../src/fleet/types.ts';
import type { LedgerRow } from '../../../src/ledger/types.ts';
import { reportedScore } from '../../../src/liveness/reported-score.ts';
import { someJudgement } from '../../../src/liveness/test-support/judgement.ts';
import type { Judgement } from '../../../src/liveness/types.ts';

/** A judgement as the engine gives it, of a live face with raw score 93, changed by `change`. */
export function judgementOf(change: Partial<Omit<Judgement, 'score'>> = {}): Judgement {
  const { verdict = 'live', rawScore = 93 } = change;
  return someJudgement({
    verdict,
    rawScore,
    score: reportedScore(verdict, rawScore),
    classProbabilities: { live: 0.9, print: 0.05, replay: 0.05 },
    models: [{ name: 'test-model', role: 'classifier', sha256: 'a'.repeat(64) }],
    milliseconds: { total: 1 },
    ...change,
  });
}

export const noFace = judgementOf({
  verdict: 'no_face',
  rawScore: null,
  liveProbability: null,
  faceCount: 0,
});

/** A judge that keeps what it was given and answers what the test says. */
export interface HandMadeJudge extends Judge {
  /** Copies of the pictures in the order they came. */
  readonly pictures: Buffer[];
  /** The very bytes it was given, which are not its own once it has answered. */
  readonly given: Uint8Array[];
  readonly options: JudgeOptions[];
  answer: (picture: Buffer, options: JudgeOptions) => Judgement | Promise<Judgement>;
  full: Fault | null;
}

export function handMadeJudge(): HandMadeJudge {
  const judge: HandMadeJudge = {
    pictures: [],
    given: [],
    options: [],
    answer: () => judgementOf(),
    full: null,
    models: judgementOf().models,
    refusal: () => judge.full,
    async judge(picture, options = {}) {
      const copy = Buffer.from(picture);
      judge.given.push(picture);
      judge.pictures.push(copy);
      judge.options.push(options);
      return judge.answer(copy, options);
    },
  };
  return judge;
}

/** A ledger that keeps its rows in a list, and fails when told to. */
export interface ListLedger {
  readonly rows: LedgerRow[];
  fail: Fault | null;
  append(row: LedgerRow): Promise<void>;
}

export function listLedger(): ListLedger {
  const ledger: ListLedger = {
    rows: [],
    fail: null,
    async append(row) {
      if (ledger.fail !== null) throw ledger.fail;
      ledger.rows.push(row);
    },
  };
  return ledger;
}
