import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'libsql';
import { create } from 'tar';
import { describe, expect, it } from 'vitest';
import type { Migrated } from '../../core/migrated.ts';
import { openStore, type Store } from '../../open.ts';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../../test-support/temp-store.ts';
import { inspectDatabase } from '../inspect.ts';
import { MIGRATIONS } from '../migrations.ts';
import { toOlderTables } from '../test-support/older-tables.ts';
import { unpackBackup } from './archive.ts';
import { writeBackup } from './backup.ts';
import { restoreBackup } from './restore.ts';

const databaseIn = (dataDir: string) => join(dataDir, 'livestill.sqlite');
const keyIn = (dataDir: string) => join(dataDir, 'master.key');

async function filled(dataDir: string, rows = 20): Promise<Store> {
  const store = await temporaryStore({ dataDir, sync: 'normal' });
  await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
  await Promise.all(
    Array.from({ length: rows }, (_, i) => store.ledger.append(someRow({ requestId: `${i}` }))),
  );
  return store;
}

const backupOf = (dataDir: string, to: string, withKeys = false) =>
  writeBackup({ dataDir, to, withKeys, why: 'asked', masterKey: null, version: '1.2.3' });

const restoreInto = (
  dataDir: string,
  file: string,
  parts: { masterKey?: string; overDamaged?: boolean } = {},
) =>
  restoreBackup({
    file,
    dataDir,
    masterKey: null,
    overDamaged: false,
    now: new Date(),
    actor: { kind: 'system', name: 'restorer', from: '192.0.2.3' },
    ...parts,
  });

/** A data folder whose service has ended: closed by another process, since here a closed connection lives on until it is collected. */
async function closedFolder(rows = 20): Promise<string> {
  const from = await temporaryFolder();
  const store = await filled(from, rows);
  await store.close();
  const file = join(await temporaryFolder(), 'b.tar');
  await backupOf(from, file, true);
  const dataDir = join(await temporaryFolder(), 'data');
  await restoreInto(dataDir, file);
  return dataDir;
}

async function requestIds(dataDir: string): Promise<Set<string>> {
  const store = await openStore({ dataDir, thread: false });
  const ids = new Set<string>();
  for await (const row of store.ledger.read({})) ids.add(row.requestId);
  await store.close();
  return ids;
}

describe('a backup', () => {
  it('made while rows are written holds every row that was acknowledged before it began', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir, thread: true });
    await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
    const acknowledged: string[] = [];
    let writing = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; writing; i++) {
        await store.ledger.append(someRow({ requestId: `${writer}-${i}` }));
        acknowledged.push(`${writer}-${i}`);
      }
    });
    const folder = await temporaryFolder();
    for (let n = 0; n < 3; n++) {
      while (acknowledged.length < (n + 1) * 200) await new Promise((resolve) => setTimeout(resolve, 5));
      const before = [...acknowledged];
      const file = join(folder, `${n}.tar`);
      await backupOf(dataDir, file, true);
      const target = join(folder, `${n}`);
      await restoreInto(target, file);
      const ids = await requestIds(target);
      expect(before.filter((id) => !ids.has(id))).toEqual([]);
    }
    writing = false;
    await Promise.all(writers);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it("is one file, its owner's alone, with what it holds in its manifest; keys only where asked for", async () => {
    const dataDir = await temporaryFolder();
    await filled(dataDir);
    const folder = await temporaryFolder();
    const plain = await backupOf(dataDir, join(folder, 'a.tar'));
    const whole = await backupOf(dataDir, join(folder, 'b.tar'), true);
    expect(readdirSync(folder).sort()).toEqual(['a.tar', 'b.tar']);
    expect(statSync(join(folder, 'a.tar')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'b.tar')).mode & 0o777).toBe(0o600);
    expect(plain).toMatchObject({
      apps: 1,
      ledgerRows: 20,
      lastLedgerId: 20,
      livestill: '1.2.3',
      why: 'asked',
    });
    expect(Object.keys(plain.files)).toEqual(['livestill.sqlite']);
    expect(Object.keys(whole.files)).toEqual(['livestill.sqlite', 'master.key']);
    const key = readFileSync(keyIn(dataDir), 'utf8').trim().split('\n').at(-1)!;
    expect(readFileSync(join(folder, 'a.tar'), 'utf8')).not.toContain(key);
    expect(readFileSync(join(folder, 'b.tar'), 'utf8')).toContain(key);
  });

  it('holds no answers that were kept for repeated requests', async () => {
    const dataDir = await temporaryFolder();
    const store = await filled(dataDir);
    const scope = { appid: '1', key: 'k' };
    const begun = await store.idempotency.beginIdempotent(scope, 'f', new Date(), new Date(Date.now() + 1e5));
    if (begun.kind !== 'begun') throw new Error('it must begin');
    const body = 'where the face is';
    const now = new Date();
    await store.idempotency.finishIdempotent(
      scope,
      begun.token,
      { http: 200, contentType: 'a/b', body },
      now,
      new Date(Date.now() + 1e6),
    );
    const file = join(await temporaryFolder(), 'b.tar');
    await backupOf(dataDir, file);
    expect(readFileSync(file).includes(body)).toBe(false);
  });

  it('never writes over a file, and says what is missing', async () => {
    const dataDir = await temporaryFolder();
    await filled(dataDir);
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'there.tar'), 'mine');
    await expect(backupOf(dataDir, join(folder, 'there.tar'))).rejects.toMatchObject({
      reason: 'file_exists',
    });
    expect(readFileSync(join(folder, 'there.tar'), 'utf8')).toBe('mine');
    await expect(backupOf(dataDir, join(folder, 'no', 'b.tar'))).rejects.toMatchObject({
      reason: 'folder_missing',
    });
    await expect(backupOf(folder, join(folder, 'b.tar'))).rejects.toMatchObject({ reason: 'data_missing' });
    expect(readdirSync(folder)).toEqual(['there.tar']);
  });

  it('of a damaged database is refused', async () => {
    const dataDir = await temporaryFolder();
    writeFileSync(databaseIn(dataDir), Buffer.alloc(8192, 0x5a));
    await expect(backupOf(dataDir, join(dataDir, 'b.tar'))).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_corrupt',
    });
    expect(readdirSync(dataDir)).toEqual(['livestill.sqlite']);
  });
});

