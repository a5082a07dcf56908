import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { ErasureTarget } from '../../ledger/types.ts';
import type { Tables } from './tables.ts';

/**
 * What the store keeps of a person beside the ledger, found by itself: a decision may have no row (the
 * service failed, the session got no picture), or have lost it (rows go by age).
 */
export interface KeptBeside {
  readonly sessions: readonly string[];
  /** Calls that are still to be made, or were, by id. */
  readonly webhooks: readonly string[];
  /** Kept answers to an `Idempotency-Key`. */
  readonly answers: readonly { readonly appid: string; readonly key: string }[];
}

/** Finds it by what an erasure is asked by. */
export async function keptBeside(db: Kysely<Tables>, target: ErasureTarget): Promise<KeptBeside> {
  const member = memberOf(target);
  const sessions = await db
    .selectFrom('session')
    .select('session_id')
    .where(
      'reference' in target
        ? sql<boolean>`reference = ${target.reference}`
        : holds(sql.ref('content'), member),
    )
    .execute();
  // One that is not delivered outlives its session.
  const webhooks = await db
    .selectFrom('webhook')
    .select('id')
    .where(holds(sql.ref('body'), member))
    .execute();
  const answers = await db
    .selectFrom('idempotency')
    .select(['appid', 'key'])
    .where(holds(sql.ref('body'), member))
    .execute();
  const ofSessions = sessions.map(({ session_id }) => session_id);
  const calls = new Set([...ofSessions.map((id) => `session:${id}`), ...webhooks.map(({ id }) => id)]);
  return { sessions: ofSessions, webhooks: [...calls], answers };
}

/** Deletes it; how many sessions and answers went. */
export async function eraseBeside(
  db: Kysely<Tables>,
  { sessions, webhooks, answers }: KeptBeside,
): Promise<{ readonly sessions: number; readonly answers: number }> {
  let gone = 0;
  for (const id of sessions)
    gone += deleted(await db.deleteFrom('session').where('session_id', '=', id).executeTakeFirst());
  for (const id of webhooks) await db.deleteFrom('webhook').where('id', '=', id).execute();
  let dropped = 0;
  for (const { appid, key } of answers)
    dropped += deleted(
      await db.deleteFrom('idempotency').where('appid', '=', appid).where('key', '=', key).executeTakeFirst(),
    );
  return { sessions: gone, answers: dropped };
}

const deleted = ({ numDeletedRows }: { readonly numDeletedRows: bigint }): number => Number(numDeletedRows);

/** The member of a JSON text that names what is to be erased. */
function memberOf(target: ErasureTarget): string {
  if ('requestId' in target) return `"requestId":${JSON.stringify(target.requestId)}`;
  if ('reference' in target) return `"reference":${JSON.stringify(target.reference)}`;
  return `"sha256":${JSON.stringify(target.pictureSha256)}`;
}

/** Whether a text holds another one; written so that both databases know it. */
export const holds = (text: RawBuilder<unknown>, part: string) =>
  sql<boolean>`replace(coalesce(${text}, ''), ${part}, '') <> coalesce(${text}, '')`;
