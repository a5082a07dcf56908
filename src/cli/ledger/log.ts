import type { Command } from 'commander';
import type { AdminFilter, StoredAdminEntry } from '../../ledger/admin.ts';
import { moment, numberOrNone } from '../shared/arguments.ts';
import { type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { perform } from '../shared/outcome.ts';
import { createTable } from '../shared/table.ts';

interface Options extends DataOptions, AdminFilter {
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
Every change leaves an entry in the same step as the change itself: who, what, before, after, from
where. Entries are chained and signed like decisions ("livestill ledger verify") and never deleted.

Examples:
  livestill log admin --last 50
  livestill log admin --action service.start                with which settings the service was started
  livestill log admin --action app --target 1000001         all that was done to this app
  livestill log admin --json > changes.json`,
    );
  dataCommand(log, 'admin', 'show the last changes, newest first')
    .option('--last <number>', 'how many (1-1000)', numberOrNone, 20)
    .option('--since <time>', 'from this time on: 2026-11-23 or 2026-11-23T10:00:00Z', moment)
    .option('--until <time>', 'before this time', moment)
    .option('--action <name>', 'of this kind: app.policy, or app for all that begin so')
    .option('--target <name>', 'done to this: an appid, a SecretId, a file')
    .action((options: Options, command: Command) =>
      perform(command, options, () =>
        withStore(options, false, async ({ chains }) => {
          const { last, since, until, action, target } = options;
          const filter = { since, until, action, target };
          const entries = await chains.adminLog(last ?? 1000, filter);
          const isAll = Object.values(filter).every((value) => value === undefined);
          const none = isAll ? 'Nothing was changed yet.' : 'No change matches.';
          return { text: entries.length === 0 ? none : changes(entries), json: entries };
        }),
      ),
    );
}

function changes(entries: readonly StoredAdminEntry[]): string {
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
const LONGEST_CHANGE = 160;

/** The members that differ (`as before`: none), `name: before -> after`. */
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
  const text = parts.length === 0 ? 'as before' : parts.join(', ');
  return text.length > LONGEST_CHANGE ? `${text.slice(0, LONGEST_CHANGE)}…` : text;
}

function flat(value: unknown, prefix = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [name, member] of Object.entries(value))
      flat(member, prefix === '' ? name : `${prefix}.${name}`, into);
  } else if (value !== null && value !== undefined) into.set(prefix, JSON.stringify(value));
  return into;
}
