import { readFile } from 'node:fs/promises';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { allows, type Permission, ROLES } from '../../src/console/permissions.ts';
import type { Judge } from '../../src/fleet/types.ts';
import type { Store } from '../../src/store/open.ts';
import { someRow } from '../../src/store/test-support/temp-store.ts';
import { overviewAreas } from '../../src/wire/admin/overview.ts';
import { createBodyMemory } from '../../src/wire/intake/body-memory.ts';
import { judgementOf } from '../contract/support/judge.ts';
import { samplePath } from '../support/pictures.ts';
import { startConsole } from './support.ts';

const curve = {
  score: [
    [-12, 0],
    [12, 100],
  ],
  probability: { a: 1, b: 0 },
};
const unused = (): never => {
  throw new Error('a trial needs neither');
};

function areasOf(store: Store, isUp = true) {
  const judge: Judge = {
    judge: async (_picture, { still = false } = {}) =>
      judgementOf(still ? { still: { thumbnail: null, curve } } : {}),
    refusal: () => null,
    models: [],
  };
  return overviewAreas({
    ledger: store.ledger,
    chains: store.chains,
    tables: [],
    reviewLimits: {},
    clock: () => Date.now(),
    maxBodyBytes: 200_000,
    judging: () =>
      isUp
        ? {
            judge,
            ledger: store.ledger,
            bodies: createBodyMemory(1_000_000),
            clock: () => Date.now(),
            log: pino({ level: 'silent' }),
            version: '0.0.0',
            threshold: 87,
            limiter: { acquire: unused } as never,
            downloader: { download: unused } as never,
          }
        : undefined,
  });
}

const start = () => startConsole({ areas: (store) => areasOf(store) });

const ROUTES: readonly (readonly [method: string, path: string, permission: Permission])[] = [
  ['GET', '/decisions', 'decisions'],
  ['GET', '/decisions/unknown', 'decisions'],
  ['GET', '/decisions.csv', 'decisions'],
  ['GET', '/decisions.ndjson', 'decisions'],
  ['GET', '/activity?from=2026-11-01T00:00:00Z&to=2026-11-01T01:00:00Z', 'activity'],
  ['POST', '/try', 'try'],
  ['GET', '/scores', 'threshold'],
  ['POST', '/scores/what-if', 'threshold'],
  ['GET', '/operating-points', 'threshold'],
  ['PUT', '/operating-points', 'threshold'],
  ['DELETE', '/operating-points', 'threshold'],
];

