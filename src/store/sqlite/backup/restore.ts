import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Fault, UsageError } from '../../../faults.ts';
import type { Actor } from '../../../ledger/admin.ts';
import { CLOCK_KEY, RESTORED_KEY, type RestoreNote } from '../../core/meta.ts';
import { type Connection, openConnection } from '../connection.ts';
import { DATABASE_FILE } from '../database.ts';
import { storeFault } from '../faults.ts';
import { columnOf, type DatabaseFindings, inspectDatabase } from '../inspect.ts';
import { ARCHIVE_NAMES, type BackupManifest, unpackBackup, unpackedKeys } from './archive.ts';
import { lastLedgerId } from './backup.ts';
import { makeWorkFolder, syncFile, syncFolder } from './files.ts';
import { lockAlone } from './lock-alone.ts';
import { dropHalfKept, keep, putKeys, textOf } from './replaced.ts';

/** How a backup is put back. */
export interface RestoreOptions {
  readonly file: string;
  readonly dataDir: string;
  /** The value of `LIVESTILL_MASTER_KEY`; null: the keys lie in the data folder or in the backup. */
  readonly masterKey: string | null;
  /**
   * Go on where the database that is there is damaged, so that nobody can tell whether a service works on it.
   */
  readonly overDamaged: boolean;
  readonly now: Date;
  /** Who restores, for the log of changes. */
  readonly actor: Actor;
}

/** What was put back, and where what was there before lies now; null: nothing was there. */
export interface Restored {
  readonly manifest: BackupManifest;
  readonly findings: DatabaseFindings;
  readonly kept: string | null;
  /** Whether `master.key` was replaced by the backup's. */
  readonly keysReplaced: boolean;
}

const WORK_PREFIX = '.livestill-restore';
const keyFile = ARCHIVE_NAMES.keys;

/**
 * Puts a backup in the place of the data folder's database. It is unpacked beside it, checked whole, and
 * takes the name in one step while nobody else has the database open; what was there is kept in a folder of
 * its own. Killed at any moment, either the old or the new database is in place, and the master keys at hand
 * fit it.
 *
 * @throws {UsageError} `backup_…`, `service_running`, `database_damaged`, `folder_missing`
 * @throws {Fault} `accounts_unavailable` (`store_newer`, `store_corrupt`, `master_key_wrong`,
 * `master_key_missing`)
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { file, masterKey } = options;
  const dataDir = resolve(options.dataDir);
  if (!existsSync(dataDir)) makeDataFolder(dataDir);
  const work = makeWorkFolder(dataDir, WORK_PREFIX);
  try {
    const manifest = await unpackBackup(file, work);
    const keys = unpackedKeys(work, manifest);
    const findings = checkUnpacked(work, dataDir, masterKey, keys);
    const parts = { work, manifest, keys: masterKey === null ? keys : null };
    const { kept, keysReplaced } = exchange(options, dataDir, parts);
    return { manifest, findings, kept, keysReplaced };
  } catch (error) {
    throw error instanceof UsageError || error instanceof Fault
      ? error
      : storeFault('accounts_unavailable', error);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function makeDataFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { mode: 0o700 });
  } catch (cause) {
    throw new UsageError(
      'folder_missing',
      `the data folder ${dataDir} cannot be made (${(cause as Error).message})`,
      {
        cause,
      },
    );
  }
}

/**
 * The unpacked database is whole, not newer than this version, and the keys that will be at hand decrypt its
 * SecretKeys.
 */
