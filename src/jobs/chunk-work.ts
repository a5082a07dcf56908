import { Fault } from '../faults.ts';
import type { Attributes, OpenWork, Traces } from '../traces/types.ts';
import { unitsOfRows } from './entries.ts';
import { judgeUnit } from './judge-group.ts';
import type { ChunkApp, RowDeps, RowTask } from './judge-row.ts';
import type { BatchStore, Lease, LeaseState, RowResult } from './types.ts';

/** What a chunk is worked on with. */
export interface ChunkDeps extends RowDeps {
  readonly batches: BatchStore;
  /** Pictures that are read or judged at the same moment. */
  readonly atOnce: number;
  /** For how long a chunk is this worker's without a sign of life, in ms. */
  readonly leaseMs: number;
  /** Takes the spans of each chunk; none: nobody asked for them. */
  readonly traces?: Traces | undefined;
}

/** Results that are written at once; the more, the fewer commits. */
const WRITE_AT = 32;
/** For how long a chunk waits whose pictures cannot be read now, in seconds: others are begun meanwhile. */
const PAUSE_SECONDS = 30;
/** The longest that a result waits to be written, in ms. */
const WRITE_AFTER_MS = 500;

/**
 * Works through the rows of a chunk, writes their results as they come, and finishes it, or gives it back
 * where it is to stop. Where the lease was lost the chunk is another worker's, and what was not written is
 * judged there.
 * @throws {Fault} `state_unavailable` when results could not be written, `storage_unavailable` when no
 * picture can be read: the chunk waits again for `PAUSE_SECONDS` then
 */
export async function workOnChunk(
  deps: ChunkDeps,
  lease: Lease,
  app: ChunkApp,
  stop: AbortSignal,
): Promise<LeaseState> {
  const { batches, leaseMs } = deps;
  const lost = new AbortController();
  const trace = deps.traces?.begin('batch chunk', chunkAttributes(deps.traces, lease), lease.traceparent);
  let failed = false;
  const writer = createWriter({ ...deps, trace }, lease, (state) => {
    if (state === 'lost') lost.abort();
  });
  const beat = setInterval(() => {
    // Where the store does not answer, the lease ends by itself.
    batches.extend(lease, leaseMs).then(writer.see, () => {});
  }, leaseMs / 3);
  try {
    const task = { ...app, lease, judged: new Map() };
    await judgeAll(deps, { task, writer, trace, lost: lost.signal }, stop);
    await writer.flush();
    if (writer.state === 'lost') return 'lost';
    if (writer.written === lease.rows.length) return await batches.finish(lease);
    await batches.giveBack(lease);
    return writer.state;
  } catch (error) {
    failed = true;
    lost.abort();
    // The next worker need not wait for the end of the lease, where the store takes that.
    const isStorage = error instanceof Fault && error.kind === 'storage_unavailable';
    if (isStorage) await writer.flush().catch(() => {});
    await batches.giveBack(lease, isStorage ? PAUSE_SECONDS : 0).catch(() => {});
    if (writer.state === 'lost') return 'lost';
    throw error;
  } finally {
    clearInterval(beat);
    trace?.end({ 'livestill.lease': writer.state, 'livestill.written': writer.written }, failed);
  }
}

function chunkAttributes({ namesApps }: Traces, { batchId, rows, appid }: Lease): Attributes {
  return {
    'livestill.batch_id': batchId,
    'livestill.rows': rows.length,
    ...(namesApps ? { 'livestill.app': appid } : {}),
  };
}

interface Work {
  readonly task: RowTask;
  readonly writer: Writer;
  readonly trace: OpenWork | undefined;
  readonly lost: AbortSignal;
}

/** Several pictures or groups at once, until all are done or it is to stop; those in work are finished. */
async function judgeAll(
  deps: ChunkDeps,
  { task, writer, trace, lost }: Work,
  stop: AbortSignal,
): Promise<void> {
  const units = unitsOfRows(task.lease.rows).values();
  let isEnded = false;
  const mayGoOn = () => !isEnded && !stop.aborted && !lost.aborted && writer.state === 'held';
  const lane = async () => {
    for (const unit of units) {
      if (!mayGoOn()) return;
      try {
        await writer.add(await judgeUnit(deps, task, unit, lost, trace?.add));
      } catch (error) {
        isEnded = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: deps.atOnce }, lane));
  const failed = lanes.find((one) => one.status === 'rejected');
  if (failed !== undefined && writer.state !== 'lost') throw failed.reason;
}

/** Gathers results and writes them together. */
interface Writer {
  readonly state: LeaseState;
  readonly written: number;
  /** Resolves at once while few wait; else when they are written, those of one call in one transaction. */
  add(results: readonly RowResult[]): Promise<void>;
  flush(): Promise<void>;
  /** Takes note of what the store said of the lease. */
  readonly see: (state: LeaseState) => void;
}

function createWriter(
  { batches, leaseMs, trace }: ChunkDeps & { readonly trace: OpenWork | undefined },
  lease: Lease,
  onState: (state: LeaseState) => void,
): Writer {
  let waiting: RowResult[] = [];
  let writing: Promise<void> = Promise.resolve();
  let state: LeaseState = 'held';
  let written = 0;
  let wroteAt = performance.now();
  const see = (next: LeaseState) => {
    if (state === 'lost') return;
    state = next;
    onState(next);
  };
  const write = async () => {
    const some = waiting;
    waiting = [];
    wroteAt = performance.now();
    if (some.length === 0 || state === 'lost') return;
    const from = performance.now();
    const after = await batches.record(lease, some, leaseMs);
    const attributes = { 'livestill.rows': some.length };
    trace?.add({ name: 'record', from, to: performance.now(), attributes });
    if (after !== 'lost') written += some.length;
    see(after);
  };
  const flush = () => {
    // One write after the other; after one that failed none is made.
    writing = writing.then(write);
    return writing;
  };
  return {
    get state() {
      return state;
    },
    get written() {
      return written;
    },
    async add(results) {
      waiting.push(...results);
      if (waiting.length >= WRITE_AT || performance.now() - wroteAt >= WRITE_AFTER_MS) await flush();
    },
    flush,
    see,
  };
}
