import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { AdminAction, AdminFilter } from '../../ledger/admin.ts';
import { oldDatabase } from '../sqlite/test-support/old-store.ts';
import {
  itOnSqlite,
  nth,
  ownChain,
  somePair,
  someRow,
  tamper,
  temporaryFolder,
  temporaryStore,
} from '../test-support/temp-store.ts';

const day = 86_400_000;
const hashOfPolicy = createHash('sha256').update('{"threshold":87}').digest('hex');
const explained = (more = {}) =>
  someRow({
    explanation: {
      api: 'v1',
      http: 200,
      version: '0.2.0',
      profile: 'careful',
      threshold: 87,
      policy: { hash: hashOfPolicy, content: { threshold: 87 } },
      liveProbability: 0.912_345,
      review: false,
      faceCount: 1,
      quality: [{ name: 'Sharpness', value: 12.5, unit: 'variance', min: 40, max: null }],
      measured: { FaceWidth: 180.61, HeadPosePitch: -3 },
      cards: { minifasnet: '12'.repeat(32) },
      reference: 'case-7',
    },
    ...more,
  });

async function filled(rows = 5) {
  const dataDir = await temporaryFolder();
  const store = await temporaryStore({ dataDir });
  for (let i = 1; i <= rows; i += 1) {
    await store.ledger.append(
      someRow({ requestId: `r-${i}`, at: new Date(i * day), pictureSha256: String(i).repeat(64) }),
    );
  }
  return { dataDir, store };
}

