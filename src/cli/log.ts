import type { Command } from 'commander';
import type { StoredAdminEntry } from '../ledger/admin.ts';
import { numberOrNone } from './arguments.ts';
import { type DataOptions, dataCommand, withStore } from './open-store.ts';
import { perform } from './outcome.ts';
import { createTable } from './table.ts';

interface Options extends DataOptions {
  readonly json?: boolean;
  readonly last: number | null;
}

/** Adds `livestill log admin` to the program. */
export function registerLog(program: Command): void {
  const log = program
    .command('log')
    .description('the log of changes: who changed apps, keys, policies, limits, settings, and when')
    .addHelpText(
      'after',
      `
Every change leaves an entry in the same step as the change itself: who, what, before, after, from where. Entries are
chained and signed like decisions ("livestill ledger verify") and never deleted.

Examples:
  livestill log admin --last 50
  livestill log admin --json > changes.json`,
    );
  dataCommand(log, 'admin', 'show the last changes, newest first')
    .option('--last <number>', 'how many (1-1000)', numberOrNone, 20)
    .action((options: Options, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ chains }) => {
          const entries = await chains.adminLog(options.last ?? 1000);
          return { text: changes(entries), json: entries };
        }),
      ),
    );
}

function changes(entries: readonly StoredAdminEntry[]): string {
  if (entries.length === 0) return 'Nothing was changed yet.';
  const rows = entries.map(({ at, actor, action, target, before, after }) => [
    at.toISOString(),
    actor.name,
    actor.from,
    action,
    target || '-',
    difference(before, after),
  ]);
  const table = createTable(
    ['time', 'who', 'from', 'what', 'of', 'change'].map((title) => ({ title })),
    rows,
  );
  return [table.head, ...rows.map((row) => table.line(row))].join('\n');
}

/** Longest text of a change in the table, in characters; `--json` has the whole. */
const longestChange = 160;

/** The members that differ, `name: before -> after`. */
function difference(before: unknown, after: unknown): string {
  const [old, now] = [flat(before), flat(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const parts = names
    .filter((name) => old.get(name) !== now.get(name))
    .map((name) =>
      before === null
        ? `${name}: ${now.get(name) ?? 'none'}`
        : `${name}: ${old.get(name) ?? 'none'} -> ${now.get(name) ?? 'none'}`,
    );
  const text = parts.join(', ');
  return text.length > longestChange ? `${text.slice(0, longestChange)}…` : text;
}

function flat(value: unknown, prefix = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, member] of Object.entries(value))
      flat(member, prefix === '' ? name : `${prefix}.${name}`, into);
  } else if (value !== null && value !== undefined) into.set(prefix, JSON.stringify(value));
  return into;
}
