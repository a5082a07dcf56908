import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { Fault, UsageError } from '../faults.ts';
import type { Actor } from '../ledger/admin.ts';
import { changesBy } from './core/admin-log.ts';
import { SPAN } from './core/chain/names.ts';
import { BATCH_TABLES, COPIED_TABLES, type Content, compareRows, copyRows } from './core/copy-rows.ts';
import { makeDataFolder } from './core/data-folder.ts';
import { getMeta, putMeta } from './core/meta.ts';
import type { PostgresSettings } from './core/postgres-settings.ts';
import type { Tables } from './core/tables.ts';
import { queueCopied } from './postgres/batches/copied.ts';
import { findEnd as findPostgresEnd } from './postgres/chain-end.ts';
import { storeFault as postgresFault } from './postgres/faults.ts';
import { withPatience } from './postgres/handles.ts';
import { needUsable } from './postgres/migrations.ts';
import { shownAddress } from './postgres/settings.ts';
import { findEnd as findSqliteEnd } from './sqlite/chain-end.ts';
import { DATABASE_FILE } from './sqlite/database.ts';
import { storeFault as sqliteFault } from './sqlite/faults.ts';
import { openHandles } from './sqlite/handles.ts';

/** A store to copy from or to: a data folder with SQLite, or a PostgreSQL database. */
export type StorePlace = { readonly dataDir: string } | { readonly postgres: PostgresSettings };

/** What was copied: each table's rows and their hash, the same in both. */
export type Copied = Readonly<Record<string, Content>>;

/** How a store is copied. */
export interface CopyOptions {
  readonly from: StorePlace;
  readonly to: StorePlace;
  readonly actor: Actor;
  /** Called with each table once it is copied. */
  readonly onTable?: (name: string, rows: number) => void | Promise<void>;
  /** Called with what the target cannot hold, where the source has any. */
  readonly onLeft?: (left: LeftBatches) => void;
}

/** Batches that are not copied: SQLite keeps none. */
export interface LeftBatches {
  readonly batches: number;
  readonly results: number;
}

/** Under this key in `meta` of the target stands from where a copy is being made. */
const COPYING_KEY = 'copying';

/**
 * Copies a store into an empty one, or goes on with a copy that was interrupted; then counts and hashes of
 * every table are compared. Batches are copied from PostgreSQL to PostgreSQL, with the jobs of chunks that
 * wait. The keys (`master.key`, `audit.key`) are not copied. Nothing may write to either meanwhile.
 * @throws {UsageError} `data_missing`, `copy_target`, `copy_differs`, `store_url`
 * @throws {Fault} `accounts_unavailable` (`store_…`)
 */
export async function copyStore({
  from,
  to,
  actor,
  onTable = () => {},
  onLeft = () => {},
}: CopyOptions): Promise<Copied> {
  const hasBatches = !isSqlite(from) && !isSqlite(to);
  const tables = hasBatches ? [...COPIED_TABLES, ...BATCH_TABLES] : COPIED_TABLES;
  return withPlace(from, false, (source) =>
    withPlace(to, true, async (target) => {
      const mark = nameOf(from);
      await beginCopy(target, mark);
      for (const table of tables) await onTable(table.name, await copyRows(source, target, table));
      await setNumbers(target, to);
      const copied: Record<string, Content> = {};
      for (const table of tables) copied[table.name] = await compareRows(source, target, table);
      await target.transaction().execute(async (db) => {
        await db.deleteFrom('meta').where('key', '=', COPYING_KEY).execute();
        if (hasBatches) await queueCopied(db);
        const findEnd = isSqlite(to) ? findSqliteEnd : findPostgresEnd;
        const after = { from: mark, ledgerRows: copied.ledger?.rows ?? 0 };
        await changesBy(actor, findEnd)(db, {
          action: 'store.copy',
          target: nameOf(to),
          before: null,
          after,
        });
      });
      if (!isSqlite(from) && isSqlite(to)) {
        const left = await countBatches(source);
        if (left.batches > 0) onLeft(left);
      }
      return copied;
    }),
  );
}

