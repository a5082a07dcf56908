import type { JudgedPicture, Liveness } from '../../engine.ts';
import { Fault } from '../../faults.ts';
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

/** Judges one input; a picture that cannot be judged has a result too. */
export async function judgeInput(
  engine: Liveness,
  input: PictureInput,
  explain: ((judged: JudgedPicture) => Promise<void>) | null,
): Promise<ScoreResult> {
  try {
    const judged = await engine.judgeWithPicture(await input.read());
    const { judgement } = judged;
    await explain?.(judged);
    const noFace = judgement.verdict === 'no_face';
    return {
      file: input.name,
      code: codeOf(noFace ? 'no_face' : null),
      message: noFace ? judgement.reasons[0].text : 'OK',
      judged: true,
      ...judgement,
    };
  } catch (error) {
    if (error instanceof Fault) return failure(input.name, codeOf(error.kind), error.reason, error.message);
    throw error;
  }
}
