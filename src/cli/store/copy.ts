import type { Command } from 'commander';
import type { Config } from '../../config/load.ts';
import { count } from '../../report/count.ts';
import { copyStore, type LeftBatches, type StorePlace } from '../../store/copy.ts';
import { postgresSettings } from '../../store/open.ts';
import { systemActor } from '../shared/actor.ts';
import { configOf, type DataOptions } from '../shared/open-store.ts';
import { type Outcome, perform } from '../shared/outcome.ts';

interface Options extends DataOptions {
  readonly json?: boolean;
  readonly from: string;
  readonly to: string;
}

/** Adds `livestill store` to the program. */
export function registerStore(program: Command): void {
  program
    .command('store')
    .description('move an installation between SQLite and PostgreSQL')
    .addHelpText(
      'after',
      `
Example:
  livestill store copy --from /var/lib/livestill --to postgres://livestill@db.example.org/livestill`,
    )
    .command('copy')
    .description('copy everything that is kept into an empty store, and compare both')
    .requiredOption('--from <place>', 'a data folder, or postgres://user@host:port/database')
    .requiredOption('--to <place>', 'a data folder, or postgres://user@host:port/database')
    .option('--config <file>', 'configuration file (default: the one LIVESTILL_CONFIG names)')
    .option('--json', 'print JSON for programs')
    .addHelpText(
      'after',
      `
Stop every service on both first. Apps, keys, used signatures, daily counts, the ledger with its
chains, the log of changes and kept answers are copied, batches too from PostgreSQL to PostgreSQL;
then the number of rows and a SHA-256 over each table are compared. Interrupted, it goes on where it was when it is started again. The keys stay where
they are: put master.key (or LIVESTILL_MASTER_KEY) beside the new store as well. A PostgreSQL database
needs its tables first ("livestill migrate up"). Its password comes from LIVESTILL_POSTGRES_PASSWORD.

Example:
  livestill store copy --from /var/lib/livestill --to postgres://livestill@db.example.org/livestill`,
    )
    .action((options: Options, command: Command) => perform(command, options, () => copy(options)));
}

async function copy(options: Options): Promise<Outcome> {
  const config = configOf(options);
  const { from, to } = options;
  let left: LeftBatches | null = null;
  const copied = await copyStore({
    from: placeOf(from, config),
    to: placeOf(to, config),
    actor: systemActor(),
    onLeft: (some) => {
      left = some;
    },
  });
  const lines = Object.entries(copied).map(
    ([name, { rows, sha256 }]) => `${name}: ${count(rows, 'row')}, SHA-256 ${sha256}`,
  );
  const note = leftText(left);
  const same = note === '' ? 'Both stores hold the same.' : 'Both stores hold the same, but for batches.';
  return { text: `${same}\n${lines.join('\n')}${note}`, json: { tables: copied, left } };
}

/** What is said of batches that were left; empty where there are none. */
function leftText(left: LeftBatches | null): string {
  if (left === null) return '';
  const { batches, results } = left;
  return `\nleft: ${count(batches, 'batch', 'batches')} with ${count(results, 'result')}; SQLite keeps none. Write their results to files first ("livestill batch results").`;
}

function placeOf(text: string, config: Config): StorePlace {
  return /^postgres(?:ql)?:/.test(text)
    ? { postgres: postgresSettings(text, config.postgres) }
    : { dataDir: text };
}
