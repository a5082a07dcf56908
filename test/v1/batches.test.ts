import { describe, expect, it, onTestFinished } from 'vitest';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { settingsFor } from '../../src/store/postgres/test-support/temp-store.ts';
import { somePair } from '../../src/store/test-support/temp-store.ts';
import { startV1Test, type V1Test } from './support.ts';

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

  async function started() {
    const test = await startV1Test({ postgres: settingsFor(await of.server.newDatabase()) });
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
});