describe('the chain over decisions', () => {
  it('is whole after appending, opening anew, and appending again', async () => {
    const { dataDir, store } = await filled();
    await store.ledger.append(someRow({ requestId: 'ä "\' \u0000', score: null, rawScore: 12.25 }));
    await store.close();
    const again = await temporaryStore({ dataDir });
    await again.ledger.append(someRow());
    expect(await again.chains.verify(ownChain())).toMatchObject({
      verified: 7,
      unchained: 0,
      fault: null,
      checkpoints: 1,
      head: { rowId: nth(7) },
    });
  });

  it.each([
    ['a score', `update ledger set score = 1 where id = ${nth(3)}`, 'changed', 3],
    ['a verdict', `update ledger set verdict = 'attack' where id = ${nth(1)}`, 'changed', 1],
    ['the time', `update ledger set at = at + 1 where id = ${nth(5)}`, 'changed', 5],
    ['the set of models', `update model_set set models = '{"other":"0"}'`, 'changed', 1],
    ['a row taken out', `delete from ledger where id = ${nth(2)}`, 'missing', 2],
    ['the first row taken out', `delete from ledger where id = ${nth(1)}`, 'changed', 2],
    ['the newest row taken out', `delete from ledger where id = ${nth(5)}`, 'cut_off', 5],
    ['a hash', `update ledger set hash = 'ff' where id = ${nth(4)}`, 'changed', 4],
    ['a hash emptied', `update ledger set hash = null where id = ${nth(4)}`, 'changed', 5],
    ['the newest hash emptied', `update ledger set hash = null where id = ${nth(5)}`, 'cut_off', 5],
  ])('finds %s, by the number of its row', async (_what, statement, kind, rowId) => {
    const { dataDir, store } = await filled();
    await tamper(dataDir, statement);
    const { fault } = await store.chains.verify(ownChain());
    expect(fault).toMatchObject({ kind, rowId: nth(rowId) });
  });

  it('finds rows that were cut off together with the record of the head, by the signed checkpoint', async () => {
    const { dataDir, store } = await filled();
    await store.chains.head(ownChain());
    await tamper(
      dataDir,
      `delete from ledger where id > ${nth(3)}`,
      `update chain_head set row_id = ${nth(3)}, hash = (select hash from ledger where id = ${nth(3)}) where chain = '${ownChain()}'`,
    );
    expect((await store.chains.verify(ownChain())).fault).toMatchObject({ kind: 'cut_off', rowId: nth(4) });
  });

  it('finds a deletion that pretends to be a retention, for want of a signature', async () => {
    const { dataDir, store } = await filled();
    await tamper(
      dataDir,
      `insert into chain_tombstone select '${ownChain()}', ${nth(2)}, ${nth(2)}, 1, null, (select hash from ledger where id = ${nth(1)}), hash, 'pruned', 1, 'k', 's'
        from ledger where id = ${nth(2)}`,
      `delete from ledger where id = ${nth(2)}`,
    );
    expect((await store.chains.verify(ownChain())).fault).toMatchObject({ kind: 'tombstone', rowId: nth(2) });
  });

  it('verifies a part by itself', async () => {
    const { dataDir, store } = await filled();
    await tamper(dataDir, `update ledger set score = 1 where id = ${nth(2)}`);
    expect(await store.chains.verify(ownChain(), { from: nth(3) })).toMatchObject({
      verified: 3,
      fault: null,
    });
    expect(await store.chains.verify(ownChain(), { to: nth(1) })).toMatchObject({ verified: 1, fault: null });
    expect((await store.chains.verify(ownChain(), { from: nth(2), to: nth(4) })).fault).toMatchObject({
      rowId: nth(2),
    });
  });

  it('stays whole under retention, whatever goes first, and says what went', async () => {
    const { store } = await filled(9);
    expect(await store.ledger.prune(new Date(3 * day))).toBe(2);
    expect(await store.ledger.prune(new Date(6 * day))).toBe(3);
    expect(await store.chains.verify(ownChain())).toMatchObject({ verified: 4, pruned: 5, fault: null });
    expect(await store.ledger.prune(new Date(99 * day))).toBe(4);
    expect(await store.chains.verify(ownChain())).toMatchObject({ verified: 0, pruned: 9, fault: null });
    await store.ledger.append(someRow());
    expect(await store.chains.verify(ownChain())).toMatchObject({ verified: 1, pruned: 9, fault: null });
    expect((await store.chains.adminLog(10)).map(({ action }) => action)).toEqual(
      Array(3).fill('ledger.prune'),
    );
  });

  it('stays whole where rows of one time are not together', async () => {
    const { store } = await filled(0);
    for (const at of [1, 9, 1, 9, 1]) await store.ledger.append(someRow({ at: new Date(at * day) }));
    expect(await store.ledger.prune(new Date(2 * day))).toBe(3);
    expect(await store.chains.verify(ownChain())).toMatchObject({ verified: 2, pruned: 3, fault: null });
    expect(await store.ledger.prune(new Date(10 * day))).toBe(2);
    expect(await store.chains.verify(ownChain())).toMatchObject({ verified: 0, pruned: 5, fault: null });
  });

  itOnSqlite()('says which rows a restore left out, and goes on behind them', async () => {
    const { dataDir, store } = await filled();
    await store.close();
    await tamper(dataDir, "update sqlite_sequence set seq = 9 where name = 'ledger'");
    const again = await temporaryStore({ dataDir });
    await again.ledger.append(someRow());
    expect(await again.chains.verify(ownChain())).toMatchObject({
      verified: 6,
      lost: 4,
      head: { rowId: 10 },
      fault: null,
    });
    expect(await again.chains.adminLog(1)).toMatchObject([{ action: 'ledger.gap', after: { rows: 4 } }]);
  });

  itOnSqlite()('goes on behind rows that an earlier version wrote in between', async () => {
    const { dataDir, store } = await filled(2);
    await tamper(
      dataDir,
      `insert into ledger (at, request_id, appid, secret_id, source, picture_bytes, picture_sha256, code, reasons, model_set_id,
        milliseconds, caller_address) values (1, 'old', '1', 's', 'bytes', 1, 'ab', 0, '[]', 1, 1, '::1')`,
    );
    await store.ledger.append(someRow());
    expect(await store.chains.verify(ownChain())).toMatchObject({ verified: 3, unchained: 1, fault: null });
  });

  itOnSqlite()('leaves rows of an earlier version as they are, and begins behind them', async () => {
    const dataDir = await temporaryFolder();
    await oldDatabase(dataDir, '0003-indexes', (old) => {
      old.execute(`insert into model_set (models) values ('{"m":"00"}')`, []);
      for (let i = 0; i < 3; i += 1) {
        old.execute(
          `insert into ledger (at, request_id, appid, secret_id, source, picture_bytes, picture_sha256, code, reasons, model_set_id,
            milliseconds, caller_address) values (1, 'old', '1', 's', 'bytes', 1, 'ab', 0, '[]', 1, 1, '::1')`,
          [],
        );
      }
    });
    const store = await temporaryStore({ dataDir });
    const [old] = await store.ledger.latest({ requestId: 'old' }, 1);
    expect(old).toMatchObject({ kind: 'judged', requests: 1, explanation: null, hash: null });
    await store.ledger.append(someRow());
    expect(await store.chains.verify(ownChain())).toMatchObject({ unchained: 3, verified: 1, fault: null });
    expect(await store.ledger.prune(new Date(2))).toBe(3);
    expect(await store.chains.verify(ownChain())).toMatchObject({
      unchained: 0,
      pruned: 0,
      verified: 1,
      fault: null,
    });
  });
});

