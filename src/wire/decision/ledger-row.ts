import { createHash } from 'node:crypto';
import type { Fault } from '../../faults.ts';
import type {
  DecidingQuality,
  Explanation,
  LedgerRow,
  PolicyVersion,
  StillRecord,
} from '../../ledger/types.ts';
import { captureVersion, DEFAULT_CAPTURE, isCaptureComponent } from '../../liveness/quality/capture.ts';
import type { Judgement, ModelUsed } from '../../liveness/types.ts';
import { DEFAULT_RULES, type JudgingRules } from '../../policy/policy.ts';
import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import { codeOf } from '../legacy/codes/codes.ts';
import { type Facts, since } from './log.ts';

/** Who answered, for every row of one API. */
export interface Answering {
  readonly api: 'legacy' | 'v1';
  /** livestill's version. */
  readonly version: string;
}

/** What a row of the ledger is made of, whichever API was called. */
export interface Decided extends Answering {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly exchange: Pick<Exchange, 'requestId' | 'startedAt' | 'callerAddress'>;
  readonly facts: Facts;
  /** What is about to be answered. */
  readonly envelope: Pick<Envelope, 'kind' | 'http' | 'data'>;
  /** Null where there was no picture, or one that could not be decoded. */
  readonly judgement: Judgement | null;
  /** Why it could not. */
  readonly fault: Fault | null;
  /** What the app decides for its v1 calls; the old call knows no rules of its own. */
  readonly rules?: JudgingRules;
  /** The stills of a request for one judgement on several. */
  readonly stills?: readonly StillRecord[];
  /** The models that stood ready, for a picture that reached none. */
  readonly models: readonly ModelUsed[];
}

/** The ledger's row of one decision: it is on disk before the answer leaves. */
export function ledgerRow(decided: Decided): LedgerRow {
  const { at, exchange, facts, envelope, judgement, fault, models } = decided;
  const { score } = envelope.data;
  return {
    kind: 'judged',
    requests: 1,
    at: new Date(at),
    requestId: exchange.requestId,
    appid: facts.appid ?? '',
    secretId: facts.secretId ?? '',
    source: facts.source ?? 'bytes',
    pictureBytes: facts.pictureBytes ?? 0,
    pictureSha256: facts.pictureSha256 ?? '',
    code: codeOf(envelope.kind),
    verdict: judgement?.verdict ?? null,
    score: typeof score === 'number' ? score : null,
    rawScore: judgement?.rawScore ?? null,
    reasons: fault === null ? (judgement?.reasons.map((reason) => reason.code) ?? []) : [fault.reason],
    models: Object.fromEntries((judgement?.models ?? models).map((model) => [model.name, model.sha256])),
    milliseconds: since(exchange.startedAt),
    callerAddress: exchange.callerAddress,
    explanation: explanationOf(decided),
  };
}

/**
 * The row of a request whose picture could not be fetched or was not allowed to be: no fact of a picture, no
 * model.
 */
export function downloadRefusedRow(decided: Omit<Decided, 'judgement' | 'models'>): LedgerRow {
  return { ...ledgerRow({ ...decided, judgement: null, models: [] }), kind: 'download_refused' };
}

function explanationOf(decided: Decided): Explanation {
  const { api, version, envelope, judgement, facts, rules = DEFAULT_RULES } = decided;
  return {
    api,
    http: envelope.http,
    version,
    profile: judgement?.profile ?? null,
    threshold: judgement?.threshold ?? null,
    policy: judgement === null ? null : policyVersion(judgement, rules),
    liveProbability: judgement?.liveProbability ?? null,
    review: judgement?.review ?? null,
    faceCount: judgement?.faceCount ?? null,
    quality: judgement === null ? [] : decidingQuality(judgement),
    measured: judgement === null ? null : measuredForCapture(judgement),
    cards: cardsOf(judgement?.models ?? decided.models),
    reference: facts.reference ?? null,
    ...(decided.stills === undefined ? {} : { stills: decided.stills }),
  };
}

/** The hashes of the cards of those models that have one. */
function cardsOf(models: readonly ModelUsed[]): Readonly<Record<string, string>> {
  const entries = models.flatMap(({ name, cardSha256 }) =>
    cardSha256 === undefined ? [] : [[name, cardSha256]],
  );
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The same few policies stand behind very many rows: each is put into words and hashed once. */
const POLICIES = new Map<string, PolicyVersion>();
const MOST_POLICIES = 10_000;

function policyVersion(
  { threshold, profile, capture, reviewLimits }: Judgement,
  rules: JudgingRules,
): PolicyVersion {
  const content = {
    capture: captureVersion(capture ?? DEFAULT_CAPTURE),
    profile,
    review: reviewLimits,
    rules: { ...rules },
    threshold,
  };
  const text = JSON.stringify(content);
  const known = POLICIES.get(text);
  if (known !== undefined) return known;
  if (POLICIES.size >= MOST_POLICIES) POLICIES.clear();
  const version = { hash: createHash('sha256').update(text).digest('hex'), content };
  POLICIES.set(text, version);
  return version;
}

/**
 * The components outside of their limits: those that made a picture unfit, or would have under stricter
 * rules.
 */
function decidingQuality({ quality }: Judgement): readonly DecidingQuality[] {
  return quality
    .filter((one) => !one.passed)
    .map(({ name, value, unit, limit: { min, max } }) => ({ name, value, unit, min, max }));
}

/**
 * What capture presets look at, in hundredths: so that other presets can be tried on past decisions. Null
 * without a face.
 */
function measuredForCapture({ quality }: Judgement): Readonly<Record<string, number>> | null {
  const found = quality.filter(({ name }) => isCaptureComponent(name));
  if (found.length === 0) return null;
  return Object.fromEntries(found.map(({ name, value }) => [name, Math.round(value * 100) / 100]));
}
