import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { Fault, UsageError } from '../../faults.ts';
import { openStore } from '../open.ts';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../test-support/temp-store.ts';
import { openConnection } from './connection.ts';
import { createDatabase } from './database.ts';
import { storeFault } from './faults.ts';

const fileIn = (dataDir: string) => join(dataDir, 'livestill.sqlite');

async function filledStore(dataDir: string, lockWaitMs = 100) {
  const store = await temporaryStore({ dataDir, lockWaitMs });
  await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
  return store;
}

describe('a lock of another process', () => {
  it('is waited for', async () => {
    const dataDir = await temporaryFolder();
    const store = await filledStore(dataDir, 5000);
    const other = new Database(fileIn(dataDir));
    other.exec('BEGIN IMMEDIATE');
    const appended = store.ledger.append(someRow());
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(await store.ledger.count({})).toBe(0);
    other.exec('COMMIT');
    other.close();
    await appended;
    expect(await store.ledger.count({})).toBe(1);
  });

  it('held too long refuses writes with state_unavailable or accounts_unavailable, while accounts are still read; released, all goes on and nothing is lost', async () => {
    const dataDir = await temporaryFolder();
    const store = await filledStore(dataDir);
    const other = new Database(fileIn(dataDir));
    other.exec('BEGIN IMMEDIATE');
    await expect(store.replay.remember('aa', new Date())).rejects.toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_locked',
    });
    await expect(store.ledger.append(someRow())).rejects.toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_locked',
    });
    await expect(store.accounts.setAppState('1', 'suspended')).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_locked',
    });
    await expect(store.check()).rejects.toMatchObject({ kind: 'state_unavailable' });
    expect((await store.accounts.findApp('1'))!.state).toBe('active');
    other.exec('ROLLBACK');
    other.close();
    await store.ledger.append(someRow({ requestId: 'after' }));
    expect(await store.replay.remember('aa', new Date())).toBe(true);
    await store.check();
    // What was acknowledged after the trouble must be on disk for others, too.
    const witness = await temporaryStore({ dataDir });
    expect((await witness.ledger.latest({}, 5)).map((row) => row.requestId)).toEqual(['after']);
    expect(await witness.replay.remember('aa', new Date())).toBe(false);
  });
});

describe('the file', () => {
  it('gone: accounts_unavailable and state_unavailable, nothing is made in its place; back: all goes on', async () => {
    const dataDir = await temporaryFolder();
    const store = await filledStore(dataDir);
    const away = `${dataDir}-away`;
    renameSync(dataDir, away);
    mkdirSync(dataDir);
    await expect(store.accounts.findApp('1')).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_missing',
    });
    await expect(store.ledger.append(someRow())).rejects.toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_missing',
    });
    expect(existsSync(fileIn(dataDir))).toBe(false);
    rmSync(dataDir, { recursive: true });
    renameSync(away, dataDir);
    expect((await store.accounts.findApp('1'))!.name).toBe('x');
    await store.ledger.append(someRow());
  });

  it('exchanged for a copy: the copy is used from then on, so that no row goes into a file without a name', async () => {
    const dataDir = await temporaryFolder();
    const store = await filledStore(dataDir);
    const path = fileIn(dataDir);
    new Database(path).exec('PRAGMA wal_checkpoint(TRUNCATE)');
    copyFileSync(path, `${path}.copy`);
    for (const side of ['-wal', '-shm']) rmSync(path + side, { force: true });
    renameSync(`${path}.copy`, path);
    await store.ledger.append(someRow({ requestId: 'into the copy' }));
    const witness = await temporaryStore({ dataDir });
    expect((await witness.ledger.latest({}, 5)).map((row) => row.requestId)).toEqual(['into the copy']);
  });

  it('damaged: 107 and 108 with a word on what to do; a good copy in its place: all goes on', async () => {
    const dataDir = await temporaryFolder();
    const store = await filledStore(dataDir);
    const path = fileIn(dataDir);
    new Database(path).exec('PRAGMA wal_checkpoint(TRUNCATE)');
    copyFileSync(path, `${path}.good`);
    writeFileSync(`${path}.bad`, Buffer.alloc(8192, 0x5a));
    for (const side of ['-wal', '-shm']) rmSync(path + side, { force: true });
    renameSync(`${path}.bad`, path);
    await expect(store.accounts.findApp('1')).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_corrupt',
    });
    await expect(store.ledger.append(someRow())).rejects.toMatchObject({
      kind: 'state_unavailable',
      message: expect.stringContaining('restore a copy'),
    });
    await expect(openStore({ dataDir, thread: false })).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_corrupt',
    });
    renameSync(`${path}.good`, path);
    expect((await store.accounts.findApp('1'))!.name).toBe('x');
    await store.ledger.append(someRow());
  });

  it('written by a newer version is refused with a word on it', async () => {
    const dataDir = await temporaryFolder();
    await (await filledStore(dataDir)).close();
    const raw = new Database(fileIn(dataDir));
    raw.exec("insert into kysely_migration values ('9999-later', '2030-01-01')");
    raw.close();
    await expect(openStore({ dataDir, thread: false })).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_newer',
    });
  });

  it('that is not there is not made for a command that only reads', async () => {
    const dataDir = join(await temporaryFolder(), 'typo');
    const opening = openStore({ dataDir, thread: false, create: false });
    await expect(opening).rejects.toMatchObject({ name: 'UsageError', reason: 'data_missing' });
    expect(existsSync(dataDir)).toBe(false);
  });

  it.each([
    ['gone', null],
    ['empty', ''],
  ])('that is %s, in a folder that was in use before, is not made anew', async (_what, content) => {
    const dataDir = await temporaryFolder();
    await (await filledStore(dataDir)).close();
    for (const side of ['', '-wal', '-shm']) rmSync(`${fileIn(dataDir)}${side}`, { force: true });
    if (content !== null) writeFileSync(fileIn(dataDir), content);
    const opening = openStore({ dataDir, thread: false });
    await expect(opening).rejects.toMatchObject({ kind: 'accounts_unavailable', reason: 'store_missing' });
    await expect(opening).rejects.toThrow(/audit\.key.*livestill restore/s);
    expect(existsSync(fileIn(dataDir))).toBe(content !== null);
  });

  it('that was cut off to a few bytes is damaged, and stays as it is', async () => {
    const dataDir = await temporaryFolder();
    writeFileSync(fileIn(dataDir), 'x');
    await expect(openStore({ dataDir, thread: false })).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_corrupt',
    });
    expect(readFileSync(fileIn(dataDir), 'utf8')).toBe('x');
  });

  it('is set up once when many open it for the first time at the same moment', async () => {
    const dataDir = await temporaryFolder();
    const stores = await Promise.all(Array.from({ length: 6 }, () => temporaryStore({ dataDir })));
    await stores[0]!.accounts.createApp({ appid: '1', name: 'x' }, somePair());
    for (const { accounts } of stores)
      expect((await accounts.findSecret(somePair().secretId))!.secretKey).toBe('k'.repeat(32));
  });
});

