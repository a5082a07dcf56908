import { type Kysely, Migrator, sql } from 'kysely';
import { Fault, UsageError } from '../../faults.ts';
import { getMeta, putMeta } from '../core/meta.ts';
import type { MigratedSteps } from '../core/migrated.ts';
import type { Tables } from '../core/tables.ts';
import { ACCOUNTS } from './steps/accounts.ts';
import { ADMIN_LOG_SEARCH } from './steps/admin-log-search.ts';
import { BATCH_PICTURES } from './steps/batch-pictures.ts';
import { BATCH_RESULTS } from './steps/batch-results.ts';
import { BATCHES } from './steps/batches.ts';
import { CONSOLE } from './steps/console.ts';
import { CONSOLE_PROOF } from './steps/console-proof.ts';
import { LEDGER_SEARCH } from './steps/ledger-search.ts';
import { LEDGER_STILL } from './steps/ledger-still.ts';
import { OIDC } from './steps/oidc.ts';
import { PERMITS } from './steps/permits.ts';
import { RATES } from './steps/rates.ts';
import { RECORD } from './steps/record.ts';
import { REQUESTS } from './steps/requests.ts';
import { RESULTS_ROUND } from './steps/results-round.ts';
import { REVIEW_LIMITS } from './steps/review-limits.ts';
import { REVIEW_MARKS } from './steps/review-marks.ts';
import { SCORES } from './steps/scores.ts';
import { SESSIONS } from './steps/sessions.ts';
import { SESSIONS_OPEN } from './steps/sessions-open.ts';
import type { Step } from './steps/step.ts';
import { TRACEPARENT } from './steps/traceparent.ts';

/** Steps by name, run in the order of the names; a step that was released is never changed. */
export const MIGRATIONS: Readonly<Record<string, Step>> = {
  '0001-accounts': ACCOUNTS,
  '0002-record': RECORD,
  '0003-requests': REQUESTS,
  '0004-rates': RATES,
  '0006-sessions': SESSIONS,
  '0007-console': CONSOLE,
  '0008-ledger-search': LEDGER_SEARCH,
  '0009-batches': BATCHES,
  '0010-permits': PERMITS,
  '0011-review': REVIEW_MARKS,
  '0012-oidc': OIDC,
  '0013-batch-results': BATCH_RESULTS,
  '0014-sessions-open': SESSIONS_OPEN,
  '0015-scores': SCORES,
  '0016-admin-log-search': ADMIN_LOG_SEARCH,
  '0016-review-limits': REVIEW_LIMITS,
  '0017-results-round': RESULTS_ROUND,
  '0018-ledger-still': LEDGER_STILL,
  '0019-traceparent': TRACEPARENT,
  '0020-batch-pictures': BATCH_PICTURES,
  '0020-console-proof': CONSOLE_PROOF,
};

/** Under this key in `meta` stands the last step that a version must know to work on the tables. */
const NEEDED_KEY = 'needed_step';

/** How the tables of a database compare with this version. */
export interface SchemaState {
  readonly done: readonly string[];
  /** Steps of this version that the database lacks. */
  readonly missing: readonly string[];
  /** Steps of a newer version. */
  readonly unknown: readonly string[];
  /** Whether this version works on the tables as they are. */
  readonly isUsable: boolean;
}

/** Looks at the tables without changing them. */
export async function schemaState(db: Kysely<Tables>): Promise<SchemaState> {
  const { rows } = await sql<{
    found: boolean;
  }>`select to_regclass('kysely_migration') is not null as found`.execute(db);
  const names = rows[0]?.found
    ? (await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)).rows
    : [];
  const done = names.map(({ name }) => name);
  const known = Object.keys(MIGRATIONS).sort();
  const missing = known.filter((name) => !done.includes(name));
  const needed = missing.includes('0001-accounts') ? undefined : await getMeta(db, NEEDED_KEY);
  const isKnown = needed === undefined || Object.hasOwn(MIGRATIONS, needed);
  return {
    done,
    missing,
    unknown: done.filter((name) => !Object.hasOwn(MIGRATIONS, name)),
    isUsable: missing.length === 0 && isKnown,
  };
}

/**
 * See to it that this version works on the tables.
 * @throws {Fault} `accounts_unavailable` `store_older` (what to run), `store_newer`
 */
export async function needUsable(db: Kysely<Tables>): Promise<void> {
  const { done, missing, isUsable } = await schemaState(db);
  if (isUsable) return;
  if (missing.length === 0) {
    throw new Fault(
      'accounts_unavailable',
      'store_newer',
      'the database was changed by a newer version of livestill in a way that this one cannot work with: use the newer version',
    );
  }
  const what =
    done.length === 0 ? 'holds no tables of livestill yet' : `lacks the steps ${missing.join(', ')}`;
  throw new Fault(
    'accounts_unavailable',
    'store_older',
    `the database ${what}: run "livestill migrate up" once, or set postgres.migrateAtStart`,
  );
}

/**
 * Bring the tables up to this version under a lock (`pg_advisory_lock`), all in one transaction: of several
 * that start together one does it.
 * @param db a connection without time-outs
 * @returns what was done; null where nothing was to do
 * @throws {Fault} `accounts_unavailable` `store_newer`
 * @throws {Error} the server's own errors
 */
export async function migrateUp(db: Kysely<Tables>): Promise<MigratedSteps | null> {
  const before = await schemaState(db);
  if (before.missing.length === 0) {
    await needUsable(db);
    return null;
  }
  const { error, results = [] } = await migratorOf(db, before.unknown).migrateToLatest();
  if (error !== undefined) throw error;
  const steps = results.map(({ migrationName }) => migrationName);
  await noteNeeded(db);
  return steps.length === 0 ? null : { from: before.done.at(-1) ?? '', steps };
}

/**
 * Take the tables back to what they were after the step `to`; what the later steps hold is lost.
 * @throws {UsageError} `step_unknown`, `step_newer`
 * @throws {Error} the server's own errors
 */
export async function migrateDown(db: Kysely<Tables>, to: string): Promise<readonly string[]> {
  const { unknown } = await schemaState(db);
  if (!Object.hasOwn(MIGRATIONS, to)) {
    throw new UsageError(
      'step_unknown',
      `there is no step ${to}: expected one of ${Object.keys(MIGRATIONS).join(', ')}`,
    );
  }
  if (unknown.length > 0) {
    throw new UsageError(
      'step_newer',
      `the steps ${unknown.join(', ')} are of a newer version: go back with that version first`,
    );
  }
  const { error, results = [] } = await migratorOf(db, []).migrateTo(to);
  if (error !== undefined) throw error;
  await noteNeeded(db);
  return results.map(({ migrationName }) => migrationName);
}

/** Steps of a newer version stay as they are. */
function migratorOf(db: Kysely<Tables>, unknown: readonly string[]): Migrator {
  const kept = Object.fromEntries(unknown.map((name) => [name, { up: async () => {} }]));
  return new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...kept, ...MIGRATIONS }) },
    allowUnorderedMigrations: true,
  });
}

async function noteNeeded(db: Kysely<Tables>): Promise<void> {
  const { done } = await schemaState(db);
  const needed = done.filter((name) => MIGRATIONS[name]?.kind === 'contract').at(-1);
  if (needed !== undefined) await db.transaction().execute((change) => putMeta(change, NEEDED_KEY, needed));
}
