import type { Command } from 'commander';
import type { Check } from '../../doctor/check.ts';
import { examine, type Machine, THIS_MACHINE } from '../../doctor/examine.ts';
import { count } from '../../report/count.ts';
import { configOf, type DataOptions, dataCommand } from '../shared/open-store.ts';
import { perform } from '../shared/outcome.ts';
import { createTable } from '../shared/table.ts';

/** Adds `livestill doctor` to the program. */
export function registerDoctor(program: Command, machine: Machine = THIS_MACHINE): void {
  dataCommand(program, 'doctor', 'check the installation: what is wrong, and what to do')
    .addHelpText(
      'after',
      `
Looks at the Node.js version, the native libraries (each is loaded), the memory, the rights of the data
folder and its files, the free space on its disk, the database (SQLite's own check of every page),
whether the master key fits, the clock, the SHA-256 of the networks, the pages of the console,
certificate dates, the ports, and the services that are configured: PostgreSQL, Redis, S3 storage,
OpenID Connect provider, trace collector. Nothing is changed (in storage an object of the doctor's own
comes and goes), and a service may be running meanwhile. Run it as the user that runs the service.

Each check is "ok", "warn" (it works, but look into it) or "fail".

Exit status: 0 nothing failed, 1 at least one check failed.

Examples:
  livestill doctor --data /var/lib/livestill
  livestill doctor --config /etc/livestill.json --json`,
    )
    .action((options: DataOptions & { readonly json?: boolean }, command: Command) =>
      perform(command, options, async () => {
        const checks = await examine(() => configOf(options), machine);
        const failed = checks.filter(({ status }) => status === 'fail').length;
        return { text: textOf(checks), json: { ok: failed === 0, checks }, ok: failed === 0 };
      }),
    );
}

/** A table, and below it what to do about each line that is not `ok`. */
function textOf(checks: readonly Check[]): string {
  const rows = checks.map(({ name, status, found }) => [name, status, found]);
  const table = createTable([{ title: 'check' }, { title: 'status' }, { title: 'found' }], rows);
  const todo = checks.flatMap(({ name, advice }) => (advice === null ? [] : [`  ${name}: ${advice}`]));
  const failed = checks.filter(({ status }) => status === 'fail').length;
  const verdict =
    failed > 0
      ? `${failed} of ${count(checks.length, 'check')} failed.`
      : todo.length > 0
        ? 'Nothing failed; look into the warnings.'
        : 'All is well.';
  const advice = todo.length === 0 ? [] : ['', 'What to do:', ...todo];
  return [table.head, ...rows.map(table.line), ...advice, '', verdict].join('\n');
}
