import type { LedgerRow } from '../ledger/types.ts';

/**
 * `filling`: its list is still being read; `running`; `paused`: no chunk is begun; `done`; `cancelled`.
 */
export type BatchState = 'filling' | 'running' | 'paused' | 'done' | 'cancelled';

/**
 * `judged`: there is a judgement; `refused`: the picture has none for itself; `failed`: trouble kept it from
 * one.
 */
export type RowOutcome = 'judged' | 'refused' | 'failed';

/** A batch as it was ordered. */
export interface BatchOrder {
  readonly appid: string;
  /** The API key that ordered it; empty: the command line. */
  readonly secretId: string;
  /** What people call it. */
  readonly name: string;
  /** -9 to 9; chunks of a higher one are begun first. */
  readonly priority: number;
  /** Called once it is over; null: nobody is. */
  readonly webhook: string | null;
  /** `s3://bucket/key` that the results are written to once it is done; null: nowhere. */
  readonly results: string | null;
}

/** A batch as it is begun. */
export interface NewBatch extends BatchOrder {
  /** Of the request that ordered it: the spans of its chunks and its webhook go on with that trace. */
  readonly traceparent?: string | null;
}

/** How far a batch is. */
export interface BatchStatus extends BatchOrder {
  readonly batchId: string;
  readonly state: BatchState;
  /** Rows: pictures, and one for each group of them. */
  readonly pictures: number;
  readonly judged: number;
  readonly refused: number;
  readonly failed: number;
  readonly createdAt: Date;
  readonly begunAt: Date | null;
  readonly finishedAt: Date | null;
  /** `waiting`, `delivered` or `given_up`; null: there is none, or it is not due yet. */
  readonly webhookState: 'waiting' | 'delivered' | 'given_up' | null;
  /** What became of writing the results; null: they are written nowhere, or the batch was cancelled. */
  readonly resultsState: 'waiting' | 'written' | 'given_up' | null;
  /** Why they are not written yet, or were given up; null: nothing failed. */
  readonly resultsFailure: string | null;
}

/** A chunk that this worker alone works on until its lease ends. */
export interface Lease {
  readonly batchId: string;
  readonly chunk: number;
  /** Different each time the chunk is taken. */
  readonly token: string;
  readonly appid: string;
  readonly secretId: string;
  /** Of the request that ordered the batch; null: it had none. */
  readonly traceparent: string | null;
  /** The rows to do, without those that have their result already. */
  readonly rows: readonly ChunkRow[];
}

/** A picture of a batch, or the verdict on a group of them, by its place among the rows, counted from 1. */
export interface ChunkRow {
  readonly row: number;
  /** As in the results of `livestill batch`: the place in the list and the picture. */
  readonly key: string;
  /** A path below the pictures' folder, or a url; empty in the row of a group. */
  readonly picture: string;
  readonly group?: string;
  /** Only in the row of a group: how many rows right before it are its stills. */
  readonly stills?: number;
}

/**
 * A row as a chunk holds it: the picture alone, where its place in the list is its row and it has no group,
 * as in lists without groups. Else `p` the picture (absent: the row of a group), `k` the key where it does
 * not follow from row and picture, `g` the group, `t` the number of its stills.
 */
export type ChunkEntry =
  | string
  | { readonly p?: string; readonly k?: string; readonly g?: string; readonly t?: number };

/** A picture as it is submitted. */
export interface Submitted {
  readonly picture: string;
  readonly group?: string;
}

/** What came of one row. */
export interface RowResult {
  readonly row: number;
  readonly outcome: RowOutcome;
  /** As `livestill batch` writes it, JSON. */
  readonly result: string;
  /** The ledger's row, written with the result or not at all; null where no picture was had. */
  readonly record: LedgerRow | null;
}

/**
 * `held`: go on. `paused`, `lost`: what was given was not written where it is `lost`; stop either way, the
 * chunk is another's or waits again.
 */
export type LeaseState = 'held' | 'paused' | 'lost';

/** What waits, over all batches. */
export interface QueueDepth {
  readonly chunks: Readonly<Record<'waiting' | 'running' | 'paused', number>>;
  /** Since when the chunk waits that does so for longest, in seconds; 0: none waits. */
  readonly oldestWaitingSeconds: number;
  /** Rows of all batches by what came of them. */
  readonly rows: Readonly<Record<RowOutcome, number>>;
}

