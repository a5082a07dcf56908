import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Explanation } from '../../ledger/types.ts';
import { someRow, temporaryFolder, temporaryStore } from '../test-support/temp-store.ts';
import { type Connection, openConnection } from './connection.ts';
import { BEFORE_REVIEW } from './test-support/older-tables.ts';

function behind(dataDir: string): Connection {
  const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  onTestFinished(() => connection.close());
  return connection;
}

const row = (requestId: string, review: boolean | null) => {
  const explanation: Explanation = {
    api: 'v1',
    http: 200,
    version: '0.2.0',
    profile: 'careful',
    threshold: 87,
    policy: null,
    liveProbability: 0.5,
    review,
    faceCount: 1,
    measured: null,
    quality: [],
    cards: {},
    reference: null,
  };
  return someRow({ requestId, explanation });
};

/** A data folder as the version before the flag left it: two chained rows. */
async function before() {
  const dataDir = await temporaryFolder();
  const store = await temporaryStore({ dataDir });
  await store.ledger.append(row('old-1', null));
  await store.ledger.append(row('old-2', null));
  await store.close();
  const old = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  for (const undo of BEFORE_REVIEW) old.script(undo);
  old.script("delete from kysely_migration where name >= '0011'");
  old.close();
  return dataDir;
}

it('the flag of a decision comes back as it went in, and the chain is whole', async () => {
  const { ledger, chains } = await temporaryStore();
  for (const review of [true, false, null]) {
    await ledger.append(row(String(review), review));
    const [found] = await ledger.latest({ requestId: String(review) }, 1);
    expect(found?.explanation?.review).toBe(review);
  }
  expect(await chains.verify('ledger')).toMatchObject({ verified: 3, fault: null });
});

it('a data folder from before it is brought up to date: its rows stay verifiable, new ones go on behind them', async () => {
  const dataDir = await before();
  const { ledger, chains } = await temporaryStore({ dataDir });
  await ledger.append(row('new', true));
  const [old] = await ledger.latest({ requestId: 'old-1' }, 1);
  expect(old?.explanation).toMatchObject({ review: null, liveProbability: 0.5 });
  expect(await chains.verify('ledger')).toMatchObject({ verified: 3, unchained: 0, fault: null });
});

it.each([
  ['taken away', 'update ledger set review = 0 where id = 1', 1],
  ['emptied, as if an older version had written the row', 'update ledger set review = null where id = 1', 1],
  ['put into a row of an older version', 'update ledger set review = 1 where id = 2', 2],
])('a flag %s is found', async (_what, statement, rowId) => {
  const dataDir = await temporaryFolder();
  const { ledger, chains } = await temporaryStore({ dataDir });
  await ledger.append(row('new', true));
  await ledger.append(row('old', null));
  behind(dataDir).script(statement);
  expect((await chains.verify('ledger')).fault).toMatchObject({ kind: 'changed', rowId });
});
