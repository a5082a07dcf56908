import type { BatchState, BatchStatus } from '../../../jobs/types.ts';
import type { BatchTable } from '../../core/tables.ts';

/** A row of the table as everything else knows it. */
export function statusOf(row: BatchTable): BatchStatus {
  const date = (ms: number | null) => (ms === null ? null : new Date(ms));
  return {
    batchId: row.batch_id,
    appid: row.appid,
    secretId: row.secret_id,
    name: row.name,
    priority: row.priority,
    webhook: row.webhook,
    state: row.state as BatchState,
    pictures: row.picture_count,
    judged: row.judged,
    refused: row.refused,
    failed: row.failed,
    createdAt: new Date(row.created_at),
    begunAt: date(row.begun_at),
    finishedAt: date(row.finished_at),
    results: row.results_to,
    resultsState: row.state === 'cancelled' ? null : (row.results_state as BatchStatus['resultsState']),
    resultsFailure: row.results_failure,
    webhookState: row.webhook_state as BatchStatus['webhookState'],
  };
}
