/** The schema that pg-boss has for itself. */
export const QUEUE_SCHEMA = 'livestill_queue';
/** The queue of chunks that wait for a worker. */
export const CHUNK_QUEUE = 'chunks';

/**
 * What pg-boss makes its tables with, one statement or several at once, without the transaction that it puts
 * around them: here they are a part of a step's own.
 */
export async function queueStatements(): Promise<readonly string[]> {
  const { default: PgBoss } = await import('pg-boss');
  const plan = PgBoss.getConstructionPlans(QUEUE_SCHEMA);
  return [plan.replace(/^\s*BEGIN;/, '').replace(/COMMIT;\s*$/, '')];
}
