import { chmodSync, closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Fault, UsageError } from '../../../faults.ts';
import { type Connection, openConnection } from '../connection.ts';
import { DATABASE_FILE } from '../database.ts';
import { storeFault } from '../faults.ts';
import { forgetDead, OPEN_MARKS } from '../in-use.ts';
import { type Column, checkTables, columnOf } from '../inspect.ts';
import {
  ARCHIVE_NAMES,
  type BackupManifest,
  type ManifestFacts,
  packBackup,
  unpackBackup,
} from './archive.ts';
import { makeWorkFolder, placeNew, syncFolder } from './files.ts';

/** How a backup is made. */
export interface BackupOptions {
  readonly dataDir: string;
  /** The file to make; nothing is ever written over. */
  readonly to: string;
  readonly why: BackupManifest['why'];
  /** The master keys go in as well: whoever has the file then has the SecretKeys. */
  readonly withKeys: boolean;
  /** The value of `LIVESTILL_MASTER_KEY`; null: the keys lie in the data folder. */
  readonly masterKey: string | null;
  /** Version of livestill. */
  readonly version: string | null;
}

/** How long a backup waits where something holds the file up, in ms. */
const LOCK_WAIT_MS = 10_000;
/** What the folders begin with in which backups are made. */
export const WORK_PREFIX = '.livestill-backup';

/**
 * Makes one file of the data folder's database, also while a service works with it: all that was on disk when
 * it began is in it. It is made under another name in the same folder, read again and compared, and only then
 * given its name. What was kept for repeated requests stays out: it would be over, and it holds places of
 * faces.
 *
 * Needs room for twice the database beside the new file. Reads and writes on the calling thread.
 *
 * @throws {UsageError} `data_missing`, `file_exists`, `folder_missing`, `file_unwritable`
 * @throws {Fault} `accounts_unavailable` (`store_…`, `backup_short`)
 */
export async function writeBackup(options: BackupOptions): Promise<BackupManifest> {
  const { dataDir, withKeys, masterKey } = options;
  const source = join(dataDir, DATABASE_FILE);
  if (!existsSync(source)) {
    throw new UsageError(
      'data_missing',
      `${resolve(dataDir)} is not a livestill data folder: it holds no ${DATABASE_FILE}`,
    );
  }
  const to = resolve(options.to);
  if (existsSync(to)) throw taken(to);
  if (!existsSync(dirname(to)))
    throw new UsageError('folder_missing', `the folder ${dirname(to)} is missing: make it first`);
  let work: string | undefined;
  try {
    work = makeWorkFolder(dirname(to), WORK_PREFIX);
    const facts = copyDatabase(source, join(work, ARCHIVE_NAMES.database));
    if (withKeys) copyKeys(dataDir, masterKey, join(work, ARCHIVE_NAMES.keys));
    const packed = join(work, 'backup.tar');
    const { why, version } = options;
    const whole: ManifestFacts = { ...facts, why, livestill: version, createdAt: new Date().toISOString() };
    await packBackup(work, whole, withKeys, packed);
    const manifest = await unpackBackup(packed, null);
    placeNew(packed, to);
    syncFolder(dirname(to));
    return manifest;
  } catch (error) {
    throw asSaid(error, to);
  } finally {
    if (work !== undefined) rmSync(work, { recursive: true, force: true });
  }
}

const taken = (to: string): UsageError =>
  new UsageError('file_exists', `${to} exists already: expected the name of a new file`);

function asSaid(error: unknown, to: string): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return taken(to);
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM' || code === 'ENOSPC') {
    return new UsageError('file_unwritable', `${to} cannot be written (${message})`, { cause: error });
  }
  return storeFault('accounts_unavailable', error);
}

/** What a copy holds, once it is sure that it is whole. */
type Copied = Omit<ManifestFacts, 'why' | 'livestill' | 'createdAt'>;

function copyDatabase(source: string, copy: string): Copied {
  closeSync(openSync(copy, 'wx', 0o600));
  forgetDead(source);
  const from = openConnection(source, LOCK_WAIT_MS);
  let atLeast: number;
  try {
    atLeast = lastLedgerId(columnOf(from));
    from.script(`VACUUM INTO '${copy.replaceAll("'", "''")}'`);
  } finally {
    from.close();
  }
  chmodSync(copy, 0o600);
  const made = openConnection(copy, LOCK_WAIT_MS);
  try {
    strip(made);
    const column = columnOf(made);
    const problems = checkTables(column);
    if (problems.length > 0)
      throw new Fault('accounts_unavailable', 'store_corrupt', `the copy is damaged: ${problems.join('; ')}`);
    const lastId = lastLedgerId(column);
    if (lastId < atLeast) {
      throw new Fault(
        'accounts_unavailable',
        'backup_short',
        `the copy ends with ledger row ${lastId}, the database had ${atLeast}`,
      );
    }
    const newest = column('SELECT max(at) FROM ledger')[0];
    return {
      migrations: column('SELECT name FROM kysely_migration ORDER BY name').map(String),
      apps: Number(column('SELECT count(*) FROM app')[0]),
      ledgerRows: Number(column('SELECT count(*) FROM ledger')[0]),
      lastLedgerId: lastId,
      newestRowAt: typeof newest === 'number' ? new Date(newest).toISOString() : null,
      masterKeys: column('SELECT DISTINCT key_id FROM secret').map(String),
    };
  } finally {
    made.close();
  }
}

/** Highest number the ledger has given out. */
export function lastLedgerId(column: Column): number {
  return Number(column("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'")[0] ?? 0);
}

/** Takes out what belongs to the running service alone. */
function strip(copy: Connection): void {
  copy.script('PRAGMA secure_delete=ON');
  copy.begin();
  copy.execute(`DELETE FROM meta WHERE ${OPEN_MARKS}`, []);
  const has = columnOf(copy)("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'idempotency'");
  if (has.length > 0) copy.execute('DELETE FROM idempotency', []);
  copy.commit();
}

function copyKeys(dataDir: string, masterKey: string | null, to: string): void {
  const text =
    masterKey === null ? readFileSync(join(dataDir, 'master.key'), 'utf8') : masterKey.replaceAll(',', '\n');
  writeFileSync(to, `${text.trimEnd()}\n`, { flag: 'wx', mode: 0o600 });
}
