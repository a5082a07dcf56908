import { DEFAULT_CAPTURE } from '../../liveness/quality/capture.ts';
import { type PlanarMotion, planarMotion } from '../../liveness/stills/motion.ts';
import type { Together } from '../../liveness/stills/together.ts';
import type { Judgement, QualityComponent } from '../../liveness/types.ts';
import type { Decision } from '../../policy/decide.ts';
import type { DecidedStill } from '../decision/decide-together.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Language } from './language.ts';
import { textHeaders } from './problems.ts';
import { textsOf } from './reason-texts.ts';
import type { LivenessBody, TogetherBody } from './schemas.ts';

/** The media type of JSON replies. */
export const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * What the caller hears of a judged picture.
 * @param options.minFaceWidth the app's own minimum face width in pixels; null: it has none
 */
export function livenessBody(
  judgement: Judgement,
  decision: Decision,
  options: { readonly requestId: string; readonly language: Language; readonly minFaceWidth: number | null },
): LivenessBody {
  const { verdict } = decision;
  // A score of a picture that is not fit to be judged would be read as one: a blurred attack often scores
  // high.
  const judged = verdict === 'live' || verdict === 'attack';
  const { face } = judgement;
  const { minFaceWidth } = options;
  return {
    requestId: options.requestId,
    profile: judgement.profile,
    verdict,
    score: decision.score,
    review: decision.review,
    reviewLimits: judgement.reviewLimits === null ? null : { ...judgement.reviewLimits },
    rawScore: judgement.rawScore,
    threshold: judgement.threshold,
    capturePreset: judgement.capture ?? DEFAULT_CAPTURE,
    liveProbability: judged ? judgement.liveProbability : null,
    classProbabilities: judged ? { ...judgement.classProbabilities } : {},
    faceBox: face === null ? null : { ...face.box },
    keyPoints: face === null ? null : { ...face.keyPoints },
    faceCount: judgement.faceCount,
    rotation: (judgement.quarterTurns * 90) as LivenessBody['rotation'],
    quality: judgement.quality.map((one) => componentOf(one, minFaceWidth)),
    reasons: decision.reasons.map((one) => ({
      code: one.code,
      severity: one.severity,
      ...textsOf(one, options.language),
    })),
    models: judgement.models.map(({ name, role, sha256 }) => ({ name, role, sha256 })),
    timings: Object.fromEntries(
      Object.entries(judgement.milliseconds).map(([step, ms]) => [step, Math.round(ms * 100) / 100]),
    ),
  };
}

/** What the caller hears of several stills. @param bodies the answer to each, in their order */
export function togetherBody(
  { fused, consistency, judgement }: Together,
  stills: readonly DecidedStill[],
  bodies: readonly LivenessBody[],
  options: { readonly requestId: string; readonly language: Language; readonly minFaceWidth: number | null },
): TogetherBody {
  const body = livenessBody(judgement, judgement, options);
  const { requestId, profile, verdict, score, review, reviewLimits, rawScore } = body;
  const { threshold, capturePreset, reasons } = body;
  return {
    requestId,
    profile,
    verdict,
    score,
    review,
    reviewLimits,
    rawScore,
    threshold,
    capturePreset,
    liveProbability: fused.liveProbability,
    reasons,
    used: [...fused.used],
    stills: [...bodies],
    consistency: {
      samePosition: consistency.samePosition,
      sameSize: consistency.sameSize,
      identical: consistency.identical.map((pair) => [...pair]),
      bySharpness: [...consistency.bySharpness],
      planarMotion: motionOf(stills),
    },
  };
}

/** Between the first and the last still with a face. */
function motionOf(stills: readonly DecidedStill[]): PlanarMotion | null {
  const faces = stills.flatMap(({ judgement: { face } }) => (face === null ? [] : [face]));
  const [first, last] = [faces[0], faces.at(-1)];
  return first === undefined || last === undefined || first === last
    ? null
    : planarMotion(first.keyPoints, last.keyPoints);
}

/** A JSON reply to several stills; see {@link livenessEnvelope}. */
export function togetherEnvelope(body: TogetherBody, language: Language): Envelope {
  return {
    ...jsonEnvelope(body, textHeaders(language)),
    kind: body.verdict === 'no_face' ? 'no_face' : null,
    data: body.score === null ? {} : { score: body.score },
  };
}

/**
 * One component with its limits; the width of the face with the app's own, where that is the stricter one.
 */
function componentOf(
  { name, value, unit, limit, advised, passed }: QualityComponent,
  minFaceWidth: number | null,
): LivenessBody['quality'][number] {
  const own = name === 'FaceWidth' && minFaceWidth !== null ? minFaceWidth : null;
  return {
    name,
    value,
    unit,
    min: own === null ? limit.min : Math.max(own, limit.min ?? own),
    max: limit.max,
    passed: passed && (own === null || value >= own),
    advisedMin: advised.min,
    advisedMax: advised.max,
  };
}

/**
 * A JSON reply. `score` goes to the decision's line in the log; the code of `no_face` stands there for a
 * picture without a face.
 */
export function livenessEnvelope(body: LivenessBody, language: Language): Envelope {
  return {
    ...jsonEnvelope(body, textHeaders(language)),
    kind: body.verdict === 'no_face' ? 'no_face' : null,
    data: body.score === null ? {} : { score: body.score },
  };
}

/** Any JSON reply with status 200. */
export function jsonEnvelope(body: unknown, headers: Readonly<Record<string, string>>): Envelope {
  return textEnvelope(JSON.stringify(body), JSON_TYPE, headers);
}

/** Any reply with status 200 and a body of its own. */
export function textEnvelope(
  text: string,
  contentType: string,
  headers: Readonly<Record<string, string>>,
): Envelope {
  return fixedEnvelope(fixedBody(text, contentType), headers);
}

/** A body that many replies may share. */
export function fixedBody(text: string, contentType: string): NonNullable<Envelope['body']> {
  return { contentType, bytes: Buffer.from(text, 'utf8') };
}

/** A reply with status 200 and a body that is there already. */
export function fixedEnvelope(
  body: NonNullable<Envelope['body']>,
  headers: Readonly<Record<string, string>>,
): Envelope {
  return { http: 200, kind: null, message: 'OK', data: {}, headers, body };
}
