import { statfs } from 'node:fs/promises';
import type { Command } from 'commander';
import { type Config, ConfigError } from '../../config/load.ts';
import { count } from '../../report/count.ts';
import { configOf, type DataOptions, dataCommand } from '../shared/open-store.ts';
import { perform } from '../shared/outcome.ts';
import { createTable } from '../shared/table.ts';
import {
  type Check,
  checkDatabase,
  checkFiles,
  checkFolder,
  checkNode,
  checkRoom,
  configurationFailed,
} from './checks.ts';
import { checkCertificate, checkModels } from './files.ts';
import { checkNativeLibraries } from './native.ts';
import { checkPorts } from './ports.ts';
import { checkPostgres } from './postgres.ts';

/** What the checks ask of the machine; a test brings its own. */
export interface Machine {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** As in `process.version`. */
  readonly nodeVersion: string;
  /** Of this process; undefined where the system has none. */
  readonly uid: number | undefined;
  /** Bytes that this user may still write on the disk of `path`. Rejects with the system's error. */
  readonly freeBytes: (path: string) => Promise<number>;
}

const thisMachine: Machine = {
  now: () => Date.now(),
  nodeVersion: process.version,
  uid: process.getuid?.(),
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};

/** Adds `livestill doctor` to the program. */
export function registerDoctor(program: Command, machine: Machine = thisMachine): void {
  dataCommand(program, 'doctor', 'look the installation over: what is wrong, and what to do')
    .addHelpText(
      'after',
      `
Looks at the Node.js version, the native libraries (each is loaded), the rights of the data folder and its files, room on its disk, the
database (SQLite's own check of every page), whether the master key fits, the clock, the SHA-256
of the networks, certificate dates, and the ports. Nothing is changed, and a service may be
running meanwhile. Run it as the user that runs the service.

Each check is "ok", "warn" (it works, but look into it) or "fail".

Exit status: 0 nothing failed, 1 at least one check failed.

Examples:
  livestill doctor --data /var/lib/livestill
  livestill doctor --config /etc/livestill.json --json`,
    )
    .action((options: DataOptions & { readonly json?: boolean }, command: Command) =>
      perform(command, options, async () => {
        const checks = await examine(options, machine);
        const failed = checks.filter(({ status }) => status === 'fail').length;
        return { text: textOf(checks), json: { ok: failed === 0, checks }, ok: failed === 0 };
      }),
    );
}

async function examine(options: DataOptions, machine: Machine): Promise<readonly Check[]> {
  const node = checkNode(machine.nodeVersion);
  let config: Config;
  try {
    config = configOf(options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [node, configurationFailed(error)];
  }
  const { dataDir, masterKey } = config;
  const libraries = await checkNativeLibraries();
  const hasDatabase = libraries.every(({ name, status }) => name !== 'database library' || status === 'ok');
  const folder = await checkFolder(dataDir, machine.uid);
  const data = folder.isThere
    ? [
        ...(await checkFiles(dataDir, masterKey)),
        checkRoom(await machine.freeBytes(dataDir)),
        ...(hasDatabase && config.store === null ? checkDatabase(dataDir, masterKey, machine.now()) : []),
      ]
    : [];
  return [
    node,
    ...libraries,
    folder.check,
    ...data,
    ...(config.store === null ? [] : [await checkPostgres(config.store, config)]),
    ...(await checkModels(config)),
    ...(await checkCertificate(config, machine.now())),
    ...(await checkPorts(config)),
  ];
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
