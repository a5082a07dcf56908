import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type {
  IdempotencyBounds,
  IdempotencyState,
  IdempotencyStore,
} from '../../src/account/api-key/idempotency.ts';
import { Fault } from '../../src/errors.ts';
import { createIdempotency } from '../../src/store/core/idempotency.ts';
import { createDatabase } from '../../src/store/sqlite/database.ts';
import { judgementOf } from '../contract/support/judge.ts';
import { appid, startV1Test, type V1Test } from './support.ts';

const day = 24 * 3_600_000;
let test: V1Test;

beforeAll(async () => {
  test = await startV1Test();
});
afterAll(() => test.stop());
beforeEach(() => {
  test.judge.answer = () => judgementOf();
  test.judge.pictures.length = 0;
  test.time.ahead = 0;
});

const send = (key: string, picture: RequestInit['body'] = 'a picture', server = test) =>
  server.post('/v1/liveness', {
    headers: { 'idempotency-key': key, 'content-type': 'image/jpeg' },
    body: picture,
  });
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code;

describe('a repeated Idempotency-Key', () => {
  it('gets the kept answer, word for word, and no second judgement or ledger row', async () => {
    const first = await send('k-1');
    const before = await test.store.ledger.count({ appid });
    const again = await send('k-1');
    expect(await again.text()).toBe(await first.text());
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(test.judge.pictures).toHaveLength(1);
    expect(await test.store.ledger.count({ appid })).toBe(before);
  });

  it('counts the same picture in another form of body as the same request', async () => {
    await send('k-2');
    const data = new FormData();
    data.append('image', new Blob(['a picture']), 'a.jpg');
    const again = await test.post('/v1/liveness', { headers: { 'idempotency-key': 'k-2' }, body: data });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it('with another picture is refused', async () => {
    await send('k-3');
    const other = await send('k-3', 'another picture');
    expect([other.status, await codeOf(other)]).toEqual([422, 'idempotency_key_reused']);
  });

  it('of another app is another key', async () => {
    await test.store.accounts.createApp(
      { appid: '1000009', name: 'other' },
      { secretId: 'AKID1000009', secretKey: 'k'.repeat(32) },
    );
    await send('k-4');
    const authorization = `Bearer ${await test.key({}, '1000009')}`;
    const other = await test.post('/v1/liveness', {
      headers: { 'idempotency-key': 'k-4', 'content-type': 'image/jpeg', authorization },
      body: 'another picture',
    });
    expect(other.status).toBe(200);
  });

  it('is told to wait while the first request runs', async () => {
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    test.judge.answer = async () => {
      await held;
      return judgementOf();
    };
    const first = send('k-5');
    await expect.poll(() => test.judge.pictures.length).toBe(1);
    const second = await send('k-5');
    expect([second.status, await codeOf(second)]).toEqual([409, 'idempotency_in_progress']);
    expect(second.headers.get('retry-after')).toBe('1');
    finish();
    expect((await first).status).toBe(200);
    expect((await send('k-5')).headers.get('idempotency-replayed')).toBe('true');
  });

  it('is judged anew after a failure that may pass', async () => {
    test.judge.answer = () => {
      throw new Fault(-5802, 'queue_full', 'full', { retryAfter: 1 });
    };
    expect((await send('k-6')).status).toBe(503);
    test.judge.answer = () => judgementOf();
    const again = await send('k-6');
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, null]);
  });

  it('keeps the answer to a picture that cannot be read', async () => {
    test.judge.answer = () => {
      throw new Fault(-4016, 'corrupt', 'the jpeg cannot be decoded');
    };
    await send('k-7');
    const again = await send('k-7');
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([422, 'true']);
    expect(again.headers.get('content-type')).toContain('application/problem+json');
  });

  it('is forgotten after 24 hours', async () => {
    await send('k-8');
    test.time.ahead = day - 10_000;
    expect((await send('k-8')).headers.get('idempotency-replayed')).toBe('true');
    test.time.ahead = day + 10_000;
    expect((await send('k-8', 'another picture')).status).toBe(200);
  });

  it('is still known after a restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'livestill-v1-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const before = await startV1Test({ dataDir });
    const text = await (await send('k-9', 'a picture', before)).text();
    await before.stop();
    const after = await startV1Test({ dataDir });
    onTestFinished(() => after.stop());
    const again = await send('k-9', 'a picture', after);
    expect([again.headers.get('idempotency-replayed'), await again.text()]).toEqual(['true', text]);
    expect(after.judge.pictures).toHaveLength(0);
  });
});