describe('the areas of the console', () => {
  it('are open to those alone whose role has the permission', async () => {
    const started = await start();
    for (const role of ROLES) {
      const browser = await started.signedIn(role);
      for (const [method, path, permission] of ROUTES) {
        const { status } = await browser.call(method, `/admin/v1${path}`);
        expect([role, path, status === 403]).toEqual([role, path, !allows(role, permission)]);
      }
    }
    for (const [method, path] of ROUTES)
      expect((await started.call(method, `/admin/v1${path}`)).status).toBe(401);
    const live = await started.call('GET', '/admin/v1/activity/live');
    expect(live.status).toBe(401);
  });

  it('page through decisions, and explain one', async () => {
    const started = await start();
    for (let n = 0; n < 5; n++) {
      await started.store.ledger.append(someRow({ requestId: `r${n}`, reasons: ['BLURRED'] }));
    }
    const browser = await started.signedIn('auditor');
    const first = await browser.call('GET', '/admin/v1/decisions?limit=3&verdict=live');
    expect(first.body.items.map((row: { requestId: string }) => row.requestId)).toEqual(['r4', 'r3', 'r2']);
    const second = await browser.call(
      'GET',
      `/admin/v1/decisions?limit=3&verdict=live&after=${first.body.next}`,
    );
    expect(second.body.items).toHaveLength(2);
    expect(second.body.next).toBeNull();
    const one = await browser.call('GET', '/admin/v1/decisions/r1');
    expect(one.body.items[0]).toMatchObject({
      requestId: 'r1',
      texts: [{ code: 'BLURRED', text: expect.stringMatching(/blurred/i) }],
      chain: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect((await browser.call('GET', '/admin/v1/decisions/none')).status).toBe(404);
    for (const query of [
      'after=x',
      'after=1.2.3',
      'minScore=101',
      'verdict=maybe',
      'unknown=1',
      'from=yesterday',
    ]) {
      expect([query, (await browser.call('GET', `/admin/v1/decisions?${query}`)).status]).toEqual([
        query,
        400,
      ]);
    }
  });

  it('hand over all rows of a search as CSV and as JSON lines, and note who asked', async () => {
    const started = await start();
    const { ledger } = started.store;
    await Promise.all(
      Array.from({ length: 450 }, (_, n) =>
        ledger.append(someRow({ requestId: `r${n}`, rawScore: n % 100, appid: n < 430 ? '1000001' : '2' })),
      ),
    );
    const browser = await started.signedIn('auditor', 'Ann');
    const csv = await browser.call('GET', '/admin/v1/decisions.csv?app=1000001');
    expect([csv.status, csv.headers.get('content-disposition')]).toEqual([
      200,
      'attachment; filename="decisions.csv"',
    ]);
    const lines = csv.body.trimEnd().split('\r\n');
    expect([lines.length, lines[0].startsWith('id,at,requestId,')]).toEqual([431, true]);
    const ids = lines.slice(1).map((line: string) => Number(line.split(',')[0]));
    expect(ids).toEqual([...ids].sort((one, other) => other - one));
    const asked = await browser.call('GET', '/admin/v1/decisions.ndjson?minScore=99');
    const found = String(asked.body).trimEnd().split('\n');
    expect(found.map((line) => JSON.parse(line).rawScore)).toEqual(Array(4).fill(99));
    expect((await browser.call('GET', '/admin/v1/decisions.csv?after=1.2')).status).toBe(400);
    const log = await browser.call('GET', '/admin/v1/admin-log?action=ledger');
    expect(log.body.items).toMatchObject([
      { action: 'ledger.export', actor: { name: 'Ann' }, after: { filter: { minScore: 99 } } },
      { action: 'ledger.export', after: { format: 'csv', filter: { app: '1000001' } } },
    ]);
  });

  it('refuse a period that is empty or has too many steps', async () => {
    const browser = await (await start()).signedIn('viewer');
    const ask = (query: string) => browser.call('GET', `/admin/v1/activity?${query}`);
    const [from, to] = ['from=2026-11-01T00:00:00Z', 'to=2026-11-02T00:00:00Z'];
    expect((await ask(`${from}&${to}`)).body).toMatchObject({ isWhole: true, steps: [] });
    expect((await ask(`${from}&${to}&step=1000`)).status).toBe(400);
    expect((await ask(`${from}&to=2026-10-01T00:00:00Z`)).status).toBe(400);
  });

  it('judge a picture and write it down under the name of who asked', async () => {
    const started = await start();
    const browser = await started.signedIn('operator', 'olga');
    const send = async (body: Uint8Array, type = 'image/jpeg') => {
      const headers = { cookie: browser.cookie, 'x-csrf-token': browser.csrfToken, 'content-type': type };
      return fetch(`${started.url}/admin/v1/try`, { method: 'POST', body, headers });
    };
    const answer = await send(await readFile(samplePath('T1.jpg')));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ verdict: 'live', score: 93, networks: [] });
    const [row] = await started.store.ledger.latest({ appid: 'console' }, 1);
    expect(row).toMatchObject({ appid: 'console', secretId: 'olga', verdict: 'live', score: 93 });
    expect((await send(new Uint8Array(200_001))).status).toBe(413);
    expect((await send(new Uint8Array(0))).status).toBe(400);
    expect((await send(Buffer.from('x'), 'text/plain')).status).toBe(415);
    const url = JSON.stringify({ url: 'https://pictures.example.org/a.jpg' });
    expect((await send(Buffer.from(url), 'application/json')).status).toBe(400);
  });

  it('judge several stills of one moment together, and say what stands behind each', async () => {
    const started = await start();
    const browser = await started.signedIn('operator', 'olga');
    const picture = new Blob([await readFile(samplePath('T1.jpg'))], { type: 'image/jpeg' });
    const send = async (count: number, still = picture) => {
      const form = new FormData();
      for (let i = 0; i < count; i++) form.append('images', still, `${i}.jpg`);
      const headers = { cookie: browser.cookie, 'x-csrf-token': browser.csrfToken };
      return fetch(`${started.url}/admin/v1/try`, { method: 'POST', body: form, headers });
    };
    const answer = await send(2);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      used: expect.any(Array),
      consistency: { identical: [[0, 1]] },
      stills: [
        { verdict: 'live', networks: [] },
        { verdict: 'live', networks: [] },
      ],
    });
    const { rows } = await started.store.ledger.search({ appid: 'console' }, null, 10);
    expect(rows).toHaveLength(1);
    expect((await send(1)).status).toBe(400);
    expect((await send(6, new Blob(['x']))).status).toBe(400);
  });

  it('say so while the workers are not up', async () => {
    const started = await startConsole({ areas: (store) => areasOf(store, false) });
    const browser = await started.signedIn('operator');
    expect((await browser.call('POST', '/admin/v1/try')).status).toBe(503);
  });
});