describe('a verification beside other work', () => {
  it('takes no row for missing that is erased or pruned meanwhile', async () => {
    const { dataDir, store } = await filled(0);
    const other = await temporaryStore({ dataDir, thread: true });
    const rows = Array.from({ length: 3000 }, (_, i) =>
      someRow({ requestId: `r-${i + 1}`, at: new Date(i < 600 ? 0 : day) }),
    );
    for (const row of rows) void store.ledger.append(row);
    await expect.poll(() => store.ledger.count({})).toBe(3000);
    const verifying = other.chains.verify(ownChain());
    // The verification has begun and is not yet where the rows go.
    await setTimeout(5);
    await Promise.all([store.chains.erase({ requestId: 'r-2900' }), store.ledger.prune(new Date(day / 2))]);
    const found = await verifying;
    expect(found.fault).toBeNull();
    expect(await store.chains.verify(ownChain())).toMatchObject({ verified: 2399, pruned: 600, erased: 1 });
  });
});

describe('a row with its explanation', () => {
  it('comes back as it went in, and can be found by the reference', async () => {
    const store = await temporaryStore();
    await store.ledger.append(explained());
    await store.ledger.append(someRow());
    const [row, ...more] = await store.ledger.latest({ reference: 'case-7' }, 10);
    expect(row).toMatchObject(explained());
    expect(more).toEqual([]);
  });

  it('is found changed where its policy was', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    await store.ledger.append(explained());
    expect((await store.chains.verify(ownChain())).fault).toBeNull();
    await tamper(dataDir, `update policy_version set content = '{"threshold":80}'`);
    expect((await store.chains.verify(ownChain())).fault).toMatchObject({ kind: 'changed', rowId: nth(1) });
  });
});

describe('erasure', () => {
  it.each([
    ['pictureSha256', '3'.repeat(64)],
    ['requestId', 'r-3'],
  ])('by %s takes the row away and leaves a place in the chain', async (name, value) => {
    const { dataDir, store } = await filled();
    const erased = await store.chains.erase({ [name]: value } as never);
    expect(erased.tombstones).toMatchObject([{ fromId: nth(3), toId: nth(3), reason: 'erased' }]);
    expect(await store.ledger.count({})).toBe(4);
    expect(await store.chains.verify(ownChain())).toMatchObject({ verified: 4, erased: 1, fault: null });
    expect(await store.chains.verify('admin')).toMatchObject({ verified: 1, fault: null });
    const [logged] = await store.chains.adminLog(1);
    expect(logged).toMatchObject({ action: 'ledger.erase', after: { by: name, rows: 1 } });
    await store.close();
    for (const file of ['livestill.sqlite', 'livestill.sqlite-wal']) {
      expect(readIfThere(join(dataDir, file))).not.toContain(value);
    }
  });

  it('takes kept answers of the request with it, and only those', async () => {
    const { store } = await filled(2);
    const tomorrow = new Date(Date.now() + day);
    for (const id of ['r-1', 'r-2']) {
      const scope = { appid: '1000001', key: id };
      const begun = await store.idempotency.beginIdempotent(scope, 'f', new Date(), tomorrow);
      if (begun.kind !== 'begun') throw new Error(begun.kind);
      const answer = {
        http: 200,
        contentType: 'application/json',
        body: `{"requestId":"${id}","faceBox":{}}`,
      };
      await store.idempotency.finishIdempotent(scope, begun.token, answer, new Date(), tomorrow);
    }
    expect((await store.chains.erase({ requestId: 'r-1' })).keptAnswers).toBe(1);
    const left = { appid: '1000001', key: 'r-2' };
    expect((await store.idempotency.beginIdempotent(left, 'f', new Date(), tomorrow)).kind).toBe('answered');
  });
});

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

