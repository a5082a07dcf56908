import type { Command } from 'commander';
import {
  type ConfigSources,
  explainConfig,
  loadConfig,
  printableConfig,
  type SettingValue,
} from '../../config/load.ts';
import { perform } from '../shared/outcome.ts';
import { createTable } from '../shared/table.ts';
import { checkFiles } from './files.ts';

interface Options {
  readonly config?: string;
  readonly json?: boolean;
}

/** Adds `livestill config check|print` to the program. */
export function registerConfig(program: Command): void {
  const config = program
    .command('config')
    .description('the configuration: is it right, and what is in force?')
    .addHelpText(
      'after',
      `
Settings come from the command line, the environment (LIVESTILL_PORT, LIVESTILL_TLS_CERT, …), a JSON
file (--config, or LIVESTILL_CONFIG) and the defaults, the first that has one. All of them stand in
docs/reference/configuration.md.

Examples:
  livestill config check --config livestill.json
  livestill config print --json > livestill.json      a file to start from`,
    );
  const add = (name: string, description: string) =>
    config
      .command(name)
      .description(description)
      .option('--config <file>', 'configuration file (default: the one LIVESTILL_CONFIG names)')
      .option('--json', 'print JSON for programs');
  add(
    'check',
    'check it and the files it names: exit status 0 when it can be used, 2 with every problem named',
  ).action((options: Options, command: Command) =>
    perform(command, options, async () => {
      const values = read(options);
      await checkFiles(loadConfig(sourcesOf(options)));
      const changed = values.filter(({ source }) => source !== 'default');
      const list = changed.map(({ setting, source }) => `  ${setting.key}  (${source})`).join('\n');
      const text =
        changed.length === 0
          ? 'The configuration can be used: all defaults.'
          : `The configuration can be used. Set:\n${list}`;
      return { text, json: { ok: true, set: changed.map(({ setting }) => setting.key) } };
    }),
  );
  add('print', 'print every setting, its value and where that came from; secrets are hidden').action(
    (options: Options, command: Command) =>
      perform(command, options, async () => {
        const values = read(options);
        return { text: table(values), json: printableConfig(values) };
      }),
  );
}

function sourcesOf(options: Options): ConfigSources {
  return { file: options.config, environment: process.env };
}

function read(options: Options): readonly SettingValue[] {
  return explainConfig(sourcesOf(options));
}

function table(values: readonly SettingValue[]): string {
  const rows = values.map(({ setting, value, source }) => {
    const hidden = setting.notes.isSecret === true && value !== null;
    return [setting.key, hidden ? '(hidden)' : JSON.stringify(value), source];
  });
  const layout = createTable([{ title: 'setting' }, { title: 'value' }, { title: 'from' }], rows);
  return [layout.head, ...rows.map((row) => layout.line(row))].join('\n');
}
