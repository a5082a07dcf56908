import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
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

/**
 * The newest entries that match, newest first by time, each filter by an index. The kinds of a group are few:
 * each is looked for on its own, so that none is sorted that is not shown.
 */
export async function latestChanges(
  db: Kysely<Tables>,
  limit: number,
  filter: AdminFilter = {},
): Promise<readonly StoredAdminEntry[]> {
  const { action, before } = filter;
  const place = before === undefined ? null : await placeOf(db, before);
  if (place === undefined) return [];
  const kinds = action === undefined ? [null] : await actionsOf(db, action);
  const found: Entry[] = [];
  for (const kind of kinds) found.push(...(await newest(db, limit, filter, kind, place)));
  const newestFirst = found.sort((a, b) => b.at - a.at || b.id - a.id).slice(0, limit);
  return newestFirst.map(entryOf);
}

type Entry = Selectable<AdminLogTable>;
type Place = Pick<Entry, 'at' | 'id'>;

/** Where an entry stands; undefined where there is none. */
function placeOf(db: Kysely<Tables>, id: number): Promise<Place | undefined> {
  return db.selectFrom('admin_log').select(['at', 'id']).where('id', '=', id).executeTakeFirst();
}

/** The kinds that an action names, which stand in the log: it, and those of its group. */
async function actionsOf(db: Kysely<Tables>, action: string): Promise<readonly string[]> {
  // Not LIKE: its wildcards in a caller's text would match other actions. '/' comes behind '.'.
  const [from, to] = [`${action}.`, `${action}/`];
  const next = (bound: ReturnType<typeof sql>) =>
    sql`(select min(action) from admin_log where id > -1 and ${bound} and action < ${to})`;
  // Jumps from one kind to the next in the index, however many entries each has.
  const { rows } = await sql<{ kind: string }>`with recursive kinds (kind) as (
      select ${next(sql`action >= ${from}`)}
      union all select ${next(sql`action > kinds.kind`)} from kinds where kinds.kind is not null)
    select kind from kinds where kind is not null`.execute(db);
  return [action, ...rows.map(({ kind }) => kind)];
}

/** As in the steps `admin-log-search`. */
const PART_OF_TIME = sql.lit(0);
const PART_OF_ONE = sql.lit(-1);

function newest(
  db: Kysely<Tables>,
  limit: number,
  { since, until, target, actor }: AdminFilter,
  action: string | null,
  before: Place | null,
): Promise<readonly Entry[]> {
  let query = db.selectFrom('admin_log').selectAll();
  if (since !== undefined) query = query.where('at', '>=', since.getTime());
  if (until !== undefined) query = query.where('at', '<', until.getTime());
  if (before !== null) query = query.where(sql<boolean>`(at, id) < (${before.at}, ${before.id})`);
  if (actor !== undefined) query = query.where('actor_name', '=', actor);
  if (target !== undefined) query = query.where('target', '=', target);
  if (action !== null) query = query.where('action', '=', action);
  // Three indexes are of parts of the entries that are all of them: they are used where the statement names
  // the part, and never gone through for entries that another index has side by side.
  const isNarrow = target !== undefined || (actor !== undefined && action !== null);
  if (!isNarrow)
    query = query.where('id', '>', actor === undefined && action === null ? PART_OF_TIME : PART_OF_ONE);
  return query.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

function entryOf(row: Entry): StoredAdminEntry {
  return {
    id: row.id,
    at: new Date(row.at),
    actor: { kind: row.actor_kind as Actor['kind'], name: row.actor_name, from: row.actor_from },
    action: row.action,
    target: row.target,
    before: row.before === null ? null : (JSON.parse(row.before) as unknown),
    after: row.after === null ? null : (JSON.parse(row.after) as unknown),
    hash: row.hash,
  };
}