describe('a damaged backup', () => {
  it('is refused wherever it is cut or changed, and the data folder stays as it is', async () => {
    const dataDir = await closedFolder();
    const before = readFileSync(databaseIn(dataDir));
    const folder = await temporaryFolder();
    const file = join(folder, 'b.tar');
    await backupOf(dataDir, file, true);
    const good = readFileSync(file);
    const bad = join(folder, 'bad.tar');
    const wrong = async (bytes: Buffer) => {
      writeFileSync(bad, bytes);
      await expect(restoreInto(dataDir, bad)).rejects.toMatchObject({
        reason: expect.stringMatching(/^backup_(damaged|newer)$/),
      });
    };
    const { size } = statSync(file);
    const content = [...Array(8).keys()].map((i) => 2048 + i * Math.floor((size - 8192) / 8));
    for (const at of content) {
      const bytes = Buffer.from(good);
      bytes[at] = bytes[at]! ^ 0x10;
      await wrong(bytes);
    }
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: size - 2048 }), (length) => wrong(good.subarray(0, length))),
      { numRuns: 25, seed: 13 },
    );
    await wrong(Buffer.from('no archive at all'));
    await expect(restoreInto(dataDir, join(folder, 'none.tar'))).rejects.toMatchObject({
      reason: 'backup_unreadable',
    });
    await expect(restoreInto(dataDir, folder)).rejects.toMatchObject({ reason: 'backup_unreadable' });
    expect(readFileSync(databaseIn(dataDir)).equals(before)).toBe(true);
    expect(readdirSync(dataDir).sort()).toEqual(['livestill.sqlite', 'master.key']);
  });

  it('that holds anything else is refused', async () => {
    const folder = await temporaryFolder();
    for (const name of ['manifest.json', 'livestill.sqlite', 'other', 'livestill.sqlite-wal'])
      writeFileSync(join(folder, name), '{}');
    const odd = join(folder, 'odd.tar');
    for (const names of [
      ['other'],
      ['manifest.json'],
      ['manifest.json', 'livestill.sqlite', 'livestill.sqlite-wal'],
    ]) {
      await create({ file: odd, cwd: folder }, names);
      await expect(unpackBackup(odd, null)).rejects.toMatchObject({ reason: 'backup_damaged' });
    }
  });

  it('or one of a newer version is refused with a word on it', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ format: 2, files: {} }));
    writeFileSync(join(folder, 'livestill.sqlite'), 'later');
    await create({ file: join(folder, 'later.tar'), cwd: folder }, ['manifest.json', 'livestill.sqlite']);
    await expect(restoreInto(join(folder, 'data'), join(folder, 'later.tar'))).rejects.toMatchObject({
      reason: 'backup_newer',
    });
    const dataDir = await closedFolder();
    const raw = new Database(databaseIn(dataDir));
    raw.exec("insert into kysely_migration values ('9999-later', '2030-01-01')");
    raw.close();
    const file = join(folder, 'tables.tar');
    await backupOf(dataDir, file, true);
    await expect(restoreInto(join(folder, 'data'), file)).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_newer',
    });
    expect(existsSync(databaseIn(join(folder, 'data')))).toBe(false);
  });
});

