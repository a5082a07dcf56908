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
import { isUrl, type PictureReader } from './pictures.ts';
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
}

/** The app that a chunk is judged for, as it is now. */
export interface ChunkApp {
  readonly app: App;
  readonly rules: JudgingRules;
}

/** How often a row is tried where the trouble may pass. */
const TRIES = 3;
/** The pause before the second try, in ms; twice as long before each one after it. */
const FIRST_PAUSE_MS = 300;
/** Why a download may succeed a moment later. */
const PASSING =
  /^(?:busy|broken_answer|connect_failed|connect_timeout|dns_failed|dns_timeout|first_byte_timeout|host_failing|http_5\d\d|http_429|slow_body|timeout|url_failing)$/;

function mayPass(fault: Fault): boolean {
  if (fault.kind === 'download_refused') return PASSING.test(fault.reason);
  // Such a picture was tried by two processes already.
  return fault.retryable && fault.kind !== 'worker_lost';
}

/**
 * Judges one row; every way in which that can fail is a result too.
 * @throws {DOMException} AbortError when `signal` aborts
 */
export async function judgeRow(
  deps: RowDeps,
  lease: Lease,
  row: ChunkRow,
  chunkApp: ChunkApp,
  signal: AbortSignal,
): Promise<RowResult> {
  const decision = await decideRow(deps, { lease, row, chunkApp, still: false }, signal);
  const { outcome, row: made } = rowOfDecision(deps, decision, chunkApp);
  const isRecorded = outcome !== 'failed' && wasThere(decision);
  return resultOf(row, outcome, made, isRecorded ? deps.recordOf(decision) : null);
}

/** A picture to judge, for whom, and whether as one of several. */
export interface RowWork {
  readonly lease: Lease;
  readonly row: ChunkRow;
  readonly chunkApp: ChunkApp;
  readonly still: boolean;
}

/**
 * Judges one picture, again where the trouble may pass.
 * @throws {DOMException} AbortError when `signal` aborts
 */
export async function decideRow(deps: RowDeps, work: RowWork, signal: AbortSignal): Promise<RowDecision> {
  for (let tries = 1; ; tries++) {
    const tried = await tryRow(deps, work, signal);
    if (tried.fault === null || tries >= TRIES || !mayPass(tried.fault)) return tried;
    await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal });
  }
}

async function tryRow(
  deps: RowDeps,
  { lease, row, chunkApp: { app, rules }, still }: RowWork,
  signal: AbortSignal,
): Promise<RowDecision> {
  const startedAt = performance.now();
  const open = { lease, row, rules, startedAt };
  let picture: RowDecision['picture'] = null;
  try {
    const bytes = await deps.pictures.read(row.picture, app.appid, signal);
    picture = { bytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') };
    const { threshold, profile, capture } = app.policy;
    const judged = await deps.judge.judge(bytes, {
      app: app.appid,
      signal,
      threshold: threshold ?? deps.threshold,
      profile: profile ?? deps.profile,
      ...(capture === null ? {} : { capture }),
      ...(still ? { still } : {}),
    });
    const judgement = { ...judged, ...decide(judged, rules) } as Judgement;
    return { ...open, picture, judgement, fault: null };
  } catch (error) {
    if (signal.aborted) throw error;
    return { ...open, picture, judgement: null, fault: asFault(error) };
  }
}

/** The row of a batch that a decision makes. */
export function rowOfDecision(
  deps: RowDeps,
  { row, picture, judgement, fault }: RowDecision,
  chunkApp: ChunkApp,
): { readonly outcome: RowOutcome; readonly row: BatchRow } {
  const sha256 = picture?.sha256 ?? null;
  const made =
    judgement !== null && sha256 !== null
      ? rowOf(row, sha256, judgement)
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
export const wasThere = ({ row, picture }: RowDecision): boolean => picture !== null || isUrl(row.picture);

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
