import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../account/types.ts';
import { failedRow, type RowSettings, rowOf } from '../batch/row.ts';
import type { BatchRow } from '../batch/types.ts';
import { asFault, Fault } from '../faults.ts';
import type { Judge } from '../fleet/types.ts';
import type { LedgerRow } from '../ledger/types.ts';
import type { Judgement, Profile } from '../liveness/types.ts';
import { decide } from '../policy/decide.ts';
import type { JudgingRules } from '../policy/policy.ts';
import { isS3 } from '../storage/place.ts';
import { stageSpans } from '../traces/judging.ts';
import { createStages, type Stages } from '../traces/stages.ts';
import type { Span } from '../traces/types.ts';
import { isRemote, type PictureReader } from './pictures.ts';
import type { ChunkRow, Lease, RowOutcome, RowResult } from './types.ts';

/** What became of a picture, for the ledger. */
export interface RowDecision {
  readonly lease: Pick<Lease, 'batchId' | 'appid' | 'secretId'>;
  readonly row: ChunkRow;
  /** Null where there was no picture. */
  readonly picture: { readonly bytes: number; readonly sha256: string } | null;
  readonly judgement: Judgement | null;
  readonly fault: Fault | null;
  readonly rules: JudgingRules;
  /** `performance.now()` when it began. */
  readonly startedAt: number;
}

/** Takes what trying a row took, stage by stage. */
export type RowSeen = (span: Span) => void;
/** What became of a group, for the ledger: as of a call with several stills. */
export interface GroupDecision {
  /** Of the group's own row, the first still's source, and all stills together. */
  readonly decision: RowDecision;
  readonly stills: readonly RowDecision[];
}

/** What rows are judged with. */
export interface RowDeps {
  readonly judge: Judge;
  readonly pictures: PictureReader;
  /** The settings of apps that have none of their own. */
  readonly threshold: number;
  readonly profile: Profile;
  /** The ledger's row of a decision. */
  readonly recordOf: (decision: RowDecision) => LedgerRow;
  /** The same of a group. */
  readonly recordOfGroup: (decision: GroupDecision) => LedgerRow;
  /** Hears of each picture that was judged; it must not throw. */
  readonly onJudged?: (judgement: Judgement) => void;
}

/** The app that a chunk is judged for, as it is now. */
export interface ChunkApp {
  readonly app: App;
  readonly rules: JudgingRules;
}

/** Judgements of a chunk by the SHA-256 of the picture: equal pictures are judged once. */
export type Judged = Map<string, { readonly key: string; readonly judgement: Promise<Judgement> }>;

/** What a row is judged for and with. */
export interface RowTask extends ChunkApp {
  readonly lease: Lease;
  readonly judged: Judged;
}

/** How often a row is tried where the trouble may pass. */
const TRIES = 3;
/** The pause before the second try, in ms; twice as long before each one after it. */
const FIRST_PAUSE_MS = 300;
/** Why a download may succeed a moment later. */
const PASSING =
  /^(?:busy|broken_answer|connect_failed|connect_timeout|dns_failed|dns_timeout|first_byte_timeout|host_failing|http_5\d\d|http_429|slow_body|timeout|url_failing)$/;

function mayPass(fault: Fault, picture: string): boolean {
  // Storage was asked several times already.
  if (isS3(picture)) return fault.retryable && fault.kind !== 'worker_lost';
  if (fault.kind === 'download_refused') return PASSING.test(fault.reason);
  // Such a picture was tried by two processes already.
  return fault.retryable && fault.kind !== 'worker_lost';
}

/**
 * Judges one row; every way in which that can fail is a result too, but for trouble of the storage that
 * other rows would have as well.
 * @throws {Fault} `storage_unavailable`
 * @throws {DOMException} AbortError when `signal` aborts
 */
export async function judgeRow(
  deps: RowDeps,
  row: ChunkRow,
  task: RowTask,
  signal: AbortSignal,
  seen?: RowSeen,
): Promise<RowResult> {
  const decision = await decideRow(deps, { row, task, still: false }, signal, seen);
  const { outcome, row: made } = rowOfDecision(deps, decision, task);
  const isRecorded = outcome !== 'failed' && wasThere(decision);
  return resultOf(row, outcome, made, isRecorded ? deps.recordOf(decision) : null);
}

/** A picture to judge, for whom, and whether as one of several. */
export interface RowWork {
  readonly row: ChunkRow;
  readonly task: RowTask;
  readonly still: boolean;
}

/**
 * Judges one picture, again where the trouble may pass.
 * @throws {Fault} `storage_unavailable`
 * @throws {DOMException} AbortError when `signal` aborts
 */
