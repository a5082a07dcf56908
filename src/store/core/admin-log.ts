import { type Kysely, sql, type Transaction } from 'kysely';
import type { Actor, AdminEntry, AdminFilter, StoredAdminEntry } from '../../ledger/admin.ts';
import type { ChainValue } from '../../ledger/chain.ts';
import { type FindEnd, takePlace } from './chain/place.ts';
import type { AdminLogTable, Tables } from './tables.ts';

/** Writes changes by one operator into the admin log, inside of the transaction that makes the change. */
export type NoteChange = (db: Transaction<Tables>, entry: AdminEntry) => Promise<void>;

/** The admin log for changes by `actor`. A change and its entry are kept both or not at all. */
export function changesBy(actor: Actor, findEnd: FindEnd): NoteChange {
  return async (db, { action, target, before, after }) => {
    const row = {
      at: Date.now(),
      actor_kind: actor.kind,
      actor_name: actor.name,
      actor_from: actor.from,
      action,
      target,
      before: json(before),
      after: json(after),
    };
    const place = await takePlace(db, findEnd, 'admin', (id) => adminValues({ id, ...row }));
    await db
      .insertInto('admin_log')
      .values({ ...row, ...place })
      .execute();
  };
}

function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** The values of an entry that its hash covers, in the order of the form `admin-1`. */
export function adminValues(
  row: Omit<AdminLogTable, 'id' | 'salt' | 'hash'> & { readonly id: number },
): readonly ChainValue[] {
  const { id, at, actor_kind, actor_name, actor_from, action, target, before, after } = row;
  return [id, at, actor_kind, actor_name, actor_from, action, target, before, after];
}

/** The newest entries that match, newest first. */
export async function latestChanges(
  db: Kysely<Tables>,
  limit: number,
  { since, until, action, target, actor, before }: AdminFilter = {},
): Promise<readonly StoredAdminEntry[]> {
  let query = db.selectFrom('admin_log').selectAll();
  if (since !== undefined) query = query.where('at', '>=', since.getTime());
  if (until !== undefined) query = query.where('at', '<', until.getTime());
  if (before !== undefined) query = query.where('id', '<', before);
  if (actor !== undefined) query = query.where('actor_name', '=', actor);
  if (target !== undefined) query = query.where('target', '=', target);
  if (action !== undefined) {
    // Not LIKE: its wildcards in a caller's text would match other actions.
    const inGroup = sql<boolean>`substr(action, 1, ${action.length + 1}) = ${`${action}.`}`;
    query = query.where((eb) => eb.or([eb('action', '=', action), inGroup]));
  }
  const rows = await query.orderBy('id', 'desc').limit(limit).execute();
  return rows.map((row) => ({
    id: row.id,
    at: new Date(row.at),
    actor: { kind: row.actor_kind as Actor['kind'], name: row.actor_name, from: row.actor_from },
    action: row.action,
    target: row.target,
    before: row.before === null ? null : (JSON.parse(row.before) as unknown),
    after: row.after === null ? null : (JSON.parse(row.after) as unknown),
    hash: row.hash,
  }));
}
