import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Fault } from '../../src/errors.ts';
import { createDatabase } from '../../src/store/database.ts';
import { createIdempotency } from '../../src/store/idempotency.ts';
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

  async function memory(most?: number) {
    const dataDir = await mkdtemp(join(tmpdir(), 'livestill-idem-'));
    const path = join(dataDir, 'livestill.sqlite');
    const database = createDatabase({ path, create: true, sync: 'normal', lockWaitMs: 1000 });
    onTestFinished(async () => {
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    });
    return createIdempotency(database, most);
  }

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
    await store.finishIdempotent(scope('a'), first.token, { ...answer, body: 'late' }, at(9000));
    await store.releaseIdempotent(scope('a'), first.token);
    expect((await store.beginIdempotent(scope('a'), 'f', at(1002), at(2000))).kind).toBe('running');
    await store.finishIdempotent(scope('a'), second.token, answer, at(9000));
    expect(await store.beginIdempotent(scope('a'), 'f', at(1003), at(2000))).toEqual({
      kind: 'answered',
      answer,
    });
  });

  it('forgets the oldest answers beyond its bound', async () => {
    const store = await memory(3);
    for (let i = 0; i < 6; i++) {
      const state = await store.beginIdempotent(scope(`k${i}`), 'f', at(1 + i), at(1000));
      if (state.kind === 'begun')
        await store.finishIdempotent(scope(`k${i}`), state.token, answer, at(1e9 + i));
    }
    await store.beginIdempotent(scope('sweep'), 'f', at(100_000), at(200_000));
    const kinds = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(
        async (i) => (await store.beginIdempotent(scope(`k${i}`), 'f', at(100_001), at(200_000))).kind,
      ),
    );
    expect(kinds).toEqual(['begun', 'begun', 'begun', 'answered', 'answered', 'answered']);
  });
});
