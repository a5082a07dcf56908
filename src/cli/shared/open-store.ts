import type { Command } from 'commander';
import { type Config, loadConfig } from '../../config/load.ts';
import { UsageError } from '../../faults.ts';
import { openStore, postgresSettings, type Store, type StoreOptions } from '../../store/open.ts';
import { systemActor } from './actor.ts';
import { say } from './printable.ts';

/** The options by which every command finds its data folder. */
export interface DataOptions {
  readonly data?: string;
  readonly config?: string;
}

/** A subcommand with `--data`, `--config` and `--json`. */
export function dataCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--data <folder>', 'data folder (default: dataDir of the configuration, "data")')
    .option('--config <file>', 'configuration file (default: the one LIVESTILL_CONFIG names)')
    .option('--json', 'print JSON for programs')
    .hook('preAction', (_self, command) => keepNulls(command));
}

/** commander turns a null out of an option's parser (`--daily none`) into an empty text: turn it back. */
function keepNulls(command: Command): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (option.parseArg !== undefined && command.getOptionValue(name) === '')
      command.setOptionValue(name, null);
  }
}

/** Where the store is, and how it is used; the same for the service and for every command. */
export function storeOptionsOf(config: Config): StoreOptions {
  return {
    dataDir: config.dataDir,
    sync: config.ledger.sync,
    actor: systemActor(),
    migrationBackups: config.backup.beforeMigration,
    ...(config.masterKey === null ? {} : { masterKey: config.masterKey }),
    ...(config.auditKey === null ? {} : { auditKey: config.auditKey }),
    ...(config.node === null ? {} : { node: config.node }),
    ...(config.store === null ? {} : { postgres: postgresSettings(config.store, config.postgres) }),
  };
}

/**
 * The configuration, for a command that works on the file of the data folder.
 * @throws {ConfigError} when a setting is unknown or wrong
 * @throws {UsageError} `store_is_postgres`
 */
export function sqliteConfigOf(options: DataOptions, instead: string): Config {
  const config = configOf(options);
  if (config.store === null) return config;
  throw new UsageError(
    'store_is_postgres',
    `the store is a PostgreSQL database: ${instead} (docs/run/postgres.md)`,
  );
}

/**
 * The configuration that the options of a command name.
 * @throws {ConfigError} when a setting is unknown or wrong
 */
export function configOf(options: DataOptions): Config {
  return loadConfig({ file: options.config, environment: process.env, overrides: { dataDir: options.data } });
}

/**
 * Work on the data folder, which may be in use by a running service at the same time; it is closed in any
 * case.
 *
 * @param create whether a missing data folder is made
 * @throws {ConfigError} when a setting is unknown or wrong
 * @throws {UsageError} as `openStore` does
 * @throws {Fault} as `openStore` does
 */
export async function withStore<T>(
  options: DataOptions,
  create: boolean,
  work: (store: Store, config: Config) => Promise<T>,
): Promise<T> {
  const config = configOf(options);
  const store = await openStore({
    ...storeOptionsOf(config),
    create,
    thread: false,
    lockWaitMs: 10_000,
    onMigrated: ({ backup }) => {
      const copy = backup === null ? '' : `; a backup from before is in ${backup}`;
      say(`livestill: the tables of an older version were brought up to date${copy}\n`);
    },
    onTrouble: (error) => say(`livestill: ${error.message}\n`),
  });
  try {
    return await work(store, config);
  } finally {
    await store.close();
  }
}
