import { resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../faults.ts';
import { type BackupManifest, unpackBackup } from '../../store/sqlite/backup/archive.ts';
import { writeBackup } from '../../store/sqlite/backup/backup.ts';
import { schemaAge } from '../../store/sqlite/migrations.ts';
import { type DataOptions, dataCommand, sqliteConfigOf, withStore } from '../shared/open-store.ts';
import { type Outcome, pairs, perform } from '../shared/outcome.ts';
import { say } from '../shared/printable.ts';
import { version } from '../shared/version.ts';

interface BackupCommandOptions extends DataOptions {
  readonly json?: boolean;
  readonly to?: string;
  readonly withKeys?: boolean;
  readonly check?: string;
}

/** Adds `livestill backup` to the program. */
export function registerBackup(program: Command): void {
  dataCommand(program, 'backup', 'make one file of the data folder; the service may be running')
    .option('--to <file>', 'the file to make; nothing is ever written over')
    .option('--with-keys', 'the master keys go in too: whoever has the file then has every SecretKey')
    .option('--check <file>', 'look an earlier backup over instead: is it whole, and what is in it')
    .addHelpText(
      'after',
      `
Everything that was on disk when it began is in it: apps, keys, limits, daily counts, used
signatures, the ledger. Answers kept for repeated requests are not. The file is a tar archive with
a manifest, readable by its owner alone; it is written under another name, read again and compared
before it takes its name. Needs room for twice the database beside the file.

Without --with-keys keep master.key (or LIVESTILL_MASTER_KEY) apart: without it no stored
SecretKey can be read.

Exit status: 0 made or whole, 1 the data folder cannot be read, 2 wrong use or a damaged backup.

Examples:
  livestill backup --data /var/lib/livestill --to /backup/livestill-$(date +%F).tar
  livestill backup --check /backup/livestill-2026-11-28.tar`,
    )
    .action((options: BackupCommandOptions, command: Command) =>
      perform(command, options, () => backup(options)),
    );
}

async function backup(options: BackupCommandOptions): Promise<Outcome> {
  const { to, check, withKeys = false } = options;
  if ((to === undefined) === (check === undefined)) {
    throw new UsageError('backup_file', 'expected one of --to and --check');
  }
  if (check !== undefined) {
    const manifest = await unpackBackup(check, null);
    return { text: `${check} is whole.\n${contents(manifest)}`, json: { file: check, manifest } };
  }
  const { dataDir, masterKey } = sqliteConfigOf(options, 'make a copy of it with pg_dump');
  const file = to as string;
  const manifest = await writeBackup({ dataDir, to: file, why: 'asked', withKeys, masterKey, version });
  await noteBackup(options, resolve(file), manifest);
  return { text: `${file} was made and checked.\n${contents(manifest)}`, json: { file, manifest } };
}

/**
 * Who took a copy goes into the log of changes. Not in tables of an older version, which have none or would
 * be brought up to date by it. The backup is there and whole whether or not that works.
 */
async function noteBackup(options: DataOptions, file: string, manifest: BackupManifest): Promise<void> {
  if (schemaAge(manifest.migrations) !== 'current') return;
  const { ledgerRows, lastLedgerId, files } = manifest;
  const after = { withKeys: files['master.key'] !== undefined, ledgerRows, lastRow: lastLedgerId };
  try {
    await withStore(options, false, ({ chains }) =>
      chains.note({ action: 'store.backup', target: file, before: null, after }),
    );
  } catch (error) {
    say(
      `livestill: the backup was made, but the log of changes does not have it: ${(error as Error).message}\n`,
    );
  }
}

/** What a backup holds, a line each. */
export function contents(manifest: BackupManifest): string {
  const { createdAt, apps, ledgerRows, newestRowAt, masterKeys, files, livestill, migrations } = manifest;
  const keys = files['master.key'] === undefined ? 'not in it' : 'in it';
  return pairs([
    ['made', `${createdAt}${livestill === null ? '' : ` by livestill ${livestill}`}`],
    ['tables of', migrations.at(-1) ?? '-'],
    ['apps', String(apps)],
    ['ledger rows', `${ledgerRows}, the newest of ${newestRowAt ?? '-'}`],
    ['master keys', `${masterKeys.join(', ') || 'none used'} (${keys})`],
    ['database', `${files['livestill.sqlite']?.bytes ?? 0} bytes`],
  ]);
}
