import { join } from 'node:path';
import { type CompiledQuery, Kysely } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LedgerFilter, StoredLedgerRow } from '../../ledger/types.ts';
import type { StoreDatabase } from '../core/database.ts';
import { createLedger } from '../core/ledger.ts';
import type { Tables } from '../core/tables.ts';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../test-support/temp-store.ts';
import { findEnd } from './chain-end.ts';
import { type Connection, openConnection } from './connection.ts';
import { LibsqlDialect } from './dialect.ts';
import { oldDatabase } from './test-support/old-store.ts';

/** A connection to the file, behind the store's back. */
function behind(dataDir: string): Connection {
  const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  onTestFinished(() => connection.close());
  return connection;
}

/** A ledger for reading, and what it asked of the database. */
function watched(dataDir: string) {
  const connection = behind(dataDir);
  const asked: CompiledQuery[] = [];
  const db = new Kysely<Tables>({
    dialect: new LibsqlDialect(connection, { lockWaitMs: 0 }),
    log: ({ query }) => void asked.push(query),
  });
  const reading = { read: (_code, query) => query(db) } as Partial<StoreDatabase> as StoreDatabase;
  return { connection, asked, ledger: createLedger(reading, { name: () => 'ledger', findEnd }) };
}

const counted = (connection: Connection, from: string) =>
  connection.execute(`select count(*) as n from ${from}`, []).rows[0]!.n;

const at = (minute: number) => new Date(Date.UTC(2026, 10, 23, 10, minute));

describe('the ledger', () => {
  it('is read through an index that already has the order, whatever is asked for', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    await store.ledger.append(someRow());
    const { connection, asked, ledger } = watched(dataDir);

    const times: LedgerFilter[] = [{}, { since: at(1) }, { until: at(2) }, { since: at(1), until: at(2) }];
    for (const time of times) {
      for (const filter of [time, { ...time, appid: '1000001' }, { ...time, verdict: 'live' as const }]) {
        await ledger.page({ ...filter, upTo: [10] }, null, 500);
        await ledger.page({ ...filter, upTo: [10] }, { at: at(1), id: 5 }, 500);
        expect(asked.at(-1)!.sql).not.toMatch(/"at" >=/);
        await ledger.latest(filter, 50);
      }
    }
    await ledger.count({ since: at(1), until: at(2) });
    await ledger.latest({ requestId: 'request-1' }, 50);
    expect(asked).toHaveLength(38);

    connection.begin();
    for (const { sql, parameters } of asked) {
      const plan = connection.execute(`explain query plan ${sql}`, parameters).rows.map((row) => row.detail);
      const byRequest = /request_id" = /.test(sql);
      expect(plan[0], sql).toMatch(/ledger USING (COVERING )?INDEX ledger_by_(time|app|request)/);
      // The few rows of one request may be sorted.
      if (!byRequest) expect(plan.join('; '), sql).not.toMatch(/TEMP B-TREE/);
      if (/"at" >=|, ledger\.id\) >/.test(sql)) expect(plan[0], sql).toMatch(/SEARCH .*\bat>/);
    }
    connection.rollback();
  });

  it('finds a picture by the indexes of both places that name it, whatever else is asked for', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    await store.ledger.append(someRow());
    const { connection, asked, ledger } = watched(dataDir);
    const filters: LedgerFilter[] = [
      {},
      { since: at(1), until: at(2) },
      { appid: '1000001', verdict: 'live' },
    ];
    for (const filter of filters.map((some) => ({ ...some, pictureSha256: 'ab'.repeat(32) }))) {
      await ledger.page({ ...filter, upTo: [10] }, { at: at(1), id: 5 }, 500);
      await ledger.latest(filter, 50);
      await ledger.count(filter);
      await ledger.search(filter, null, 50);
      await ledger.search(filter, { at: at(3), id: 5 }, 50);
    }
    connection.begin();
    for (const { sql, parameters } of asked) {
      const plan = connection.execute(`explain query plan ${sql}`, parameters).rows.map((row) => row.detail);
      const tables = plan.filter((step) => /^(SCAN|SEARCH) (ledger|ledger_still)\b/.test(String(step)));
      expect(tables, sql).toEqual([
        expect.stringMatching(/^SEARCH ledger_still USING PRIMARY KEY \(sha256=\?\)/),
        expect.stringMatching(/^SEARCH ledger USING (COVERING )?INDEX ledger_by_picture /),
        expect.stringMatching(/^SEARCH ledger USING INTEGER PRIMARY KEY /),
        // A search reads the whole rows of those that match.
        ...(tables.length > 3 ? [expect.stringMatching(/^SEARCH ledger USING INTEGER PRIMARY KEY /)] : []),
      ]);
    }
    connection.rollback();
  });

  it('is ordered by time, then by number, in pages and from the newest', async () => {
    const { ledger } = await temporaryStore();
    // Written out of order, as requests of different length are, and many in the same millisecond.
    const minutes = Array.from({ length: 1100 }, (_, i) => (i * 7) % 3);
    await Promise.all(minutes.map((m, i) => ledger.append(someRow({ requestId: `${i}`, at: at(m) }))));
    const rows: StoredLedgerRow[] = [];
    for await (const row of ledger.read({ since: at(1) })) rows.push(row);
    const expected = [1, 2].flatMap((m) => minutes.flatMap((n, i) => (n === m ? [`${i}`] : [])));
    expect(rows.map((row) => row.requestId)).toEqual(expected);
    const page = await ledger.page({ since: at(2) }, { at: at(1), id: 5 }, 1);
    expect(page.map((row) => row.at)).toEqual([at(2)]);
    const newest = await ledger.latest({}, 3);
    expect(newest.map((row) => row.requestId)).toEqual(expected.slice(-3).reverse());
  });
});

