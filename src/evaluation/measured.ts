import { DEFAULT_THRESHOLD } from '../liveness/threshold.ts';
import type { LeftOutTally } from '../picture/left-out.ts';
import type { AttemptCounts, Attempts } from './attempts.ts';
import { indexOf, scoresOf } from './data/read-files.ts';
import { type EvaluateOptions, evaluate, type FullEvaluation } from './evaluate.ts';
import { acceptance } from './measure.ts';
import type { JudgedPicture } from './pictures/judge-all.ts';
import type { PictureSystem } from './pictures/system.ts';
import { countByProtocol, type ProtocolReport } from './protocol.ts';
import type { EvaluationRequest } from './request.ts';
import { proposeReviewLimits } from './review-limits.ts';
import type { Robustness } from './robustness/robustness.ts';
import { summarise } from './summary.ts';
import { findScoreTraps, findTraps, type Traps } from './traps.ts';
import type { Presentation } from './types.ts';

/** Everything that was measured of one system. */
export interface Measured {
  readonly input: string;
  readonly rows: readonly Presentation[];
  /** Null where every picture is an attempt of its own. */
  readonly attempts: AttemptCounts | null;
  readonly judged: readonly JudgedPicture[] | null;
  readonly full: FullEvaluation;
  readonly traps: Traps;
  readonly robustness: Robustness | null;
  readonly protocol: ProtocolReport | null;
  readonly system: PictureSystem | null;
}

function optionsOf(
  request: EvaluationRequest,
  development: readonly Presentation[] | undefined,
): EvaluateOptions {
  return {
    threshold: request.threshold ?? DEFAULT_THRESHOLD,
    replicates: request.bootstrap,
    seed: request.seed,
    confidence: request.confidence,
    by: request.by,
    ...(request.chooseThreshold === undefined ? {} : { rule: request.chooseThreshold }),
    ...(development === undefined ? {} : { development }),
    ...(request.folds === undefined ? {} : { folds: request.folds }),
    ...(request.cluster === undefined ? {} : { cluster: request.cluster }),
  };
}

/**
 * Measures the rows of a score file.
 * @throws {UsageError} when a file cannot be used
 */
export async function measureScores(file: string, request: EvaluationRequest): Promise<Measured> {
  const ignore = request.ignoreQuality === true;
  const rows = await scoresOf(file, ignore);
  const development = request.dev === undefined ? undefined : await scoresOf(request.dev, ignore);
  const full = evaluate(rows, optionsOf(request, development));
  return {
    input: file,
    rows,
    attempts: null,
    judged: null,
    full,
    traps: findScoreTraps(rows),
    robustness: null,
    protocol: protocolOf(full, request),
    system: null,
  };
}

/**
 * Judges the pictures of a tree or an index, and measures.
 * @throws {UsageError} when an input cannot be used
 */
export async function measurePictures(
  path: string,
  system: PictureSystem,
  request: EvaluationRequest,
  leftOut: LeftOutTally,
): Promise<Measured> {
  const judged = await system.judge(await indexOf(path, leftOut.add));
  const { together } = request;
  const attempts = together === undefined ? null : system.attempts(judged, together);
  const rows = attempts?.rows ?? system.rows(judged);
  const development = await developmentOf(system, request, leftOut);
  const full = evaluate(rows, optionsOf(request, development));
  const robustness =
    request.robustness === undefined
      ? null
      : await system.robustness(judged, full.evaluation.threshold.value, request.robustness);
  const folds = attempts === null ? full.folds : foldsOfPictures(attempts, full.folds);
  const traps = findTraps(rows, judged, folds, request.seed);
  const counts = attempts?.counts ?? null;
  const protocol = protocolOf(full, request);
  return { input: path, rows, attempts: counts, judged, full, traps, robustness, protocol, system };
}

async function developmentOf(
  system: PictureSystem,
  { dev, together }: EvaluationRequest,
  leftOut: LeftOutTally,
): Promise<readonly Presentation[] | undefined> {
  if (dev === undefined) return undefined;
  const judged = await system.judge(await indexOf(dev, leftOut.add));
  return together === undefined ? system.rows(judged) : system.attempts(judged, together).rows;
}

/** The fold of each picture: that of its attempt. */
function foldsOfPictures({ attemptOf }: Attempts, folds: readonly string[] | null): readonly string[] | null {
  return folds === null ? null : attemptOf.map((at) => (at === null ? '' : (folds[at] ?? '')));
}

const protocolOf = (full: FullEvaluation, { protocol, confidence }: EvaluationRequest) =>
  protocol === undefined
    ? null
    : countByProtocol(full.rows, acceptance(full.rows, full.choice), protocol, confidence);

/** What programs get: the summary, and beside it traps and robustness. */
export function machine(measured: Measured, version: string) {
  const { full, rows, attempts, traps, robustness, protocol, system } = measured;
  return {
    ...summarise(full.evaluation),
    ...(attempts === null ? {} : { attempts }),
    reviewLimits: proposeReviewLimits(rows),
    traps,
    ...(robustness === null ? {} : { robustness }),
    ...(protocol === null ? {} : { protocol }),
    system: {
      version,
      profile: system?.profile ?? null,
      capture: system?.capture ?? null,
      models: modelsOf(system),
    },
  };
}

/** Name and SHA-256 of the networks; none for a score file. */
export const modelsOf = (system: PictureSystem | null) =>
  (system?.models ?? []).map(({ name, sha256 }) => ({ name, sha256 }));