describe('restoring', () => {
  it('is refused while anything has the database open', async () => {
    const dataDir = await closedFolder();
    const file = join(await temporaryFolder(), 'b.tar');
    await backupOf(dataDir, file, true);
    const store = await temporaryStore({ dataDir, thread: true });
    await expect(restoreInto(dataDir, file)).rejects.toMatchObject({
      name: 'UsageError',
      reason: 'service_running',
    });
    await store.ledger.append(someRow({ requestId: 'still there' }));
    expect((await store.ledger.latest({}, 1)).map((row) => row.requestId)).toHaveLength(1);
    expect(readdirSync(dataDir).filter((name) => /replaced|restore/.test(name))).toEqual([]);
  });

  it('keeps what it replaces, and gives no number of a ledger row out twice', async () => {
    const dataDir = await closedFolder();
    const file = join(await temporaryFolder(), 'b.tar');
    await backupOf(dataDir, file, true);
    const raw = new Database(databaseIn(dataDir));
    raw.exec('begin; update sqlite_sequence set seq = 500; commit');
    raw.close();
    const { kept } = await restoreInto(dataDir, file);
    expect(readdirSync(kept!).sort()).toEqual(['livestill.sqlite', 'master.key']);
    const old = new Database(databaseIn(kept!));
    expect(old.prepare("select seq from sqlite_sequence where name = 'ledger'").all()).toEqual([
      { seq: 500 },
    ]);
    old.close();
    const store = await temporaryStore({ dataDir });
    await store.ledger.append(someRow({ requestId: 'after', at: new Date() }));
    expect((await store.ledger.latest({}, 1))[0]).toMatchObject({ id: 501, requestId: 'after' });
    expect((await store.accounts.findSecret(somePair().secretId))!.secretKey).toBe(somePair().secretKey);
  });

  it('without keys needs the master key, from the folder or the environment', async () => {
    const from = await temporaryFolder();
    await filled(from);
    const file = join(await temporaryFolder(), 'b.tar');
    await backupOf(from, file);
    const dataDir = join(await temporaryFolder(), 'data');
    await expect(restoreInto(dataDir, file)).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'master_key_wrong',
    });
    expect(readdirSync(dataDir)).toEqual([]);
    await expect(restoreInto(dataDir, file, { masterKey: 'ab'.repeat(32) })).rejects.toMatchObject({
      reason: 'master_key_wrong',
    });
    const key = readFileSync(keyIn(from), 'utf8').trim().split('\n').at(-1)!;
    await restoreInto(dataDir, file, { masterKey: key });
    expect(readdirSync(dataDir)).toEqual(['livestill.sqlite']);
    const other = join(await temporaryFolder(), 'data');
    mkdirSync(other, { mode: 0o700 });
    copyFileSync(keyIn(from), keyIn(other));
    await restoreInto(other, file);
    expect(await requestIds(other)).toHaveLength(20);
  });

  it('with other keys puts these in place, and keeps the old ones beside the old database', async () => {
    const dataDir = await closedFolder();
    const other = await closedFolder(3);
    const file = join(await temporaryFolder(), 'b.tar');
    await backupOf(other, file, true);
    const own = readFileSync(keyIn(dataDir), 'utf8');
    const { kept, keysReplaced } = await restoreInto(dataDir, file);
    expect(keysReplaced).toBe(true);
    expect(readFileSync(keyIn(kept!), 'utf8')).toBe(own);
    expect(readFileSync(keyIn(dataDir), 'utf8').trim()).toBe(readFileSync(keyIn(other), 'utf8').trim());
    expect(statSync(keyIn(dataDir)).mode & 0o777).toBe(0o600);
    expect((await requestIds(dataDir)).size).toBe(3);
  });

  it('over a damaged database is done when the caller says that nothing works on it', async () => {
    const dataDir = await closedFolder();
    const file = join(await temporaryFolder(), 'b.tar');
    await backupOf(dataDir, file, true);
    writeFileSync(databaseIn(dataDir), Buffer.alloc(8192, 0x5a));
    await expect(restoreInto(dataDir, file)).rejects.toMatchObject({ reason: 'database_damaged' });
    const { kept } = await restoreInto(dataDir, file, { overDamaged: true });
    expect(readdirSync(kept!).sort()).toEqual(['livestill.sqlite', 'master.key']);
    expect(readFileSync(databaseIn(kept!)).equals(Buffer.alloc(8192, 0x5a))).toBe(true);
    expect(await requestIds(dataDir)).toHaveLength(20);
  });
});

