import { type Kysely, type Migration, Migrator, sql } from 'kysely';
import { Fault } from '../../faults.ts';
import type { MigratedSteps } from '../core/migrated.ts';
import type { Tables } from '../core/tables.ts';
import { ADMIN_LOG_SEARCH } from './steps/admin-log-search.ts';
import { API_KEYS } from './steps/api-keys.ts';
import { CAPTURE } from './steps/capture.ts';
import { CONSOLE } from './steps/console.ts';
import { CONSOLE_PROOF } from './steps/console-proof.ts';
import { FIRST } from './steps/first.ts';
import { SHARES } from './steps/idempotency-shares.ts';
import { INDEXES } from './steps/indexes.ts';
import { LEDGER_SEARCH } from './steps/ledger-search.ts';
import { LEDGER_STILL } from './steps/ledger-still.ts';
import { OIDC } from './steps/oidc.ts';
import { PROFILES } from './steps/profiles.ts';
import { RECORD } from './steps/record.ts';
import { REVIEW } from './steps/review.ts';
import { REVIEW_LIMITS } from './steps/review-limits.ts';
import { REVIEW_MARKS } from './steps/review-marks.ts';
import { SCORES } from './steps/scores.ts';
import { SESSIONS } from './steps/sessions.ts';
import { SESSIONS_OPEN } from './steps/sessions-open.ts';
import { TRACEPARENT } from './steps/traceparent.ts';

/** Steps by name, run in the order of the names; a step that was released is never changed. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': FIRST,
  '0002-api-keys': API_KEYS,
  '0003-indexes': INDEXES,
  '0004-idempotency-shares': SHARES,
  '0006-record': RECORD,
  '0009-profiles': PROFILES,
  '0010-capture': CAPTURE,
  '0011-review': REVIEW,
  '0013-sessions': SESSIONS,
  '0014-console': CONSOLE,
  '0015-ledger-search': LEDGER_SEARCH,
  '0016-review': REVIEW_MARKS,
  '0017-oidc': OIDC,
  '0018-sessions-open': SESSIONS_OPEN,
  '0019-scores': SCORES,
  '0020-admin-log-search': ADMIN_LOG_SEARCH,
  '0020-review-limits': REVIEW_LIMITS,
  '0021-ledger-still': LEDGER_STILL,
  '0022-traceparent': TRACEPARENT,
  '0023-console-proof': CONSOLE_PROOF,
};

/** How the steps that a file has been through compare with those of this version. */
export function schemaAge(done: readonly string[]): 'current' | 'older' | 'newer' {
  if (done.some((name) => !Object.hasOwn(MIGRATIONS, name))) return 'newer';
  return done.length === Object.keys(MIGRATIONS).length ? 'current' : 'older';
}

/** The steps that a file has been through, and those that it lacks; found out without the write lock. */
async function stepsOf(db: Kysely<Tables>): Promise<{ readonly done: string[]; readonly missing: string[] }> {
  const tables = await sql`select name from sqlite_schema where name = 'kysely_migration'`.execute(db);
  const rows =
    tables.rows.length === 0
      ? []
      : (await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)).rows;
  const done = rows.map((row) => row.name);
  const missing = Object.keys(MIGRATIONS).filter((name) => !done.includes(name));
  return { done, missing: missing.sort() };
}

/**
 * Bring the tables up to this version, all in one transaction under the write lock: two processes that start
 * together do it once.
 * @param before told the steps before the first of them, where the file holds tables already; what it throws
 * keeps the file as it is
 * @returns what was done to tables that were there already; null where nothing was, or they were made new
 * @throws {Fault} `accounts_unavailable` (`store_newer`) when a newer livestill wrote the file
 * @throws {Error} SQLite's own errors
 */
export async function migrate(
  db: Kysely<Tables>,
  before: (steps: MigratedSteps) => Promise<void>,
): Promise<MigratedSteps | null> {
  const { done, missing } = await stepsOf(db);
  if (missing.length === 0 && schemaAge(done) === 'current') return null;
  const from = done.at(-1);
  const isOlder = from !== undefined && schemaAge(done) === 'older';
  if (isOlder) await before({ from, steps: missing });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) {
    const made = (results ?? []).map(({ migrationName }) => migrationName);
    return isOlder && made.length > 0 ? { from, steps: made } : null;
  }
  if (/corrupted migrations/.test((error as Error).message)) {
    throw new Fault(
      'accounts_unavailable',
      'store_newer',
      'the data folder was written by a newer version of livestill: use that version, or put a backup made before it back with "livestill restore" (the newer version keeps one in the folder "backups" of the data folder)',
      { cause: error },
    );
  }
  throw error;
}
