import { unitsOfRows } from './entries.ts';
import { judgeUnit } from './judge-group.ts';
import type { ChunkApp, RowDeps } from './judge-row.ts';
import type { BatchStore, Lease, LeaseState, RowResult } from './types.ts';

/** What a chunk is worked on with. */
export interface ChunkDeps extends RowDeps {
  readonly batches: BatchStore;
  /** Pictures that are read or judged at the same moment. */
  readonly atOnce: number;
  /** For how long a chunk is this worker's without a sign of life, in ms. */
  readonly leaseMs: number;
}

/** Results that are written at once; the more, the fewer commits. */
const WRITE_AT = 32;
/** The longest that a result waits to be written, in ms. */
const WRITE_AFTER_MS = 500;

/**
 * Works through the rows of a chunk, writes their results as they come, and finishes it, or gives it back
 * where it is to stop. Where the lease was lost the chunk is another worker's, and what was not written is
 * judged there.
 * @throws {Fault} `state_unavailable` when results could not be written
 */
export async function workOnChunk(
  deps: ChunkDeps,
  lease: Lease,
  app: ChunkApp,
  stop: AbortSignal,
): Promise<LeaseState> {
  const { batches, leaseMs } = deps;
  const lost = new AbortController();
  const writer = createWriter(deps, lease, (state) => {
    if (state === 'lost') lost.abort();
  });
  const beat = setInterval(() => {
    // Where the store does not answer, the lease ends by itself.
    batches.extend(lease, leaseMs).then(writer.see, () => {});
  }, leaseMs / 3);
  try {
    await judgeAll(deps, { lease, app, writer, lost: lost.signal }, stop);
    await writer.flush();
    if (writer.state === 'lost') return 'lost';
    if (writer.written === lease.rows.length) return await batches.finish(lease);
    await batches.giveBack(lease);
    return writer.state;
  } catch (error) {
    lost.abort();
    // The next worker need not wait for the end of the lease, where the store takes that.
    await batches.giveBack(lease).catch(() => {});
    if (writer.state === 'lost') return 'lost';
    throw error;
  } finally {
    clearInterval(beat);
  }
}

interface Work {
  readonly lease: Lease;
  readonly app: ChunkApp;
  readonly writer: Writer;
  readonly lost: AbortSignal;
}

/** Several pictures or groups at once, until all are done or it is to stop; those in work are finished. */
async function judgeAll(
  deps: ChunkDeps,
  { lease, app, writer, lost }: Work,
  stop: AbortSignal,
): Promise<void> {
  const units = unitsOfRows(lease.rows).values();
  const mayGoOn = () => !stop.aborted && !lost.aborted && writer.state === 'held';
  const lane = async () => {
    for (const unit of units) {
      if (!mayGoOn()) return;
      await writer.add(await judgeUnit(deps, lease, unit, app, lost));
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
  { batches, leaseMs }: ChunkDeps,
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
    const after = await batches.record(lease, some, leaseMs);
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
