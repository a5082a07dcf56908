import { describe, expect, it, onTestFinished } from 'vitest';
import { Fault } from '../../src/faults.ts';
import type { ObjectStore } from '../../src/storage/types.ts';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { settingsFor } from '../../src/store/postgres/test-support/settings.ts';
import { somePair } from '../../src/store/test-support/temp-store.ts';
import { startV1Test, type V1Test, type V1TestOptions } from './support.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Calls of one key. */
function callsOf(test: V1Test, apiKey: string) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const answer = await fetch(`${test.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
}

it('an installation without PostgreSQL says that it keeps no batches', async () => {
  const test = await startV1Test();
  onTestFinished(() => test.stop());
  const call = callsOf(test, await test.key({ scopes: ['batch'] }));
  const refused = { status: 501, body: { code: 'batches_unavailable', retryable: false } };
  expect(await call('GET', '/v1/batches')).toMatchObject(refused);
  expect(await call('POST', '/v1/batches', { pictures: ['https://example.org/a.jpg'] })).toMatchObject(
    refused,
  );
});

describe.skipIf(whyNoServer !== null)(`batches of the v1 API${title}`, () => {
  const of = serverOfTests();

  async function started(options: V1TestOptions = {}) {
    const test = await startV1Test({ postgres: settingsFor(await of.server.newDatabase()), ...options });
    onTestFinished(() => test.stop());
    const call = callsOf(test, await test.key({ scopes: ['batch'] }));
    const { appid } = (await test.store.accounts.listApps())[0]!;
    return { test, call, appid };
  }

  it('are submitted, listed, paused, resumed and cancelled, with their results by page', async () => {
    const { test, call, appid } = await started();
    const pictures = ['https://example.org/a.jpg', `${appid}/b.jpg`, `${appid}/c/d.jpg`];
    const made = await call('POST', '/v1/batches', {
      pictures,
      name: 'first',
      priority: -2,
      webhook: 'https://example.org/h',
    });
    expect(made).toMatchObject({
      status: 200,
      body: { state: 'running', pictures: 3, judged: 0, name: 'first', priority: -2, webhook: null },
    });
    const id = String(made.body.batchId);
    expect((await call('GET', '/v1/batches')).body).toEqual({
      batches: [(await call('GET', `/v1/batches/${id}`)).body],
    });
    const batches = test.store.batches!;
    const lease = (await batches.take('w', 60_000))!;
    const results = lease.rows.map(({ row }) => ({
      row,
      outcome: 'judged' as const,
      result: `{"key":"${row}"}`,
      record: null,
    }));
    await batches.record(lease, results.slice(0, 2), 60_000);
    const page = await call('GET', `/v1/batches/${id}/results?limit=1`);
    expect(page.body).toEqual({ results: [{ row: 1, result: { key: '1' } }], next: 1 });
    expect((await call('GET', `/v1/batches/${id}/results?after=1`)).body).toEqual({
      results: [{ row: 2, result: { key: '2' } }],
      next: null,
    });
    expect(await call('POST', `/v1/batches/${id}/pause`)).toMatchObject({
      body: { state: 'paused', judged: 2 },
    });
    expect(await call('POST', `/v1/batches/${id}/resume`)).toMatchObject({ body: { state: 'running' } });
    expect(await call('POST', `/v1/batches/${id}/cancel`)).toMatchObject({
      body: { state: 'cancelled', webhook: 'waiting' },
    });
    expect(await call('POST', `/v1/batches/${id}/resume`)).toMatchObject({
      status: 409,
      body: { code: 'batch_over' },
    });
  });

  it('take stills with their group, each group in one place', async () => {
    const { test, call, appid } = await started();
    const at = (name: string, group?: string) =>
      group === undefined ? `${appid}/${name}` : { picture: `${appid}/${name}`, group };
    const pictures = [at('a.jpg', 'x'), at('b.jpg', 'x'), at('c.jpg'), at('d.jpg', 'y')];
    const made = await call('POST', '/v1/batches', { pictures });
    // A row for each group more.
    expect(made).toMatchObject({ status: 200, body: { pictures: 6 } });
    const lease = (await test.store.batches!.take('w', 60_000))!;
    expect(lease.rows.map(({ key, stills }) => [key, stills])).toEqual([
      [`1:${appid}/a.jpg`, undefined],
      [`2:${appid}/b.jpg`, undefined],
      [`together:1:${appid}/a.jpg`, 2],
      [`3:${appid}/c.jpg`, undefined],
      [`4:${appid}/d.jpg`, undefined],
      [`together:4:${appid}/d.jpg`, 1],
    ]);
    const again = [...pictures, at('e.jpg', 'x')];
    expect(await call('POST', '/v1/batches', { pictures: again })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('pictures/4') },
    });
    const odd = [{ picture: `${appid}/a.jpg` }, { picture: 'x/a.jpg', group: 'x' }, { group: 'x' }];
    for (const one of odd)
      expect(await call('POST', '/v1/batches', { pictures: [one] })).toMatchObject({ status: 400 });
    for (const nul of [{ name: 'a\u0000' }, { pictures: ['https://example.org/\u0000'] }])
      expect(await call('POST', '/v1/batches', { pictures: [`${appid}/a.jpg`], ...nul })).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining('NUL') },
      });
  });

  it("are the own app's alone, and need the scope batch", async () => {
    const { test, call, appid } = await started();
    const { body } = await call('POST', '/v1/batches', { pictures: [`${appid}/a.jpg`] });
    await test.store.accounts.createApp({ appid: '77', name: 'other' }, somePair('AKIDother00001'));
    const other = callsOf(test, await test.key({ scopes: ['batch'] }, '77'));
    for (const path of ['', '/results']) {
      expect(await other('GET', `/v1/batches/${body.batchId}${path}`)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    }
    expect(await other('POST', `/v1/batches/${body.batchId}/cancel`)).toMatchObject({ status: 404 });
    expect((await other('GET', '/v1/batches')).body).toEqual({ batches: [] });
    const judge = callsOf(test, test.apiKey);
    expect(await judge('GET', '/v1/batches')).toMatchObject({ status: 403, body: { code: 'scope_missing' } });
    expect(await call('DELETE', '/v1/batches')).toMatchObject({ status: 405 });
  });

  it('take urls and the own folder of an app, and nothing else', async () => {
    const { call, appid } = await started();
    const wrong = [
      '/etc/passwd',
      '../a.jpg',
      `${appid}/../b.jpg`,
      '77/a.jpg',
      'a.jpg',
      'file:///etc/passwd',
      `${appid}/a\0b.jpg`,
    ];
    for (const picture of wrong) {
      expect([picture, (await call('POST', '/v1/batches', { pictures: [picture] })).status]).toEqual([
        picture,
        400,
      ]);
    }
    for (const body of [
      '',
      '[]',
      '{}',
      '{"pictures":[]}',
      '{"pictures":[1]}',
      '{"pictures":["https://a.b/c"],"more":1}',
      '{"pictures":["https://a.b/c"],"priority":3}',
      '{"pictures":["https://a.b/c"],"webhook":"ftp://a.b"}',
      '{"pic',
    ]) {
      expect([body, (await call('POST', '/v1/batches', body)).body.code]).toEqual([body, 'invalid_request']);
    }
    expect((await call('GET', '/v1/batches?limit=0')).status).toBe(400);
  });

  it('are made once under an Idempotency-Key', async () => {
    const { call, appid } = await started();
    const body = { pictures: [`${appid}/a.jpg`] };
    const headers = { 'idempotency-key': 'k1' };
    const [one, two] = [
      await call('POST', '/v1/batches', body, headers),
      await call('POST', '/v1/batches', body, headers),
    ];
    expect(two.body.batchId).toBe(one.body.batchId);
    expect(((await call('GET', '/v1/batches')).body.batches as unknown[]).length).toBe(1);
    const another = await call('POST', '/v1/batches', { pictures: [`${appid}/b.jpg`] }, headers);
    expect(another.body.code).toBe('idempotency_key_reused');
  });

  it('count their pictures for the day of the app, all or none', async () => {
    const { test, call, appid } = await started();
    await test.store.accounts.setLimits(appid, { daily: 8 });
    const pictures = (count: number) => Array.from({ length: count }, (_, i) => `${appid}/${i}.jpg`);
    const headers = { 'idempotency-key': 'once' };
    for (let i = 0; i < 2; i++)
      expect((await call('POST', '/v1/batches', { pictures: pictures(3) }, headers)).status).toBe(200);
    // Two requests and three pictures so far.
    expect(await call('POST', '/v1/batches', { pictures: pictures(3) })).toMatchObject({
      status: 429,
      body: { code: 'rate_limited', reason: 'daily' },
    });
    expect((await call('GET', '/v1/batches')).body.batches).toHaveLength(1);
    expect((await call('POST', '/v1/batches', { pictures: pictures(1) })).status).toBe(200);
  });

  describe('with S3-compatible storage', () => {
    const listed: Record<string, readonly string[]> = {};
    const objects: ObjectStore = {
      async *list({ bucket, key }) {
        for (const name of listed[`${bucket}/${key}`] ?? []) yield { key: `${key}${name}`, bytes: 9 };
      },
      read: () => Promise.reject(new Error('services read no pictures of batches')),
      find: () => Promise.reject(new Error('nor write results')),
      write: () => Promise.reject(new Error('nor write results')),
    };

    it('read and write below the own folder of an app, and nowhere else', async () => {
      const { test, call, appid } = await started({ appObjects: { objects, prefix: 'faces/in' } });
      const own = `s3://faces/in/${appid}`;
      listed[`faces/in/${appid}/day/`] = ['a.jpg', 'b', 'c.txt'];
      const made = await call('POST', '/v1/batches', {
        pictures: [`${own}/x.jpg`, `${own}/day/`, 'https://example.org/a.jpg'],
        results: `${own}/out/`,
      });
      expect(made).toMatchObject({
        status: 200,
        body: { pictures: 4, results: `${own}/out/`, resultsState: 'waiting' },
      });
      const lease = (await test.store.batches!.take('w', 1000))!;
      expect(lease.rows.map(({ picture }) => picture)).toEqual([
        `${own}/x.jpg`,
        `${own}/day/a.jpg`,
        `${own}/day/b`,
        'https://example.org/a.jpg',
      ]);
      const elsewhere = [
        's3://faces/in/77/a.jpg',
        's3://faces/a.jpg',
        `s3://other/in/${appid}/a.jpg`,
        `${own}/../77/a.jpg`,
        `${own}/./a.jpg`,
        `${own}x/a.jpg`,
        's3://',
      ];
      for (const place of elsewhere) {
        const as = async (body: unknown) => (await call('POST', '/v1/batches', body)).status;
        expect([place, await as({ pictures: [place] })]).toEqual([place, 400]);
        const results = place.replace('a.jpg', 'a.ndjson');
        expect([results, await as({ pictures: [`${appid}/a.jpg`], results })]).toEqual([results, 400]);
      }
      const body = { pictures: [`${appid}/a.jpg`], results: `${own}/a.jpg` };
      expect((await call('POST', '/v1/batches', body)).status).toBe(400);
    });

    it('take no more pictures by a folder than by name, and none where it is empty or cannot be listed', async () => {
      const { call, appid } = await started({ appObjects: { objects, prefix: 'faces' } });
      const own = `s3://faces/${appid}`;
      listed[`faces/${appid}/many/`] = Array.from({ length: 10_001 }, (_, i) => `${i}.jpg`);
      for (const folder of ['many', 'none']) {
        expect(await call('POST', '/v1/batches', { pictures: [`${own}/${folder}/`] })).toMatchObject({
          status: 400,
          body: { code: 'invalid_request' },
        });
      }
      const broken: ObjectStore = {
        ...objects,
        list: () => {
          throw new Fault('storage_unavailable', 's3_unreachable', 'S3 cannot be reached');
        },
      };
      const { call: another, appid: id } = await started({
        appObjects: { objects: broken, prefix: 'faces' },
      });
      expect(await another('POST', '/v1/batches', { pictures: [`s3://faces/${id}/a/`] })).toMatchObject({
        status: 503,
        body: { code: 'store_unavailable', retryable: true },
      });
      expect(((await another('GET', '/v1/batches')).body.batches as unknown[]).length).toBe(0);
    });

    it('are refused where the server has none for apps', async () => {
      const { call, appid } = await started();
      for (const body of [
        { pictures: [`s3://faces/${appid}/a.jpg`] },
        { pictures: [`${appid}/a.jpg`], results: `s3://faces/${appid}/` },
      ])
        expect(await call('POST', '/v1/batches', body)).toMatchObject({ status: 400 });
    });
  });
});