describe('the admin log', () => {
  it('has who, what, before, after and from where, for every change of accounts, and no key', async () => {
    const dataDir = await temporaryFolder();
    const actor = { kind: 'system', name: 'operator', from: '192.0.2.9' } as const;
    const { accounts, apiKeys, rules, chains } = await temporaryStore({ dataDir, actor });
    await accounts.createApp({ appid: '1000001', name: 'a' }, somePair('AKIDone0001'));
    await accounts.setPolicy('1000001', { threshold: 95 });
    await accounts.setLimits('1000001', { daily: 7 });
    await accounts.setBuckets('1000001', ['b']);
    await accounts.addSecret('1000001', somePair('AKIDtwo0002'));
    await accounts.rotateSecret('AKIDtwo0002', somePair('AKIDthree03'), new Date(day));
    await accounts.setSecretEnabled('AKIDone0001', false);
    await apiKeys.addApiKey('1000001', {
      keyId: 'lsk_abcdefghijkl',
      digest: 'ab'.repeat(32),
      name: 'k',
      scopes: ['judge'],
      networks: [],
      expiresAt: null,
    });
    await apiKeys.setApiKeyEnabled('lsk_abcdefghijkl', false);
    await rules.setRules('1000001', { minFaceWidth: 90 });
    await accounts.rotateMasterKey();
    await accounts.setAppState('1000001', 'suspended');
    const log = await chains.adminLog(100);
    expect(log.map(({ action }) => action).reverse()).toEqual([
      'app.create',
      'app.policy',
      'app.limits',
      'app.buckets',
      'key.create',
      'key.rotate',
      'key.disable',
      'api_key.create',
      'api_key.disable',
      'app.rules',
      'master_key.rotate',
      'app.state',
    ]);
    expect(log.every((entry) => entry.actor.name === 'operator' && entry.actor.from === '192.0.2.9')).toBe(
      true,
    );
    expect(log.find(({ action }) => action === 'app.policy')).toMatchObject({
      target: '1000001',
      before: { policy: { threshold: null } },
      after: { policy: { threshold: 95 } },
    });
    expect(JSON.stringify(log)).not.toContain('k'.repeat(32));
    expect(JSON.stringify(log)).not.toContain('ab'.repeat(32));
    expect(await chains.verify('admin')).toMatchObject({ verified: 12, fault: null });
    await tamper(dataDir, `update admin_log set actor_name = 'somebody else' where id = 2`);
    expect((await chains.verify('admin')).fault).toMatchObject({ kind: 'changed', rowId: 2 });
  });

  it('is found by who, kind, thing and time, and read page by page, newest first', async () => {
    const store = await temporaryStore();
    const people = ['Ann', 'Bob'].map((name) => store.as({ kind: 'console', name, from: '' }));
    const actions = [
      'app.policy',
      'app.limits',
      'app',
      'app_x.policy',
      'apps.policy',
      'api.x',
      'review.mark',
      // Some are none: what stands beside those that are looked for.
    ] as AdminAction[];
    for (const [i, action] of Array.from(
      { length: 42 },
      (_, n) => [n, actions[n % 7] ?? 'app.policy'] as const,
    )) {
      await people[i % 2]?.noteChange({ action, target: String(i % 3), before: null, after: { i } });
    }
    const { chains } = store;
    const all = await chains.adminLog(100);
    expect(all).toHaveLength(42);
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted((a, b) => b - a));
    const since = all[20]?.at ?? new Date();
    const inGroup = (found: string, wanted: string) => found === wanted || found.startsWith(`${wanted}.`);
    for (const filter of [
      {},
      { actor: 'Bob' },
      { actor: 'Nobody' },
      { action: 'app' },
      { action: 'app.policy' },
      { action: 'app.' },
      { action: 'review' },
      { action: 'rev' },
      { action: '%' },
      { target: '2' },
      { since },
      { until: since },
      { actor: 'Ann', action: 'app', target: '1', since },
      { actor: 'Ann', target: '1', until: since },
      { action: 'review', target: '0' },
    ]) {
      const { actor, action, target, until, since: from } = filter as AdminFilter;
      const wanted = all
        .filter((one) => actor === undefined || one.actor.name === actor)
        .filter((one) => action === undefined || inGroup(one.action, action))
        .filter((one) => target === undefined || one.target === target)
        .filter((one) => (from === undefined || one.at >= from) && (until === undefined || one.at < until));
      const read: typeof wanted = [];
      for (let before: number | undefined; ; before = read.at(-1)?.id) {
        const page = await chains.adminLog(4, before === undefined ? filter : { ...filter, before });
        read.push(...page);
        if (page.length < 4) break;
      }
      expect([filter, read]).toEqual([filter, wanted]);
    }
    expect(await chains.adminLog(5, { before: 1000 })).toEqual([]);
  });

  it('has no entry for a change that was not made', async () => {
    const { accounts, chains } = await temporaryStore();
    await expect(accounts.setPolicy('7', { threshold: 1 })).rejects.toThrow();
    expect(await chains.adminLog(10)).toEqual([]);
  });
});
