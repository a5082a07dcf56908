import { setTimeout as sleep } from 'node:timers/promises';
import { failedRow } from '../batch/row.ts';
import { asFault, Fault } from '../faults.ts';
import { type ChunkDeps, workOnChunk } from './chunk-work.ts';
import type { ChunkApp } from './judge-row.ts';
import type { Lease, SetAside } from './types.ts';

/** What a worker says while it works. */
export interface WorkerEvents {
  readonly onTrouble: (error: unknown) => void;
  /** A chunk is over for this worker. */
  readonly onChunk: (lease: Lease, end: 'finished' | 'given_back' | 'lost') => void;
  /** A row over which workers were lost again and again. */
  readonly onSetAside: (row: SetAside) => void;
  /** The app of a batch may not judge, or its pictures cannot be read: the batch is paused. */
  readonly onPaused: (lease: Lease, why: string) => void;
}

/** What a worker works with. */
export interface WorkerDeps extends ChunkDeps, WorkerEvents {
  /** Shown beside the chunks that it has. */
  readonly name: string;
  /** The app with its rules; null where there is none any more. */
  readonly findApp: (appid: string) => Promise<ChunkApp | null>;
  /** How often it looks for work where there was none, in ms. */
  readonly pollMs: number;
  /** Ends where no chunk waits, rather than to look again. */
  readonly endWhenIdle?: boolean;
}

/** The longest pause after trouble with the store, in ms. */
const LONGEST_PAUSE_MS = 10_000;

/**
 * Works on chunks, one after the other, until `stop` aborts: rows in work are finished and written then, and
 * the rest of the chunk is another's. Trouble with the store is waited out.
 */
export async function runWorker(deps: WorkerDeps, stop: AbortSignal): Promise<void> {
  let pause = deps.pollMs;
  let looked = Number.NEGATIVE_INFINITY;
  while (!stop.aborted) {
    try {
      if (performance.now() - looked > deps.leaseMs / 3) {
        looked = performance.now();
        await deps.batches.reclaim((row) => setAsideResult(deps, row));
      }
      const isBusy = await workOnce(deps, stop);
      pause = deps.pollMs;
      if (isBusy) continue;
      if (deps.endWhenIdle === true) return;
    } catch (error) {
      deps.onTrouble(error);
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
    await sleep(pause, undefined, { signal: stop }).catch(() => {});
  }
}

/** Takes a chunk and works on it; false where none waits. */
async function workOnce(deps: WorkerDeps, stop: AbortSignal): Promise<boolean> {
  const { batches, leaseMs } = deps;
  const lease = await batches.take(deps.name, leaseMs);
  if (lease === null) return false;
  const app = await deps.findApp(lease.appid).catch(async (error: unknown) => {
    await batches.giveBack(lease).catch(() => {});
    throw asFault(error);
  });
  if (app?.app.state !== 'active') {
    await batches.change(lease.batchId, 'pause');
    await batches.giveBack(lease);
    deps.onPaused(lease, app === null ? 'there is no such app' : `the app is ${app.app.state}`);
    return true;
  }
  const state = await workOnChunk(deps, lease, app, stop).catch(async (error: unknown) => {
    if (!isForOperator(error)) throw error;
    await batches.change(lease.batchId, 'pause');
    deps.onPaused(lease, error.message);
    return 'paused' as const;
  });
  const end = state === 'lost' ? 'lost' : stop.aborted || state === 'paused' ? 'given_back' : 'finished';
  deps.onChunk(lease, end);
  return true;
}

/** Trouble of the storage that does not pass by itself: keys that are refused, a bucket that is not there. */
function isForOperator(error: unknown): error is Fault {
  return error instanceof Fault && (error.reason === 's3_refused' || error.reason === 's3_no_bucket');
}

function setAsideResult(deps: WorkerDeps, row: SetAside): string {
  deps.onSetAside(row);
  const fault = new Fault(
    'worker_lost',
    'worker_crashed',
    'Set aside: several workers were lost while this picture was judged.',
  );
  const { threshold, profile } = deps;
  return JSON.stringify(failedRow(row, { threshold, profile }, null, fault));
}