/** A chunk whose workers were lost several times over one row: its result is for the worker that found it. */
export interface SetAside extends ChunkRow {
  readonly batchId: string;
}

/** The call that is due when a batch is over. */
export interface DueWebhook {
  readonly status: BatchStatus;
  /** Of the request that ordered the batch; null: it had none. */
  readonly traceparent: string | null;
  readonly tries: number;
}

/** Results that are to be written. */
export interface DueExport {
  readonly status: BatchStatus;
  readonly tries: number;
  /** Which state of the results is written: an erasure makes it another one. */
  readonly round: number;
}

/**
 * Batches, their chunks and results. Rejects with a `Fault` `state_unavailable` when the store does not
 * answer.
 */
export interface BatchStore {
  /** Begins a batch that is still to be filled; its id. */
  begin(order: NewBatch): Promise<string>;
  /** Adds chunks, each of some rows in the order of the list; `firstRow` counted from 1. */
  fill(
    batchId: string,
    chunks: readonly {
      readonly chunk: number;
      readonly firstRow: number;
      readonly pictures: readonly ChunkEntry[];
    }[],
  ): Promise<void>;
  /** All chunks are there: workers may begin. */
  start(batchId: string): Promise<void>;
  /** Newest first; `after` is the id of the last one of the page before. */
  list(
    filter: { readonly appid?: string | undefined; readonly after?: string | undefined },
    limit: number,
  ): Promise<readonly BatchStatus[]>;
  /** Null where there is none, or it is another app's. */
  find(batchId: string, appid?: string): Promise<BatchStatus | null>;
  /** False where its state does not allow it (`done`, `cancelled`). */
  change(batchId: string, to: 'pause' | 'resume' | 'cancel'): Promise<boolean>;
  /** Results by row, at most `limit` behind row `after`. */
  results(
    batchId: string,
    after: number,
    limit: number,
  ): Promise<readonly { readonly row: number; readonly result: string }[]>;

  /** Takes the next chunk for so long; null where none waits. */
  take(worker: string, leaseMs: number): Promise<Lease | null>;
  /** Holds a chunk for so long from now on. */
  extend(lease: Lease, leaseMs: number): Promise<LeaseState>;
  /**
   * Writes results, their ledger rows and the chunk's progress in one transaction, or nothing of it where the
   * lease was lost.
   */
  record(lease: Lease, results: readonly RowResult[], leaseMs: number): Promise<LeaseState>;
  /** Every row of the chunk has its result. */
  finish(lease: Lease): Promise<LeaseState>;
  /** Lets a chunk go, with what is left of it; nobody takes it before so many seconds went by. */
  giveBack(lease: Lease, afterSeconds?: number): Promise<void>;
  /**
   * Puts chunks back whose lease ended: whole, in halves where workers were lost with it again and again, and
   * gives the row where that leaves a single one, which is set aside.
   */
  reclaim(setAside: (row: SetAside) => string): Promise<number>;
  depth(): Promise<QueueDepth>;

  /** The call that is due, which nobody else makes for so long; null: none is. */
  takeWebhook(forMs: number): Promise<DueWebhook | null>;
  /** What became of it; a number: it is tried again after so many ms. */
  finishWebhook(batchId: string, ended: 'delivered' | 'given_up' | number): Promise<void>;

  /**
   * The batch whose results are to be written, which nobody else does for so long; null: there is none.
   * @param batchId only this one
   */
  takeExport(forMs: number, batchId?: string): Promise<DueExport | null>;
  /** Nobody else does it for so long from now on. */
  holdExport(batchId: string, forMs: number): Promise<void>;
  /**
   * What became of it; a number: it is tried again after so many ms. `why`: what failed. Where rows were
   * erased since it was taken, the results are due again, whatever became of it.
   */
  finishExport(due: DueExport, ended: 'written' | 'given_up' | number, why: string | null): Promise<void>;

  /**
   * Deletes some of the batches that were over before that moment, or whose list was never read to its end;
   * how many rows of all kinds went, 0 when there is nothing more.
   */
  purge(before: Date): Promise<number>;
}
