import { createHash } from 'node:crypto';
import { Fault } from '../../faults.ts';
import { captureVersion, DEFAULT_CAPTURE } from '../../liveness/quality/capture.ts';
import type { CapturePreset, Judgement, ModelUsed, Profile } from '../../liveness/types.ts';
import type { IndexedPicture, Presentation } from '../types.ts';

/** What the evaluation keeps of a judgement. It does not depend on the threshold. */
export interface Answer {
  /** `judged`, or why there is no response: `poor_quality`, `no_face`, `refused:<reason>`. */
  readonly outcome: string;
  /** 0-100, as the networks gave it before the quality gate: of a poor picture too, null without a face. */
  readonly rawScore: number | null;
  readonly probability: number | null;
  readonly logit: number | null;
  readonly reasons: readonly string[];
  /** Quality components by name, in their units. */
  readonly quality: Readonly<Record<string, number>>;
  readonly quarterTurns: number;
}

/** What judges pictures: one engine, or a fleet of them. */
export interface PictureJudge {
  readonly models: readonly ModelUsed[];
  readonly profile: Profile;
  /** @throws {Fault} when the bytes are no usable picture. */
  judge(bytes: Uint8Array): Promise<Judgement>;
}

/**
 * What answers depend on besides the picture: model files, profile, capture preset and version of the
 * program, as 16 hexadecimal letters.
 */
export function systemKey(
  models: readonly ModelUsed[],
  profile: Profile,
  version: string,
  capture: CapturePreset = DEFAULT_CAPTURE,
): string {
  const { sha256 } = captureVersion(capture);
  const text = JSON.stringify([version, profile, sha256, models.map((m) => [m.name, m.sha256])]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Keeps what matters of a judgement. */
export function answerOf(judgement: Judgement): Answer {
  const { verdict } = judgement;
  return {
    outcome: verdict === 'live' || verdict === 'attack' ? 'judged' : verdict,
    rawScore: judgement.rawScore,
    probability: judgement.liveProbability,
    logit: judgement.fusedLogit,
    reasons: judgement.reasons.map((r) => r.code),
    quality: Object.fromEntries(judgement.quality.map((q) => [q.name, q.value])),
    quarterTurns: judgement.quarterTurns,
  };
}

/** Asks the judge; a picture it refuses (area `picture`) is an answer too. Other faults are thrown. */
export async function ask(judge: PictureJudge, bytes: Uint8Array): Promise<Answer> {
  try {
    return answerOf(await judge.judge(bytes));
  } catch (error) {
    if (!(error instanceof Fault && error.area === 'picture')) throw error;
    return refusedBy(error);
  }
}

/** The answer to a picture that got none. */
export function refusedBy({ reason }: Fault): Answer {
  const none = { rawScore: null, probability: null, logit: null, reasons: [], quality: {}, quarterTurns: 0 };
  return { outcome: `refused:${reason}`, ...none };
}

/**
 * The presentation of a picture with its answer. A picture judged too poor is a non-response, as the service
 * treats it: rates measured with its raw score would be those of a system without the quality gate, which is
 * what `ignoreQuality` measures.
 */
export function presentationOf(
  { path: _, ...described }: IndexedPicture,
  answer: Answer,
  ignoreQuality: boolean,
): Presentation {
  const responds =
    answer.rawScore !== null &&
    (answer.outcome === 'judged' || (ignoreQuality && answer.outcome === 'poor_quality'));
  return {
    ...described,
    score: responds ? answer.rawScore : null,
    probability: responds ? answer.probability : null,
    nonResponse: responds ? null : answer.outcome,
  };
}