describe('buckets', () => {
  it('have the app as their owner that lists them now', async () => {
    const { accounts } = await temporaryStore();
    await accounts.createApp(
      { appid: '1000001', name: 'a', buckets: ['one', 'both'] },
      somePair('AKIDone0001'),
    );
    await accounts.createApp({ appid: '1000002', name: 'b', buckets: ['both'] }, somePair('AKIDtwo0001'));
    expect(await accounts.findBucketOwner('one')).toBe('1000001');
    expect(await accounts.findBucketOwner('both')).toBe('1000001');
    expect(await accounts.findBucketOwner('none')).toBeNull();
    await accounts.setBuckets('1000001', ['other', 'other']);
    expect(await accounts.findBucketOwner('one')).toBeNull();
    expect(await accounts.findBucketOwner('both')).toBe('1000002');
    expect(await accounts.findBucketOwner('other')).toBe('1000001');
    await accounts.setBuckets('1000001', []);
    expect(await accounts.findBucketOwner('other')).toBeNull();
  });

  it('of a data folder from before there was an index are found', async () => {
    const dataDir = await temporaryFolder();
    await oldDatabase(dataDir, '0002-api-keys', (old) => {
      old.execute(
        `insert into app (appid, name, state, buckets, created_at) values ('1000001', 'a', 'active', '["x","y"]', 1)`,
        [],
      );
    });
    const { accounts } = await temporaryStore({ dataDir });
    expect(await accounts.findBucketOwner('y')).toBe('1000001');
    await accounts.setBuckets('1000001', ['z']);
    expect(await accounts.findBucketOwner('y')).toBeNull();
    expect(await accounts.findBucketOwner('z')).toBe('1000001');
  });
});

describe('apps', () => {
  it('are listed from the oldest on, as many as asked for', async () => {
    const { accounts } = await temporaryStore();
    expect(await accounts.listApps(1)).toEqual([]);
    for (const appid of ['1000003', '1000001', '1000002']) {
      await accounts.createApp({ appid, name: 'x' }, somePair(`AKID${appid}`));
    }
    const all = (await accounts.listApps()).map((app) => app.appid);
    expect([...all].sort()).toEqual(['1000001', '1000002', '1000003']);
    expect((await accounts.listApps(2)).map((app) => app.appid)).toEqual(all.slice(0, 2));
  });
});

describe('what is forgotten', () => {
  it('used signatures go faster than they come', async () => {
    const dataDir = await temporaryFolder();
    const { replay } = await temporaryStore({ dataDir, sync: 'normal' });
    const over = new Date(Date.now() - 7_200_000);
    const usable = new Date(Date.now() + 600_000);
    await Promise.all(Array.from({ length: 4000 }, (_, i) => replay.remember(`old${i}`, over)));
    await Promise.all(Array.from({ length: 2500 }, (_, i) => replay.remember(`new${i}`, usable)));
    const file = behind(dataDir);
    expect(counted(file, `used_signature where until <= ${over.getTime()}`)).toBe(0);
    expect(counted(file, 'used_signature')).toBe(2500);
    expect(await replay.remember('new7', usable)).toBe(false);
  });

  it('daily counts of more than 400 days ago go a few at a time, the others stay', async () => {
    const dataDir = await temporaryFolder();
    const { usage } = await temporaryStore({ dataDir, sync: 'normal' });
    const file = behind(dataDir);
    file.begin();
    for (let i = 0; i < 250; i++) {
      file.execute('insert into usage_day (appid, day, count) values (?, ?, 1)', [
        `${1_000_000 + i}`,
        '2025-01-01',
      ]);
    }
    file.execute("insert into usage_day (appid, day, count) values ('7', '2026-11-01', 5)", []);
    file.commit();
    const left: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      expect(await usage.consume('1000001', '2026-11-23', 100)).toBe(i + 1);
      left.push(counted(file, "usage_day where day = '2025-01-01'"));
    }
    expect(left).toEqual([150, 50, 0, 0]);
    expect(await usage.used('7', '2026-11-01')).toBe(5);
  });
});
