import { createHash } from 'node:crypto';
import type { JudgedPicture, Liveness } from '../../engine.ts';
import { Fault } from '../../faults.ts';
import type { JudgedStill } from '../../liveness/stills/together.ts';
import type { Judgement } from '../../liveness/types.ts';
import type { PictureInput } from '../../picture/inputs.ts';
import { codeOf } from '../../wire/legacy/codes/codes.ts';

/** What is said of one file: the wire code it would have got, and the judgement where there is one. */
export type ScoreResult = { readonly file: string; readonly code: number; readonly message: string } & (
  | ({ readonly judged: true } & Judgement)
  | {
      readonly judged: false;
      readonly reason: string;
      readonly score: null;
      readonly rawScore: null;
      readonly verdict: null;
      readonly review: null;
    }
);

function failure(file: string, code: number, reason: string, message: string): ScoreResult {
  return {
    file,
    code,
    message,
    judged: false,
    reason,
    score: null,
    rawScore: null,
    verdict: null,
    review: null,
  };
}

/** The result of one input, and what compares it with others where that was asked for. */
export interface Judged {
  readonly result: ScoreResult;
  readonly still: JudgedStill | null;
}

/** Judges one input; a picture that cannot be judged has a result too. */
export async function judgeInput(
  engine: Liveness,
  input: PictureInput,
  explain: ((judged: JudgedPicture) => Promise<void>) | null,
  isStill = false,
): Promise<Judged> {
  try {
    const bytes = await input.read();
    const sha256 = isStill ? createHash('sha256').update(bytes).digest('hex') : '';
    const judged = await engine.judgeWithPicture(bytes, isStill ? { still: true } : {});
    await explain?.(judged);
    const { still, ...judgement } = judged.judgement;
    const noFace = judgement.verdict === 'no_face';
    const result: ScoreResult = {
      file: input.name,
      code: codeOf(noFace ? 'no_face' : null),
      message: noFace ? judgement.reasons[0].text : 'OK',
      judged: true,
      ...judgement,
    };
    const compared = { judgement: judged.judgement, sha256, thumbnail: still?.thumbnail ?? null };
    return { result, still: isStill ? compared : null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { result: failure(input.name, codeOf(error.kind), error.reason, error.message), still: null };
  }
}