describe('a copy of the file alone', () => {
  it('taken while a service works is found out, before it is opened and after', async () => {
    const dataDir = await temporaryFolder();
    await filled(dataDir);
    const copy = await temporaryFolder();
    copyFileSync(databaseIn(dataDir), databaseIn(copy));
    copyFileSync(keyIn(dataDir), keyIn(copy));
    expect(inspectDatabase(dataDir, null).withoutLog).toBeNull();
    expect(inspectDatabase(copy, null).withoutLog).toBe('now');
    // Looking does not make it look well.
    expect(inspectDatabase(copy, null).withoutLog).toBe('now');
    const troubles: Error[] = [];
    const opened = await temporaryStore({ dataDir: copy, onTrouble: (error) => troubles.push(error) });
    await opened.ledger.count({});
    expect(troubles.map(({ message }) => message)).toEqual([
      expect.stringContaining('write-ahead log is missing'),
    ]);
    expect(inspectDatabase(copy, null).withoutLog).toBeInstanceOf(Date);
  });

  it('of a folder that was closed is as good as the folder, and so is one with its log', async () => {
    const dataDir = await closedFolder();
    const copy = await temporaryFolder();
    copyFileSync(databaseIn(dataDir), databaseIn(copy));
    copyFileSync(keyIn(dataDir), keyIn(copy));
    expect(inspectDatabase(copy, null).withoutLog).toBeNull();
    const running = await temporaryFolder();
    await filled(running);
    const whole = await temporaryFolder();
    for (const name of readdirSync(running).filter((one) => !one.endsWith('-shm'))) {
      copyFileSync(join(running, name), join(whole, name));
    }
    expect(inspectDatabase(whole, null)).toMatchObject({ withoutLog: null, ledgerRows: 20 });
  });
});

describe('tables of an older version', () => {
  it('are copied before they are brought up to date; the copy put back is of the older version', async () => {
    const dataDir = await closedFolder();
    toOlderTables(dataDir);
    const told: Migrated[] = [];
    const store = await temporaryStore({
      dataDir,
      thread: true,
      onMigrated: (migrated) => told.push(migrated),
    });
    expect(told).toEqual([
      {
        from: '0003-indexes',
        steps: Object.keys(MIGRATIONS).filter((name) => name >= '0004'),
        backup: expect.stringContaining('before-0004-idempotency-shares-'),
      },
    ]);
    await store.ledger.append(someRow({ requestId: 'after' }));
    expect(await store.chains.adminLog(1)).toMatchObject([
      {
        action: 'store.migrate',
        after: { steps: Object.keys(MIGRATIONS).filter((name) => name >= '0004'), backup: told[0]!.backup },
      },
    ]);
    const { backup } = told[0]!;
    expect(await unpackBackup(backup!, null)).toMatchObject({ why: 'before a migration', ledgerRows: 20 });
    const back = join(await temporaryFolder(), 'data');
    mkdirSync(back, { mode: 0o700 });
    copyFileSync(keyIn(dataDir), keyIn(back));
    const { findings } = await restoreInto(back, backup!);
    expect(findings.age).toBe('older');
    expect(inspectDatabase(back, null)).toMatchObject({ age: 'older', ledgerRows: 20 });
  });

  it('are copied as many times as is wanted, and no migration is made without', async () => {
    const dataDir = await closedFolder(1);
    const backups = join(dataDir, 'backups');
    mkdirSync(backups, { mode: 0o700 });
    const names = ['20250101T000000Z', '20250102T000000Z'].map((at) => `before-0003-indexes-${at}.tar`);
    for (const name of [...names, 'mine.tar']) writeFileSync(join(backups, name), '');
    toOlderTables(dataDir);
    await temporaryStore({ dataDir, migrationBackups: 2 });
    expect(readdirSync(backups)).toHaveLength(3);
    expect(readdirSync(backups)).toContain('mine.tar');

    const full = await closedFolder(1);
    writeFileSync(join(full, 'backups'), 'a file in the way');
    toOlderTables(full);
    await expect(openStore({ dataDir: full, thread: false })).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'migration_backup_failed',
    });
    expect(inspectDatabase(full, null).age).toBe('older');
    const store = await temporaryStore({ dataDir: full, migrationBackups: 0 });
    expect(await store.ledger.count({})).toBe(1);
  });

  it('go with the records of their time', async () => {
    const dataDir = await closedFolder(1);
    toOlderTables(dataDir);
    const store = await temporaryStore({ dataDir });
    await store.ledger.prune(new Date(Date.now() - 60_000));
    expect(readdirSync(join(dataDir, 'backups'))).toHaveLength(1);
    await store.ledger.prune(new Date(Date.now() + 60_000));
    expect(readdirSync(join(dataDir, 'backups'))).toEqual([]);
  });
});
