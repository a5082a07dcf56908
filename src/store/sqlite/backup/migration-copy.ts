import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../../faults.ts';
import type { MigratedSteps } from '../../core/migrated.ts';
import { WORK_PREFIX, writeBackup } from './backup.ts';
import { clearWorkFolders, timeName } from './files.ts';

const FOLDER_NAME = 'backups';
const OWN_NAME = /^before-\d{4}-[a-z0-9-]+-\d{8}T\d{6}Z\.tar$/;

/** The folder of the backups that are made before migrations. */
export const copiesFolder = (dataDir: string): string => join(dataDir, FOLDER_NAME);

/**
 * Makes a backup before a migration, and lets the older ones beyond `keep` go. The keys stay out: they lie
 * beside it.
 * @returns its path
 * @throws {Fault} `accounts_unavailable` (`migration_backup_failed`): without it the tables are left as they
 * are
 */
export async function copyBeforeMigration(
  dataDir: string,
  { steps }: MigratedSteps,
  keep: number,
  now: Date,
): Promise<string> {
  const folder = copiesFolder(dataDir);
  const to = join(folder, `before-${steps[0]}-${timeName(now)}.tar`);
  try {
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    // Another process may be at the same migration: its backup is as good.
    if (!existsSync(to)) {
      const how = { why: 'before a migration', withKeys: false, masterKey: null, version: null } as const;
      await writeBackup({ dataDir, to, ...how });
    }
  } catch (cause) {
    if (existsSync(to)) return to;
    throw new Fault(
      'accounts_unavailable',
      'migration_backup_failed',
      `the tables are not brought up to date, since the backup before it failed (${(cause as Error).message}): free disk space in ${folder}, or set backup.beforeMigration to 0`,
      { cause },
    );
  }
  dropCopies(dataDir, (index) => index >= keep);
  return to;
}

/**
 * Lets backups of before migrations go that are older than `before`, as the records in them would have. How
 * many went.
 */
export function dropOldCopies(dataDir: string, before: Date): number {
  return dropCopies(dataDir, (_index, madeAt) => madeAt < before.getTime());
}

/** @param goes by the place in the order, the newest first, and by when it was made, ms since 1970 */
function dropCopies(dataDir: string, goes: (index: number, madeAt: number) => boolean): number {
  const folder = copiesFolder(dataDir);
  if (!existsSync(folder)) return 0;
  // A process that was killed once its backup had its name left a copy of the records that nobody counts.
  clearWorkFolders(folder, WORK_PREFIX);
  const copies = readdirSync(folder)
    .filter((name) => OWN_NAME.test(name))
    .map((name) => ({ path: join(folder, name), madeAt: statSync(join(folder, name)).mtimeMs }))
    .sort((one, other) => other.madeAt - one.madeAt);
  const gone = copies.filter(({ madeAt }, index) => goes(index, madeAt));
  for (const { path } of gone) rmSync(path, { force: true });
  return gone.length;
}
