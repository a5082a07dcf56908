import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished } from 'vitest';
import type { Machine } from '../../../doctor/examine.ts';
import { openStore } from '../../../store/open.ts';
import { openConnection } from '../../../store/sqlite/connection.ts';
import { somePair, someRow } from '../../../store/test-support/temp-store.ts';
import { registerDoctor } from '../doctor.ts';

/** A certificate or key of the tests. */
export const tls = (name: string) =>
  fileURLToPath(new URL(`../../../../test/contract/support/tls/${name}`, import.meta.url));
/** The time that it is on this machine. */
export const noon = Date.parse('2026-11-23T12:00:00Z');
/** A machine on which all is well. */
export const machine: Machine = {
  now: () => noon,
  nodeVersion: 'v22.22.2',
  uid: process.getuid?.(),
  freeBytes: async () => 50 * 1024 ** 3,
  memoryBytes: 16 * 1024 ** 3,
  cores: 4,
  whyNotWritten: async () => null,
  // The sources have the page that the built console has.
  consoleFolder: fileURLToPath(new URL('../../../../web/console', import.meta.url)),
};

/** The folder of a test, and the data folder in it. */
export let root: string;
export let data: string;

/**
 * Gives each test a data folder with an app and 200 rows, and removes it afterwards; all are copies of one.
 */
export function useDataFolder(): void {
  let made: string;
  beforeAll(async () => {
    made = await mkdtemp(join(tmpdir(), 'livestill-doctor-made-'));
    const store = await openStore({ dataDir: made, thread: false });
    await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
    for (let count = 0; count < 200; count++) {
      await store.ledger.append(someRow({ at: new Date(noon - 60_000), requestId: `request-${count}` }));
    }
    await store.close();
    // All of it in the one file: a log that the collector takes in while it is copied would leave half of
    // both.
    const connection = openConnection(join(made, 'livestill.sqlite'), 1000);
    connection.script('PRAGMA wal_checkpoint(TRUNCATE)');
    connection.close();
  });
  afterAll(() => rm(made, { recursive: true, force: true }));
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'livestill-doctor-'));
    data = join(root, 'data');
    await mkdir(data, { mode: 0o700 });
    for (const name of ['livestill.sqlite', 'master.key']) await copyFile(join(made, name), join(data, name));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));
}

/** What the command said, and its exit status. */
export interface Said {
  readonly out: string;
  readonly err: string;
  readonly status: number;
}

/** A check as `--json` prints it. */
export interface Found {
  readonly name: string;
  readonly status: string;
  readonly found: string;
  readonly advice: string | null;
}

/** Runs the command with these settings, on a machine that differs so from one on which all is well. */
export async function doctor(settings: object, change: Partial<Machine>, ...args: string[]): Promise<Said> {
  const config = join(root, 'livestill.json');
  await writeFile(config, JSON.stringify({ dataDir: data, port: 0, adminPort: 0, ...settings }));
  let [out, err] = ['', ''];
  const program = new Command('livestill').exitOverride().configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
  });
  registerDoctor(program, { ...machine, ...change });
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await program.parseAsync(['doctor', '--config', config, ...args], { from: 'user' });
    return { out, err, status: Number(process.exitCode) };
  } finally {
    process.exitCode = before;
  }
}

/** What it says of one thing, and whether the whole passed. */
export async function found(name: string, settings: object = {}, change: Partial<Machine> = {}) {
  const { out, status } = await doctor(settings, change, '--json');
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Found[] };
  expect(ok).toBe(status === 0);
  expect(checks.some((check) => check.status === 'fail')).toBe(!ok);
  for (const check of checks) expect(check.advice === null).toBe(check.status === 'ok');
  const check = checks.find((one) => one.name === name);
  if (check === undefined) throw new Error(`no check ${name} among ${checks.map((one) => one.name)}`);
  return { ...check, exit: status };
}

/** Lets a server listen on a free port until the test is over; the port. */
export async function listening(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}
