import type { Transaction } from 'kysely';
import type { Tables } from '../../core/tables.ts';
import { ChunkQueue } from './queue.ts';
import { urgencyOf } from './turns.ts';

/** Chunks that get their job at once. */
const AT_ONCE = 1000;

/** Gives the waiting chunks of batches that were copied the jobs that they had; those that are there stay. */
export async function queueCopied(db: Transaction<Tables>): Promise<void> {
  const queue = new ChunkQueue();
  for (let last = ''; ; ) {
    const chunks = await db
      .selectFrom('batch_chunk')
      .innerJoin('batch', 'batch.batch_id', 'batch_chunk.batch_id')
      .select(['batch_chunk.batch_id', 'chunk', 'turn', 'job_id', 'batch.priority'])
      .where('batch_chunk.state', '=', 'waiting')
      .where('batch.state', '=', 'running')
      .where('job_id', '>', last === '' ? '00000000-0000-0000-0000-000000000000' : last)
      .orderBy('job_id')
      .limit(AT_ONCE)
      .execute();
    const jobs = chunks.map(({ batch_id, chunk, turn, job_id, priority }) => ({
      id: job_id ?? '',
      batchId: batch_id,
      chunk,
      urgency: urgencyOf(priority, turn),
    }));
    await queue.drop(
      db,
      jobs.map(({ id }) => id),
    );
    if (jobs.length > 0) await queue.put(db, jobs);
    if (jobs.length < AT_ONCE) return;
    last = jobs.at(-1)?.id ?? last;
  }
}
