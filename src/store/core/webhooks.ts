import { type Kysely, sql, type Transaction } from 'kysely';
import type { WebhookQueue, WebhookStatus, WebhookStore } from '../../webhook/types.ts';
import type { StoreDatabase } from './database.ts';
import type { Tables } from './tables.ts';

/** For so long after its end a call is remembered, in ms, … */
const WEBHOOK_KEPT_FOR = 24 * 3_600_000;
/** … and so long one that nobody made any more, though it was due. */
const WEBHOOK_DUE_FOR = 7 * WEBHOOK_KEPT_FOR;

/** The calls that are still to be made. */
export function createWebhooks(database: StoreDatabase): WebhookStore {
  return {
    async takeWebhooks(now, holdMs, limit) {
      // Most of the time nothing is due: a look costs no lock.
      const some = await database.read('state_unavailable', (db) =>
        db.selectFrom('webhook').select('id').where('due_at', '<=', now).limit(1).execute(),
      );
      if (some.length === 0) return [];
      return database.write(
        'state_unavailable',
        async (db) => {
          const due = await db
            .selectFrom('webhook')
            .select(['id', 'appid', 'url', 'body', 'tries', 'traceparent'])
            .where('due_at', '<=', now)
            .orderBy('due_at')
            .limit(limit)
            .execute();
          for (const { id, tries } of due) {
            await db
              .updateTable('webhook')
              .set({ due_at: now + holdMs, tries: tries + 1 })
              .where('id', '=', id)
              .execute();
          }
          return due.map((call) => ({ ...call, tries: call.tries + 1 }));
        },
        'webhooks',
      );
    },
    async endWebhook(id, end, now) {
      const change =
        end.kind === 'retry'
          ? { due_at: end.at, last_failure: end.why }
          : {
              due_at: null,
              ended_at: now,
              state: end.kind,
              last_failure: end.kind === 'given_up' ? end.why : null,
              // What was sent is of no use any more.
              body: '',
            };
      await database.write('state_unavailable', (db) =>
        db.updateTable('webhook').set(change).where('id', '=', id).execute(),
      );
    },
    findWebhook: (id) =>
      database.read('state_unavailable', async (db) => {
        const row = await db
          .selectFrom('webhook')
          .select(['state', 'tries', 'last_failure'])
          .where('id', '=', id)
          .executeTakeFirst();
        if (row === undefined) return null;
        const { state, tries, last_failure: lastFailure } = row;
        return { state: state as WebhookStatus['state'], tries, lastFailure };
      }),
    webhookQueue: (now) => database.read('state_unavailable', (db) => queueOf(db, now)),
  };
}

async function queueOf(db: Kysely<Tables>, now: number): Promise<WebhookQueue> {
  const { waiting, since } = await db
    .selectFrom('webhook')
    .leftJoin('session', (join) =>
      join.on(sql<boolean>`session.session_id = substr(webhook.id, length('session:') + 1)`),
    )
    .where('webhook.due_at', 'is not', null)
    .select((eb) => [
      eb.fn.count<number>('webhook.id').as('waiting'),
      eb.fn.min(eb.fn.coalesce('session.ended_at', 'webhook.due_at')).as('since'),
    ])
    .executeTakeFirstOrThrow();
  const oldestSeconds = since === null ? 0 : Math.max(0, now - Number(since)) / 1000;
  return { waiting: Number(waiting), oldestSeconds };
}

/** Puts a call down, in the transaction of what it tells of. */
export async function addWebhook(
  db: Transaction<Tables>,
  call: {
    readonly id: string;
    readonly appid: string;
    readonly url: string;
    readonly body: string;
    readonly at: number;
    readonly traceparent: string | null;
  },
): Promise<void> {
  const { at, ...rest } = call;
  await db
    .insertInto('webhook')
    .values({ ...rest, state: 'waiting', tries: 0, due_at: at, last_failure: null, ended_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Deletes at most `limit` calls that are of no use any more; how many went. */
export async function dropWebhooks(db: Transaction<Tables>, now: number, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`delete from webhook where id in
    (select id from webhook where ended_at < ${now - WEBHOOK_KEPT_FOR} or due_at < ${now - WEBHOOK_DUE_FOR} limit ${limit})`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0);
}