describe('group commit', () => {
  it('undoes a change that fails, and it alone', async () => {
    const path = fileIn(await temporaryFolder());
    const database = createDatabase({ path, create: true, sync: 'full', lockWaitMs: 100 });
    const put = (key: string, fail: boolean) =>
      database.write('state_unavailable', async (db) => {
        await db.insertInto('meta').values({ key, value: 'v' }).execute();
        if (fail) throw new UsageError('no', 'no');
        return key;
      });
    const results = await Promise.allSettled([
      put('a', false),
      put('b', true),
      put('c', false),
      put('a', false),
    ]);
    expect(results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.reason))).toEqual([
      'a',
      'no',
      'c',
      'store_error',
    ]);
    const rows = await database.read('state_unavailable', (db) =>
      db.selectFrom('meta').select('key').orderBy('key').execute(),
    );
    expect(rows.map((row) => row.key)).toEqual(['a', 'c']);
    await database.close();
    await expect(put('d', false)).rejects.toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_closed',
    });
    await expect(
      database.read('accounts_unavailable', (db) => db.selectFrom('meta').selectAll().execute()),
    ).rejects.toMatchObject({ kind: 'accounts_unavailable', reason: 'store_closed' });
  });

  it('refuses more waiting changes than it may hold', async () => {
    const path = fileIn(await temporaryFolder());
    const database = createDatabase({ path, create: true, sync: 'full', lockWaitMs: 100 });
    const work = Array.from({ length: 10_050 }, () => database.write('state_unavailable', async () => 1));
    const results = await Promise.allSettled(work);
    const refused = results.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(50);
    expect(refused[0]).toMatchObject({ reason: { kind: 'state_unavailable', reason: 'store_overloaded' } });
    await database.close();
  });
});

describe('a connection', () => {
  it('takes no value that the library would end the process on', async () => {
    const connection = openConnection(fileIn(await temporaryFolder()), 100);
    for (const value of [true, undefined, Number.NaN, Number.POSITIVE_INFINITY, new Date(), {}, 'a\0b']) {
      expect(() => connection.execute('select ?', [value])).toThrow(TypeError);
    }
    expect(connection.execute('select ? as a, ? as b', ['x', 5n]).rows).toEqual([{ a: 'x', b: 5 }]);
    connection.close();
    connection.close();
    expect(() => connection.execute('select 1', [])).toThrow('closed');
    expect(() => connection.begin()).toThrow('closed');
    connection.rollback();
  });

  it('writes in transactions alone', async () => {
    const connection = openConnection(fileIn(await temporaryFolder()), 100);
    expect(() => connection.execute('create table t (a)', [])).toThrow('outside of a transaction');
    connection.begin();
    connection.execute('create table t (a)', []);
    expect(connection.execute('insert into t values (?)', [1])).toMatchObject({ changes: 1 });
    connection.rollback();
    expect(() => connection.execute('select * from t', [])).toThrow('no such table');
    connection.close();
  });
});

describe('errors', () => {
  it.each([
    [{ code: 'SQLITE_FULL' }, 'store_full'],
    [{ code: 'SQLITE_IOERR_WRITE' }, 'store_io'],
    [{ code: 'SQLITE_READONLY_DBMOVED' }, 'store_readonly'],
    [{ code: 'SQLITE_CANTOPEN' }, 'store_unopenable'],
    [{ message: 'ConnectionFailed("Unable to open … : 14")' }, 'store_unopenable'],
    [{ message: 'something' }, 'store_error'],
  ])('%j is said as %s', (parts, reason) => {
    const error = Object.assign(new Error('message' in parts ? parts.message : 'x'), parts);
    expect(storeFault('state_unavailable', error)).toMatchObject({ kind: 'state_unavailable', reason });
  });

  it('keep their meaning, with the code of the store that was asked', () => {
    expect(
      storeFault('state_unavailable', new Fault('accounts_unavailable', 'store_missing', 'gone')),
    ).toMatchObject({
      kind: 'state_unavailable',
      reason: 'store_missing',
      message: 'gone',
    });
    const usage = new UsageError('no', 'no');
    expect(storeFault('accounts_unavailable', usage)).toBe(usage);
  });
});
