import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { unpackBackup } from '../../src/store/sqlite/backup/archive.ts';
import { writeBackup } from '../../src/store/sqlite/backup/backup.ts';
import { restoreBackup } from '../../src/store/sqlite/backup/restore.ts';
import { inspectDatabase } from '../../src/store/sqlite/inspect.ts';
import { toOlderTables } from '../../src/store/sqlite/test-support/older-tables.ts';
import { somePair, someRow, temporaryFolder } from '../../src/store/test-support/temp-store.ts';

const program = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));

const finish = (args: readonly string[]) =>
  new Promise<void>((resolve) => {
    spawn(process.execPath, args, { stdio: 'ignore' }).on('close', () => resolve());
  });

/** Runs a program and kills it so many ms after its work folder was seen in `folder`; resolves when it is gone. */
function killedAtWork(args: readonly string[], folder: string, moreMs: number): Promise<void> {
  return new Promise((resolve) => {
    const running = spawn(process.execPath, args, { stdio: 'ignore' });
    const atWork = () =>
      existsSync(folder) && readdirSync(folder).some((name) => name.includes(`-${running.pid}-`));
    const looking = setInterval(() => {
      if (!atWork()) return;
      clearInterval(looking);
      setTimeout(() => running.kill('SIGKILL'), moreMs);
    }, 1);
    running.on('close', () => {
      clearInterval(looking);
      resolve();
    });
  });
}

/** A backup with keys of a data folder with rows, made in `folder`. */
async function backupOf(rows: number, folder: string): Promise<string> {
  const from = join(folder, `from-${rows}`);
  const store = await openStore({ dataDir: from, thread: false, sync: 'normal' });
  await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
  const detail = 'r'.repeat(400);
  await Promise.all(
    Array.from({ length: rows }, (_, i) =>
      store.ledger.append(someRow({ requestId: `${i}`, reasons: [detail] })),
    ),
  );
  await store.close();
  const file = join(folder, `whole-${rows}.tar`);
  await writeBackup({
    dataDir: from,
    to: file,
    why: 'asked',
    withKeys: true,
    masterKey: null,
    version: null,
  });
  return file;
}

/** Backups of 3000 and of 6000 rows. */
let made: string;
let smaller: string;
let larger: string;
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'livestill-backups-'));
  smaller = await backupOf(3000, made);
  larger = await backupOf(6000, made);
});
afterAll(() => rm(made, { recursive: true, force: true }));

const put = (dataDir: string, file: string) =>
  restoreBackup({
    file,
    dataDir,
    masterKey: null,
    overDamaged: false,
    now: new Date(),
    actor: { kind: 'system', name: 'restorer', from: '192.0.2.3' },
  });

/** How long after its work began it is killed, in ms: unpacking, checking and exchanging take some 100 ms. */
const moments = [0, 10, 25, 50, 80, 120, 200];

it('a backup killed at any moment leaves no file of that name, or a whole one; the next one clears up', async () => {
  const folder = await temporaryFolder();
  const dataDir = join(folder, 'data');
  await put(dataDir, larger);
  const to = join(folder, 'to');
  mkdirSync(to);
  const args = (name: string) => [program, 'backup', '--data', dataDir, '--to', join(to, name)];
  const left: string[] = [];
  for (const moment of moments) {
    await killedAtWork(args(`${moment}.tar`), to, moment);
    left.push(...readdirSync(to).filter((name) => name.startsWith('.')));
  }
  const made = readdirSync(to).filter((name) => name.endsWith('.tar'));
  for (const name of made)
    expect(await unpackBackup(join(to, name), null)).toMatchObject({ ledgerRows: 6000 });
  expect(left.length).toBeGreaterThan(0);
  await finish(args('last.tar'));
  expect(readdirSync(to).sort()).toEqual([...made, 'last.tar'].sort());
  expect(inspectDatabase(dataDir, null)).toMatchObject({ problems: [], ledgerRows: 6000 });
});

/** What `doctor` finds, by the name of the check, in a process of its own: a connection here would hold the folder. */
function doctor(dataDir: string): Promise<Record<string, { status: string; found: string }>> {
  return new Promise((resolve) => {
    const args = [program, 'doctor', '--data', dataDir, '--json'];
    const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    running.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    running.on('close', () => {
      const { checks } = JSON.parse(out) as { checks: { name: string; status: string; found: string }[] };
      resolve(Object.fromEntries(checks.map((check) => [check.name, check])));
    });
  });
}

const rowsIn = ({ database }: Awaited<ReturnType<typeof doctor>>) =>
  Number(/([\d,]+) ledger row/.exec(database!.found)![1]!.replaceAll(',', ''));

it('a restore killed at any moment leaves the old or the new database, whole, with keys that fit', async () => {
  const folder = await temporaryFolder();
  const restoring = (dataDir: string) => [program, 'restore', larger, '--data', dataDir];
  for (const moment of moments) {
    const dataDir = join(folder, `${moment}`);
    await put(dataDir, smaller);
    await killedAtWork(restoring(dataDir), dataDir, moment);
    const found = await doctor(dataDir);
    expect([found.database, found['stored keys'], found['write-ahead log']]).toEqual([
      expect.objectContaining({ status: 'ok' }),
      expect.objectContaining({ status: 'ok' }),
      undefined,
    ]);
    expect([3000, 6000]).toContain(rowsIn(found));
    // The next one clears up: what is kept is a database of its own, never a second name of the one in place.
    await finish(restoring(dataDir));
    expect(inspectDatabase(dataDir, null)).toMatchObject({ problems: [], ledgerRows: 6000 });
    const inPlace = statSync(join(dataDir, 'livestill.sqlite')).ino;
    const kept = readdirSync(dataDir).filter((name) => name.startsWith('replaced-'));
    for (const name of kept) expect(statSync(join(dataDir, name, 'livestill.sqlite')).ino).not.toBe(inPlace);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(readFileSync(join(dataDir, 'master.key'), 'utf8').match(/^[^#\n]+$/gm)).toHaveLength(1);
  }
}, 300_000);

it('a migration killed at any moment is done at the next start, and no row is lost', async () => {
  const folder = await temporaryFolder();
  const aged = join(folder, 'aged');
  await put(aged, larger);
  toOlderTables(aged);
  const older = join(folder, 'older.tar');
  await writeBackup({
    dataDir: aged,
    to: older,
    why: 'asked',
    withKeys: true,
    masterKey: null,
    version: null,
  });
  const listing = (dataDir: string) => [program, 'app', 'list', '--data', dataDir];
  for (const moment of moments) {
    const dataDir = join(folder, `${moment}`);
    await put(dataDir, older);
    await killedAtWork(listing(dataDir), join(dataDir, 'backups'), moment);
    expect(inspectDatabase(dataDir, null)).toMatchObject({ problems: [], ledgerRows: 6000 });
    const store = await openStore({ dataDir, thread: false });
    expect(await store.ledger.count({})).toBe(6000);
    await store.close();
    expect(inspectDatabase(dataDir, null).age).toBe('current');
    const backups = join(dataDir, 'backups');
    const copies = readdirSync(backups).filter((name) => name.endsWith('.tar'));
    expect(copies.length).toBeGreaterThan(0);
    for (const name of copies)
      expect(await unpackBackup(join(backups, name), null)).toMatchObject({ ledgerRows: 6000 });
    expect(readdirSync(backups).filter((name) => name.startsWith('.'))).toEqual([]);
  }
});