function checkUnpacked(
  work: string,
  dataDir: string,
  masterKey: string | null,
  keys: string | null,
): DatabaseFindings {
  const present = join(dataDir, keyFile);
  const borrowed = masterKey === null && keys === null && existsSync(present);
  if (borrowed) writeFileSync(join(work, keyFile), readFileSync(present), { mode: 0o600 });
  const findings = inspectDatabase(work, masterKey);
  if (borrowed) rmSync(join(work, keyFile));
  if (findings.problems.length > 0) {
    throw new Fault(
      'accounts_unavailable',
      'store_corrupt',
      `the backup's database is damaged: ${findings.problems.join('; ')}`,
    );
  }
  if (findings.age === 'newer') {
    throw new Fault(
      'accounts_unavailable',
      'store_newer',
      'the backup was made by a newer livestill: restore it with that version',
    );
  }
  if (findings.masterKeyFault !== null && findings.masterKeys.length > 0) {
    throw new Fault(
      'accounts_unavailable',
      'master_key_wrong',
      `the backup's SecretKeys are encrypted under the master key ${findings.masterKeys.join(', ')}, which is not at hand: put ` +
        `${keyFile} into ${dataDir}, set LIVESTILL_MASTER_KEY, or use a backup made with --with-keys`,
    );
  }
  return findings;
}

/** Everything that was there before, under the names it had. */
interface Replaced {
  readonly kept: string | null;
  readonly keysReplaced: boolean;
}

/** What was unpacked, and where; `keys`: the master keys to put in place. */
interface Unpacked {
  readonly work: string;
  readonly manifest: BackupManifest;
  readonly keys: string | null;
}

function exchange(options: RestoreOptions, dataDir: string, unpacked: Unpacked): Replaced {
  const { work, manifest, keys } = unpacked;
  const live = join(dataDir, DATABASE_FILE);
  const fresh = join(work, DATABASE_FILE);
  dropHalfKept(dataDir, live);
  const lock = existsSync(live) ? lockAlone(live, options.overDamaged) : null;
  try {
    settle(fresh, lock === null ? 0 : lastIdOf(lock), options, manifest);
    const kept = keep(dataDir, live, options.now);
    const keysReplaced = keys !== null && keys !== textOf(join(dataDir, keyFile));
    // Between these steps the keys of both databases are at hand: whichever is in place can be read.
    if (keysReplaced) putKeys(dataDir, work, [keys, textOf(join(dataDir, keyFile)) ?? '']);
    renameSync(fresh, live);
    syncFolder(dataDir);
    if (keysReplaced) putKeys(dataDir, work, [keys]);
    return { kept, keysReplaced };
  } finally {
    lock?.rollback();
    lock?.close();
  }
}

function lastIdOf(lock: Connection): number {
  try {
    return lastLedgerId(columnOf(lock));
  } catch {
    return 0;
  }
}

/**
 * Numbers of ledger rows are never given out twice: counting goes on behind what was replaced. The clock is
 * taken to be right, since somebody stands at the machine.
 */
function settle(
  fresh: string,
  lastId: number,
  { file, now, actor }: RestoreOptions,
  { createdAt, lastLedgerId: backupEnds }: BackupManifest,
): void {
  const connection = openConnection(fresh, 500);
  try {
    connection.begin();
    connection.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'ledger'", [lastId]);
    const none = columnOf(connection)("SELECT 1 FROM sqlite_sequence WHERE name = 'ledger'").length === 0;
    if (none) connection.execute("INSERT INTO sqlite_sequence VALUES ('ledger', ?)", [lastId]);
    const put = (key: string, value: string) =>
      connection.execute('INSERT OR REPLACE INTO meta VALUES (?, ?)', [key, value]);
    put(CLOCK_KEY, JSON.stringify({ time: now.getTime(), wall: now.getTime(), jump: null }));
    // The tables may be of an older version, without a log of changes: the first version that has one writes
    // it there.
    const restored: RestoreNote = {
      actor,
      file: resolve(file),
      at: now.toISOString(),
      madeAt: createdAt,
      lastRow: backupEnds,
      replacedLastRow: lastId,
    };
    put(RESTORED_KEY, JSON.stringify(restored));
    connection.commit();
  } finally {
    connection.rollback();
    connection.close();
  }
  syncFile(fresh);
}
