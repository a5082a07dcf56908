/** A batch, and how far it is. */
export interface Batch {
  readonly batchId: string;
  readonly appid: string;
  readonly secretId: string;
  readonly name: string;
  readonly priority: number;
  readonly webhook: string | null;
  readonly webhookState: string | null;
  readonly state: 'filling' | 'running' | 'paused' | 'done' | 'cancelled';
  readonly pictures: number;
  readonly judged: number;
  readonly refused: number;
  readonly failed: number;
  readonly createdAt: string;
  readonly begunAt: string | null;
  readonly finishedAt: string | null;
  readonly secondsLeft: number | null;
}

/** What came of one row, as `livestill batch` writes it. */
export interface Result {
  readonly row: number;
  readonly picture: string;
  readonly verdict: string | null;
  readonly score: number | null;
  readonly review?: boolean | null;
  readonly reasons?: readonly string[];
  readonly error?: string | null;
  readonly message?: string | null;
}

/** What batches take here. */
export interface Takes {
  readonly paths: boolean;
  readonly webhooks: boolean;
}

/** Rows that have their result. */
export const doneOf = ({ judged, refused, failed }: Batch): number => judged + refused + failed;

/** Whether a batch may still change by itself. */
export const isGoing = ({ state }: Batch): boolean => state === 'filling' || state === 'running';
