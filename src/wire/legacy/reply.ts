import { Fault } from '../../errors.ts';
import type { Judgement } from '../../liveness/types.ts';
import { type Envelope, faultEnvelope } from '../envelope.ts';

/** The switches that make replies look like those of one year or another of the old service. */
export interface CompatSettings {
  /** Put `session_id` in front of `score`, as the service of 2018 did. */
  readonly sessionId: boolean;
  /** What a picture without a face answers: code -4015, or code 0 with score 0. */
  readonly noFace: 'error' | 'score-zero';
}

/** The highest score that a picture too poor to judge is reported with. */
const poorQualityCap = 60;

/** The reply to a judged picture. */
export function judgementEnvelope(judgement: Judgement, compat: CompatSettings, requestId: string): Envelope {
  const score = wireScore(judgement);
  if (score === null && compat.noFace === 'error') {
    return faultEnvelope(new Fault(-4015, 'no_face', 'No face was found, or the detectors disagree.'));
  }
  const session = compat.sessionId ? { session_id: requestId } : {};
  return {
    http: 200,
    code: 0,
    message: 'OK',
    data: { ...session, score: score ?? 0 },
    headers: judgement.verdict === 'live' ? {} : { 'x-liveness-reason': judgement.verdict },
  };
}

/** The score as the wire reports it: capped where quality was too poor to judge, null where no face was judged. */
function wireScore(judgement: Judgement): number | null {
  if (judgement.verdict === 'no_face' || judgement.rawScore === null) return null;
  return judgement.verdict === 'poor_quality'
    ? Math.min(judgement.rawScore, poorQualityCap)
    : judgement.rawScore;
}
