import { Fault } from '../../faults.ts';
import type { Judgement } from '../../liveness/types.ts';
import { type Envelope, faultEnvelope } from '../http/envelope.ts';
import { reportedScore } from './reported-score.ts';

/** The switches that make replies look like those of one year or another of the old service. */
export interface CompatSettings {
  /** Put `session_id` in front of `score`, as the service of 2018 did. */
  readonly sessionId: boolean;
  /** What a picture without a face answers: code -4015, or code 0 with score 0. */
  readonly noFace: 'error' | 'score-zero';
  /** Judge HEIC and AVIF, which the old service refused. */
  readonly heif?: boolean;
}

/** The highest score that a picture too poor to judge is reported with. */
const POOR_QUALITY_CAP = 60;

/** The reply to a judged picture. */
export function judgementEnvelope(judgement: Judgement, compat: CompatSettings, requestId: string): Envelope {
  const score = wireScore(judgement);
  if (score === null && compat.noFace === 'error') {
    return faultEnvelope(new Fault('no_face', 'no_face', 'No face was found, or the detectors disagree.'));
  }
  const session = compat.sessionId ? { session_id: requestId } : {};
  return {
    http: 200,
    kind: null,
    message: 'OK',
    data: { ...session, score: score ?? 0 },
    headers: judgementHeaders(judgement),
  };
}

/** Why the score is low, and the score as judged, before the app's threshold was mapped onto 87. */
function judgementHeaders(judgement: Judgement): Readonly<Record<string, string>> {
  const { verdict, rawScore: score } = judgement;
  const reason = verdict === 'live' ? {} : { 'x-liveness-reason': verdict };
  const raw = score === null ? {} : { 'x-liveness-raw-score': String(score) };
  return { ...reason, ...raw, ...severalFaces(judgement) };
}

/** At most so many sizes are told. */
const MOST_FACES = 8;

/** Sizes of the faces in pixels, the judged one's first, where there is more than one. */
function severalFaces({ faceSizes = [] }: Judgement): Readonly<Record<string, string>> {
  if (faceSizes.length < 2) return {};
  const sizes = faceSizes
    .slice(0, MOST_FACES)
    .map(({ width, height }) => `${Math.round(width)}x${Math.round(height)}`);
  return { 'x-liveness-faces': `SEVERAL_FACES ${faceSizes.length}: ${sizes.join(', ')}` };
}

/**
 * The score as the wire reports it: the threshold in force lies at 87, quality too poor to judge is capped,
 * null where no face was judged.
 */
function wireScore({ verdict, rawScore: score, threshold }: Judgement): number | null {
  if (verdict === 'no_face' || score === null) return null;
  const reported = reportedScore(score, threshold);
  return verdict === 'poor_quality' ? Math.min(reported, POOR_QUALITY_CAP) : reported;
}
