import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import type { Migrated } from '../../core/migrated.ts';
import { openStore } from '../../open.ts';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../../test-support/temp-store.ts';
import { inspectDatabase } from '../inspect.ts';
import { MIGRATIONS } from '../migrations.ts';
import {
  backupOf,
  closedFolder,
  databaseIn,
  filled,
  keyIn,
  requestIds,
  restoreInto,
} from '../test-support/backups.ts';
import { toOlderTables } from '../test-support/older-tables.ts';
import { unpackBackup } from './archive.ts';

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