export async function decideRow(
  deps: RowDeps,
  work: RowWork,
  signal: AbortSignal,
  seen: RowSeen = () => {},
): Promise<Tried> {
  for (let tries = 1; ; tries++) {
    const stages = createStages(performance.now());
    const tried = await tryRow(deps, work, { signal, stages });
    seen(spanOf(tried, stages));
    if (tried.fault === null || tries >= TRIES || !mayPass(tried.fault, work.row.picture)) return tried;
    await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal });
  }
}

/** A decision, and the key of the equal picture that it is the result of; null: judged for itself. */
export interface Tried extends RowDecision {
  readonly sameAs: string | null;
}

/** What a try is stopped by, and what takes its times. */
interface TryParts {
  readonly signal: AbortSignal;
  readonly stages: Stages;
}

async function tryRow(
  deps: RowDeps,
  { row, task, still }: RowWork,
  { signal, stages }: TryParts,
): Promise<Tried> {
  const { app, rules, lease, judged } = task;
  const startedAt = performance.now();
  const open = { lease, row, rules, startedAt };
  let picture: RowDecision['picture'] = null;
  try {
    stages.enter('fetch');
    const bytes = await deps.pictures.read(row.picture, app.appid, signal);
    picture = { bytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') };
    // The stills of a group are compared with each other: each is judged for itself.
    const equal = still ? undefined : judged.get(picture.sha256);
    if (equal !== undefined) {
      const judgement = await equal.judgement.catch(() => null);
      if (judgement !== null) return { ...open, picture, judgement, fault: null, sameAs: equal.key };
    }
    const judging = judgeBytes(deps, bytes, { row, task, still }, { signal, stages });
    if (!still) judged.set(picture.sha256, { key: row.key, judgement: judging });
    return { ...open, picture, judgement: await judging, fault: null, sameAs: null };
  } catch (error) {
    if (signal.aborted) throw error;
    const fault = asFault(error);
    if (fault.kind === 'storage_unavailable') throw fault;
    return { ...open, picture, judgement: null, fault, sameAs: null };
  }
}

/** A try of a row as its spans tell of it. */
function spanOf({ startedAt, fault, judgement }: RowDecision, stages: Stages): Span {
  const to = performance.now();
  const parts = stageSpans(stages.until(to), judgement?.milliseconds ?? null);
  const attributes = {
    'livestill.outcome': outcomeOf(fault),
    ...(fault === null ? {} : { 'error.type': fault.reason }),
    ...(judgement === null ? {} : { 'livestill.profile': judgement.profile }),
  };
  return { name: 'picture', from: startedAt, to, attributes, parts };
}

async function judgeBytes(
  deps: RowDeps,
  bytes: Uint8Array,
  { task: { app, rules }, still }: RowWork,
  { signal, stages }: TryParts,
): Promise<Judgement> {
  const { threshold, profile, capture, review } = app.policy;
  stages.enter('queue');
  const judged = await deps.judge.judge(bytes, {
    app: app.appid,
    signal,
    onTaken: () => stages.enter('judge'),
    threshold: threshold ?? deps.threshold,
    profile: profile ?? deps.profile,
    ...(capture === null ? {} : { capture }),
    ...(review === null ? {} : { review }),
    ...(still ? { still } : {}),
  });
  const judgement = { ...judged, ...decide(judged, rules) } as Judgement;
  deps.onJudged?.(judgement);
  return judgement;
}

/** The row of a batch that a decision makes. */
export function rowOfDecision(
  deps: RowDeps,
  { row, picture, judgement, fault, sameAs }: Tried,
  chunkApp: ChunkApp,
): { readonly outcome: RowOutcome; readonly row: BatchRow } {
  const sha256 = picture?.sha256 ?? null;
  const made =
    judgement !== null && sha256 !== null
      ? { ...rowOf(row, sha256, judgement), sameAs }
      : failedRow(row, settingsOf(deps, chunkApp), sha256, fault ?? nothing());
  return { outcome: outcomeOf(fault), row: made };
}

const nothing = () => new Fault('internal', 'unknown', 'nothing came of it');

/** Profile and threshold of rows without a judgement. */
export function settingsOf(deps: RowDeps, { app }: ChunkApp): RowSettings {
  return {
    threshold: app.policy.threshold ?? deps.threshold,
    profile: app.policy.profile ?? deps.profile,
  };
}

/** Nothing is decided on a file that is not there. */
export const wasThere = ({ row, picture }: RowDecision): boolean => picture !== null || isRemote(row.picture);

/** What is written of a row. */
export const resultOf = (
  { row }: ChunkRow,
  outcome: RowOutcome,
  made: BatchRow,
  record: LedgerRow | null,
): RowResult => ({ row, outcome, result: JSON.stringify(made), record });

/** What a fault makes of a row. */
export function outcomeOf(fault: Fault | null): RowOutcome {
  if (fault === null) return 'judged';
  return fault.area === 'picture' || fault.area === 'source' ? 'refused' : 'failed';
}
