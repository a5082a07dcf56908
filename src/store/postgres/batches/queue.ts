import { CompiledQuery, type Kysely, sql } from 'kysely';
import type PgBoss from 'pg-boss';
import type { Tables } from '../../core/tables.ts';
import { CHUNK_QUEUE, QUEUE_SCHEMA } from './queue-schema.ts';

/** Which chunk a job is about. */
export interface ChunkName {
  readonly batchId: string;
  readonly chunk: number;
}

/** A job to put into the queue. */
export interface NewJob extends ChunkName {
  /** The chunk's job id, a UUID. */
  readonly id: string;
  /** The higher the sooner. */
  readonly urgency: number;
  /** Not given out before so many seconds went by. */
  readonly afterSeconds?: number;
}

/** Jobs in one statement. */
const AT_ONCE = 1000;
/** The most that pg-boss takes; leases end far earlier. */
const EXPIRE_SECONDS = 23 * 3600;
/** Jobs that nobody took are let go after ten years. */
const KEEP_MS = 10 * 365 * 86_400_000;

/**
 * The jobs of waiting chunks in pg-boss: it gives each to one worker, the most urgent first. Every call is
 * made in the transaction that it is given, so that chunk and job change together.
 */
export class ChunkQueue {
  #boss: Promise<PgBoss> | undefined;

  /** Puts jobs in, in order. */
  async put(db: Kysely<Tables>, jobs: readonly NewJob[]): Promise<void> {
    const now = Date.now();
    const boss = await this.#open();
    for (let from = 0; from < jobs.length; from += AT_ONCE) {
      const part = jobs.slice(from, from + AT_ONCE).map(({ id, urgency, afterSeconds = 0, ...data }) => ({
        id,
        name: CHUNK_QUEUE,
        data,
        priority: urgency,
        retryLimit: 0,
        expireInSeconds: EXPIRE_SECONDS,
        keepUntil: new Date(now + KEEP_MS),
        ...(afterSeconds === 0 ? {} : { startAfter: new Date(now + afterSeconds * 1000) }),
      }));
      await boss.insert(part, { db: around(db) });
    }
  }

  /** Takes the most urgent job out of the queue; null where none waits. */
  async take(db: Kysely<Tables>): Promise<(ChunkName & { readonly id: string }) | null> {
    const boss = await this.#open();
    const [job] = await boss.fetch<ChunkName>(CHUNK_QUEUE, { db: around(db) });
    if (job === undefined) return null;
    await this.drop(db, [job.id]);
    return { id: job.id, ...job.data };
  }

  /** Takes jobs out of the queue for good. */
  async drop(db: Kysely<Tables>, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const boss = await this.#open();
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      await boss.deleteJob(CHUNK_QUEUE, ids.slice(from, from + AT_ONCE), { db: around(db) });
    }
  }

  /** The library is loaded at the first use: most commands have nothing to do with batches. */
  #open(): Promise<PgBoss> {
    this.#boss ??= import('pg-boss').then(({ default: Boss }) => {
      return new Boss({
        schema: QUEUE_SCHEMA,
        // Never used: each call brings its own.
        db: { executeSql: () => Promise.reject(new Error('no transaction was given')) },
        supervise: false,
        schedule: false,
        migrate: false,
      });
    });
    return this.#boss;
  }
}

function around(db: Kysely<Tables>): PgBoss.Db {
  return {
    async executeSql(text, values) {
      const { rows } = await db.executeQuery(CompiledQuery.raw(text, values ?? []));
      return { rows: [...rows] };
    },
  };
}

/** The database's clock, ms since 1970: leases of all machines are told by one clock. */
export const serverNow = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