describe('the memory of Idempotency-Keys', () => {
  const scope = (key: string) => ({ appid, key });
  const at = (ms: number) => new Date(ms);
  const answer = { http: 200, contentType: 'application/json', body: '{}' };

  async function file() {
    const dataDir = await mkdtemp(join(tmpdir(), 'livestill-idem-'));
    const path = join(dataDir, 'livestill.sqlite');
    const database = createDatabase({ path, create: true, sync: 'normal', lockWaitMs: 1000 });
    onTestFinished(async () => {
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    });
    return { database, dataDir };
  }

  const memory = async (bounds?: IdempotencyBounds) => createIdempotency((await file()).database, bounds);

  it('lets one of many simultaneous requests begin', async () => {
    const store = await memory();
    const begun = await Promise.all(
      Array.from({ length: 20 }, () => store.beginIdempotent(scope('a'), 'f', at(0), at(1000))),
    );
    const kinds = begun.map((one) => one.kind);
    expect(kinds.filter((kind) => kind === 'begun')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'running')).toHaveLength(19);
  });

  it('lets a request begin anew when the first was never heard of again, and then ignores the first', async () => {
    const store = await memory();
    const first = await store.beginIdempotent(scope('a'), 'f', at(0), at(1000));
    const second = await store.beginIdempotent(scope('a'), 'f', at(1001), at(2000));
    if (first.kind !== 'begun' || second.kind !== 'begun') throw new Error('both must begin');
    await store.finishIdempotent(scope('a'), first.token, { ...answer, body: 'late' }, at(1001), at(9000));
    await store.releaseIdempotent(scope('a'), first.token);
    expect((await store.beginIdempotent(scope('a'), 'f', at(1002), at(2000))).kind).toBe('running');
    await store.finishIdempotent(scope('a'), second.token, answer, at(1002), at(9000));
    expect(await store.beginIdempotent(scope('a'), 'f', at(1003), at(2000))).toEqual({
      kind: 'answered',
      answer,
    });
  });

  const large = 1e12;

  async function fill(
    store: IdempotencyStore,
    app: string,
    keys: readonly string[],
    from: number,
    body = '{}',
  ) {
    let n = 0;
    const begun: IdempotencyState[] = [];
    for (const key of keys) {
      const now = from + n++;
      const state = await store.beginIdempotent({ appid: app, key }, 'f', at(now), at(now + 1000));
      begun.push(state);
      if (state.kind === 'begun') {
        const kept = { ...answer, body };
        await store.finishIdempotent({ appid: app, key }, state.token, kept, at(now), at(now + day));
      }
    }
    return begun;
  }
  const kinds = (states: readonly IdempotencyState[]) => states.map(({ kind }) => kind);
  const keysOf = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}${i}`);

  it('lets an app lose its own oldest answers beyond its share, and says so', async () => {
    const store = await memory({ rowsPerApp: 3, bytesPerApp: large, rows: 1000, bytes: large });
    const begun = await fill(store, appid, keysOf('k', 6), 1000);
    expect(begun.map((one) => one.kind === 'begun' && one.shortened)).toEqual([
      undefined,
      undefined,
      undefined,
      { appid, answers: 1, keptSince: at(1001) },
      { appid, answers: 1, keptSince: at(1002) },
      { appid, answers: 1, keptSince: at(1003) },
    ]);
    expect(kinds(await fill(store, appid, ['k3', 'k4', 'k5', 'k0'], 2000))).toEqual([
      'answered',
      'answered',
      'answered',
      'begun',
    ]);
  });

  it('keeps all that a quiet app has through the flood of a greedy one, by rows and by bytes', async () => {
    for (const bounds of [
      { rowsPerApp: 50, bytesPerApp: large, rows: 1000, bytes: large },
      { rowsPerApp: 1000, bytesPerApp: 60_000, rows: 1000, bytes: large },
      // Without a bound of its own the greedy app has most, and so it gives what all have too much.
      { rowsPerApp: large, bytesPerApp: large, rows: 50, bytes: large },
      { rowsPerApp: large, bytesPerApp: large, rows: large, bytes: 60_000 },
    ]) {
      const store = await memory(bounds);
      const quiet = keysOf('quiet', 10);
      await fill(store, '1', quiet, 0, 'x'.repeat(1000));
      await fill(store, '2', keysOf('greedy', 400), 100, 'x'.repeat(1000));
      expect(kinds(await fill(store, '1', quiet, day - 100))).toEqual(quiet.map(() => 'answered'));
      const greedy = kinds(await fill(store, '2', keysOf('greedy', 400).reverse(), day - 100));
      const kept = greedy.findIndex((kind) => kind !== 'answered');
      expect(kept).toBeGreaterThan(25);
      expect(kept).toBeLessThanOrEqual(50);
    }
  });

  it('comes down to a bound that was lowered, while requests arrive', async () => {
    const { database, dataDir } = await file();
    const wide = createIdempotency(database, {
      rowsPerApp: 1000,
      bytesPerApp: large,
      rows: 1000,
      bytes: large,
    });
    await fill(wide, '1', keysOf('k', 300), 0);
    const narrow = createIdempotency(database, {
      rowsPerApp: 20,
      bytesPerApp: large,
      rows: 1000,
      bytes: large,
    });
    await fill(narrow, '1', keysOf('n', 10), 1000);
    const raw = new Database(join(dataDir, 'livestill.sqlite'));
    onTestFinished(() => void raw.close());
    expect(raw.prepare('select count(*) as n from idempotency').all()).toEqual([{ n: 20 }]);
    // What the triggers count is what is there.
    expect(raw.prepare('select * from idempotency_share order by appid').all()).toEqual(
      raw
        .prepare(
          "select '' as appid, count(*) as rows, sum(bytes) as bytes from idempotency union select appid, count(*), sum(bytes) from idempotency group by appid order by appid",
        )
        .all(),
    );
  });

  it('never drops a request in progress to make room', async () => {
    const store = await memory({ rowsPerApp: 2, bytesPerApp: large, rows: 1000, bytes: large });
    for (const key of ['a', 'b', 'c', 'd']) await store.beginIdempotent(scope(key), 'f', at(0), at(1000));
    for (const key of ['a', 'b', 'c', 'd']) {
      expect((await store.beginIdempotent(scope(key), 'f', at(1), at(1000))).kind).toBe('running');
    }
  });
});

describe('an app with more keys than its share', () => {
  it('is told with each answer for how long they are kept', async () => {
    const crowded = await startV1Test({
      idempotency: { rowsPerApp: 3, bytesPerApp: 1e12, rows: 9, bytes: 1e12 },
    });
    onTestFinished(() => crowded.stop());
    const keptFor: (string | null)[] = [];
    for (let i = 0; i < 5; i++) {
      crowded.time.ahead = i * 10_000;
      const response = await send(`k${i}`, 'a picture', crowded);
      keptFor.push(response.headers.get('idempotency-kept-for'));
    }
    expect(keptFor.slice(0, 3)).toEqual([null, null, null]);
    for (const seconds of keptFor.slice(3)) expect(Number(seconds)).toBeGreaterThanOrEqual(19);
    expect((await send('k4', 'a picture', crowded)).headers.get('idempotency-replayed')).toBe('true');
  });
});
