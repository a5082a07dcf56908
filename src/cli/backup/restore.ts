import type { Command } from 'commander';
import { restoreBackup } from '../../store/sqlite/backup/restore.ts';
import { systemActor } from '../shared/actor.ts';
import { type DataOptions, dataCommand, sqliteConfigOf } from '../shared/open-store.ts';
import { type Outcome, perform } from '../shared/outcome.ts';
import { contents } from './backup.ts';

interface RestoreCommandOptions extends DataOptions {
  readonly json?: boolean;
  readonly overDamaged?: boolean;
}

/** Adds `livestill restore` to the program. */
export function registerRestore(program: Command): void {
  dataCommand(program, 'restore', 'put a backup in the place of the data folder; the service must be stopped')
    .argument('<file>', 'what "livestill backup" made, or a file of the folder "backups"')
    .option('--over-damaged', 'the database that is there is damaged, and no service works on it')
    .addHelpText(
      'after',
      `
The backup is unpacked beside the database, checked (SHA-256, every page, the master key) and takes
its place in one step. What was there stays in a folder "replaced-…" of the data folder: delete it
when all is well. Refused: while anything has the database open; damaged backups; backups of a newer
livestill; backups whose master key is not at hand. Tables of an older version stay as they are until
that version, or a newer one, opens them: so an upgrade is undone.

Single-use signatures used since the backup are not known any more: let 15 minutes
(signature.windowSeconds) go by between stopping the service and starting it again.

Exit status: 0 restored, 1 the database or the master key does not fit, 2 refused.

Examples:
  livestill restore /backup/livestill-2026-11-28.tar --data /var/lib/livestill`,
    )
    .action((file: string, options: RestoreCommandOptions, command: Command) =>
      perform(command, options, () => restore(file, options)),
    );
}

async function restore(file: string, options: RestoreCommandOptions): Promise<Outcome> {
  const { dataDir, masterKey } = sqliteConfigOf(options, 'put a copy of it back with pg_restore');
  const { overDamaged = false } = options;
  const done = await restoreBackup({
    file,
    dataDir,
    masterKey,
    overDamaged,
    now: new Date(),
    actor: systemActor(),
  });
  const { manifest, findings, kept, keysReplaced } = done;
  const lines = [
    `${file} was put into ${dataDir}.`,
    contents(manifest),
    ...(kept === null ? [] : [`What was there before is in ${kept}: delete it when all is well.`]),
    ...(keysReplaced ? ['The master keys of the backup are in master.key.'] : []),
    ...(findings.age === 'older'
      ? ['Its tables are of an older version; the next start of this version brings them up to date.']
      : []),
  ];
  return {
    text: lines.join('\n'),
    json: { file, dataDir, manifest, kept, keysReplaced, tables: findings.age },
  };
}
