import type { Command } from 'commander';
import { UsageError } from '../../faults.ts';
import {
  postgresDown,
  postgresSchema,
  postgresUp,
  type SchemaState,
  sqliteSchema,
} from '../../store/migrate.ts';
import { postgresSettings } from '../../store/open.ts';
import { systemActor } from '../shared/actor.ts';
import { configOf, type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { type Outcome, pairs, perform } from '../shared/outcome.ts';

interface Options extends DataOptions {
  readonly json?: boolean;
  readonly to?: string;
  readonly yes?: boolean;
}

/** Adds `livestill migrate` to the program. */
export function registerMigrate(program: Command): void {
  const migrate = program
    .command('migrate')
    .description("bring the store's tables up to this version, or back, and say where they are")
    .addHelpText(
      'after',
      `
With SQLite the service brings them up at its start, after a backup. With PostgreSQL run
"livestill migrate up" once before the first node of a new version starts (docs/run/postgres.md).

Examples:
  livestill migrate status
  livestill migrate up`,
    );
  dataCommand(migrate, 'status', 'which steps the tables have been through, and which they lack').action(
    (options: Options, command: Command) => perform(command, options, () => status(options)),
  );
  dataCommand(migrate, 'up', 'bring the tables up to this version')
    .addHelpText(
      'after',
      `
Steps are made under a lock, all of them or none: started several times at once, one does it and the
others wait. Nodes of the version before go on working beside steps of the kind "expand".`,
    )
    .action((options: Options, command: Command) => perform(command, options, () => up(options)));
  dataCommand(migrate, 'down', 'take the tables of a PostgreSQL database back to an earlier step')
    .requiredOption('--to <step>', 'the last step that stays')
    .option('--yes', 'what the undone steps hold may be lost')
    .action((options: Options, command: Command) => perform(command, options, () => down(options)));
}

async function status(options: Options): Promise<Outcome> {
  const config = configOf(options);
  const state =
    config.store === null
      ? sqliteSchema(config.dataDir)
      : await postgresSchema(postgresSettings(config.store, config.postgres));
  return { text: sentence(state), json: state, ok: state.isUsable };
}

function sentence({ done, missing, unknown, isUsable }: SchemaState): string {
  const list = (steps: readonly string[]) => (steps.length === 0 ? '-' : steps.join(', '));
  return pairs([
    ['done', list(done)],
    ['missing', list(missing)],
    ['of a newer version', list(unknown)],
    ['fit for this version', isUsable ? 'yes' : 'no'],
  ]);
}

async function up(options: Options): Promise<Outcome> {
  const config = configOf(options);
  if (config.store === null) {
    // Opening the file brings it up to date, with a backup from before.
    return withStore(options, false, async () => ({
      text: 'The tables are those of this version.',
      json: sqliteSchema(config.dataDir),
    }));
  }
  const steps = await postgresUp(postgresSettings(config.store, config.postgres), systemActor());
  return { text: steps.length === 0 ? 'Nothing was to do.' : `Done: ${steps.join(', ')}.`, json: { steps } };
}

async function down(options: Options): Promise<Outcome> {
  const { to = '', yes = false } = options;
  const config = configOf(options);
  if (config.store === null) {
    throw new UsageError(
      'store_is_sqlite',
      'the tables of a SQLite file are taken back by putting back the backup from before: see "livestill restore"',
    );
  }
  if (!yes)
    throw new UsageError(
      'not_confirmed',
      'what the undone steps hold is lost: make a copy with pg_dump, and add --yes',
    );
  const steps = await postgresDown(postgresSettings(config.store, config.postgres), to);
  return {
    text: steps.length === 0 ? 'Nothing was to do.' : `Undone: ${steps.join(', ')}.`,
    json: { steps },
  };
}