const isSqlite = (place: StorePlace): place is { readonly dataDir: string } => 'dataDir' in place;

async function countBatches(db: Kysely<Tables>): Promise<LeftBatches> {
  const { rows } = await sql<{
    batches: number;
    results: number;
  }>`select (select count(*) from batch)::bigint as batches, (select count(*) from batch_result)::bigint as results`.execute(
    db,
  );
  return rows[0] ?? { batches: 0, results: 0 };
}

/** A place for people: no password in it. */
function nameOf(place: StorePlace): string {
  return isSqlite(place) ? resolve(place.dataDir) : shownAddress(place.postgres);
}

/**
 * @throws {UsageError} `copy_target` when the target holds something that is not of an interrupted copy from
 * the same source
 */
async function beginCopy(target: Kysely<Tables>, source: string): Promise<void> {
  const mark = await getMeta(target, COPYING_KEY);
  if (mark === source) return;
  const { rows } = await sql<{ found: number }>`select 1 as found from app union all select 1 from admin_log
    union all select 1 from used_signature union all select 1 from ledger limit 1`.execute(target);
  if (mark !== undefined || rows.length > 0) {
    throw new UsageError(
      'copy_target',
      mark === undefined
        ? 'the target holds something already: expected an empty store'
        : `the target holds a part of another copy, from ${mark}: expected an empty store`,
    );
  }
  await target.transaction().execute((db) => putMeta(db, COPYING_KEY, source));
}

/** Numbers go on behind the rows that were copied. */
async function setNumbers(target: Kysely<Tables>, to: StorePlace): Promise<void> {
  if (isSqlite(to)) {
    // The rows of other nodes have numbers far above those that this database gives out.
    await target.transaction().execute((db) =>
      sql`update sqlite_sequence set seq = max(coalesce((select max(id) from ledger where id <= ${SPAN}), 0),
        coalesce((select row_id from chain_head where chain = 'ledger'), 0)) where name = 'ledger'`.execute(
        db,
      ),
    );
    return;
  }
  for (const name of ['model_set', 'policy_version'] as const) {
    await sql`select setval(pg_get_serial_sequence(${name}, 'id'), max(id)) from ${sql.table(name)} having max(id) is not null`.execute(
      target,
    );
  }
}

async function withPlace<T>(
  place: StorePlace,
  mayMake: boolean,
  work: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  return isSqlite(place) ? withSqlite(place.dataDir, mayMake, work) : withPostgres(place.postgres, work);
}

async function withPostgres<T>(
  settings: PostgresSettings,
  work: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  try {
    return await withPatience({ settings, name: 'livestill store copy', onTrouble: () => {} }, async (db) => {
      await needUsable(db);
      return work(db);
    });
  } catch (error) {
    throw postgresFault('accounts_unavailable', error);
  }
}

async function withSqlite<T>(
  dataDir: string,
  mayMake: boolean,
  work: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  const path = join(dataDir, DATABASE_FILE);
  if (!mayMake && !existsSync(path)) {
    throw new UsageError(
      'data_missing',
      `${resolve(dataDir)} is not a livestill data folder: it holds no ${DATABASE_FILE}`,
    );
  }
  try {
    if (mayMake) makeDataFolder(resolve(dataDir));
    const { reader, writer } = await openHandles(
      { path, create: mayMake, sync: 'full', lockWaitMs: 10_000, beforeMigration: refuseOlder },
      mayMake,
    );
    try {
      return await work(mayMake ? writer : reader);
    } finally {
      await reader.destroy();
      await writer.destroy();
    }
  } catch (error) {
    throw sqliteFault('accounts_unavailable', error);
  }
}

async function refuseOlder(): Promise<void> {
  throw new Fault(
    'accounts_unavailable',
    'store_older',
    'the data folder is of an older version: let a command of this version open it first, such as "livestill app list"',
  );
}
