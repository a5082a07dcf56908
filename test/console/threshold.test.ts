import { describe, expect, it } from 'vitest';
import { measuredPoints } from '../../src/evaluation/test-support/measured-points.ts';
import type { LedgerRow } from '../../src/ledger/types.ts';
import type { Store } from '../../src/store/open.ts';
import { someExplanation, someRow } from '../../src/store/test-support/temp-store.ts';
import { thresholdArea } from '../../src/wire/admin/threshold.ts';
import type { OperatingTable } from '../../src/wire/v1/operating-points.ts';
import { startConsole } from './support.ts';

const PUBLISHED: OperatingTable = {
  profile: 'careful',
  points: [
    {
      name: 'balanced',
      threshold: 87,
      apcer: { rate: 0.04, interval: null },
      bpcer: { rate: 0.02, interval: null },
      qualityGate: true,
    },
  ],
  data: { description: 'published', pictures: 1000, sources: 3, held: '', document: '' },
};

const row = (n: number, parts: Partial<LedgerRow>) =>
  someRow({
    requestId: `r${n}`,
    at: new Date(Date.UTC(2026, 10, 1, 0, n)),
    explanation: someExplanation({ liveProbability: (parts.rawScore ?? 0) / 100, review: false }),
    ...parts,
  });

const FROM = '2026-11-01T00:00:00Z';
const TO = '2026-11-02T00:00:00Z';
const PERIOD = `from=${FROM}&to=${TO}`;

async function start(rows: readonly Partial<LedgerRow>[] = []) {
  const counted: string[] = [];
  const started = await startConsole({
    areas: (store: Store) => [
      thresholdArea({
        ledger: {
          scores: (filter) => {
            counted.push(filter.appid ?? '');
            return store.ledger.scores(filter);
          },
        },
        clock: () => Date.parse(TO),
        tables: [PUBLISHED],
        reviewLimits: { careful: { low: 0.3, high: 0.7 } },
      }),
    ],
  });
  for (const [n, parts] of rows.entries()) await started.store.ledger.append(row(n, parts));
  return { started, counted, operator: await started.signedIn('operator') };
}

const ROWS: readonly Partial<LedgerRow>[] = [
  { verdict: 'live', rawScore: 90 },
  { verdict: 'live', rawScore: 88.5 },
  { verdict: 'live', rawScore: 99, appid: 'other' },
  { verdict: 'attack', rawScore: 50 },
  { verdict: 'attack', rawScore: 80 },
  { verdict: 'poor_quality', rawScore: 95 },
  { verdict: null, rawScore: null, kind: 'request_refused' },
];

describe('the histogram of scores', () => {
  it('counts the pictures of a period by score and verdict, of one app or all, and says how many rows', async () => {
    const { operator } = await start(ROWS);
    const { body } = await operator.call('GET', `/admin/v1/scores?${PERIOD}`);
    expect(body).toMatchObject({
      from: '2026-11-01T00:00:00.000Z',
      to: '2026-11-02T00:00:00.000Z',
      isWhole: true,
      rows: 7,
      scored: 6,
      server: { threshold: 87, profile: 'careful', review: { low: 0.3, high: 0.7 } },
      app: null,
    });
    expect(body.bins).toHaveLength(101);
    expect(body.bins[89]).toEqual({ upTo: 89, live: 1, attack: 0, poorQuality: 0, review: 0 });
    expect(body.bins[95]).toMatchObject({ live: 0, poorQuality: 1 });
    expect(body.probabilities).toHaveLength(101);
    expect(body.probabilities[89]).toMatchObject({ live: 1 });
    const own = await operator.call('GET', `/admin/v1/scores?${PERIOD}&app=other`);
    expect(own.body).toMatchObject({ rows: 1, scored: 1 });
    const none = await operator.call('GET', `/admin/v1/scores?${PERIOD}&app=nobody`);
    expect(none.body).toMatchObject({ rows: 0, scored: 0, isWhole: true });
  });

  it('is of the last 30 days where no period is named', async () => {
    const { operator } = await start(ROWS);
    const { body } = await operator.call('GET', '/admin/v1/scores');
    expect(body).toMatchObject({ from: '2026-10-03T00:00:00.000Z', scored: 6 });
  });
});

describe('what another threshold would have done', () => {
  const ask = (operator: Awaited<ReturnType<typeof start>>['operator'], body: object) =>
    operator.call('POST', '/admin/v1/scores/what-if', { body: { from: FROM, to: TO, ...body } });

  it('is told in numbers, each way, and the rows are read once for many questions', async () => {
    const { operator, counted } = await start(ROWS);
    const { body } = await ask(operator, { threshold: 89 });
    expect(body).toMatchObject({
      threshold: 89,
      scored: 6,
      before: { live: 3, attack: 2, poorQuality: 1, review: 0 },
      after: { live: 2, attack: 3, poorQuality: 1, review: 0 },
      newlyRefused: 1,
      newlyAccepted: 0,
    });
    expect((await ask(operator, { threshold: 60 })).body).toMatchObject({
      newlyRefused: 0,
      newlyAccepted: 1,
    });
    const review = { low: 0.6, high: 0.89 };
    expect((await ask(operator, { threshold: 87, review })).body).toMatchObject({
      newlyForReview: 2,
      after: { review: 2 },
    });
    expect(counted).toEqual(['']);
    await ask(operator, { threshold: 60, app: 'other' });
    expect(counted).toEqual(['', 'other']);
  });

  it('is not asked with a form that has no meaning', async () => {
    const { operator } = await start();
    const wrong = [
      {},
      { threshold: 101 },
      { threshold: 50.5 },
      { threshold: 50, review: { low: 0.7, high: 0.3 } },
      { threshold: 50, review: { low: 0.5, high: 0.5 } },
      { threshold: 50, review: { low: 0.333, high: 0.5 } },
      { threshold: 50, from: TO, to: FROM },
      { threshold: 50, other: 1 },
    ];
    for (const body of wrong) {
      const reply = await ask(operator, body);
      expect([body, reply.status, reply.body.code]).toEqual([body, 400, 'invalid_request']);
    }
  });

  it('takes every whole hundredth as a limit', async () => {
    const { operator } = await start();
    for (let c = 1; c <= 100; c++) {
      const { status } = await ask(operator, {
        threshold: 50,
        review: { low: (c - 1) / 100, high: c / 100 },
      });
      expect([c, status]).toEqual([c, 200]);
    }
  });
});

describe('the operating points', () => {
  const PATH = '/admin/v1/operating-points';

  it('are the published ones, and before them what was uploaded, as a file or within a report', async () => {
    const { started, operator } = await start();
    const before = await operator.call('GET', PATH);
    expect(before.body).toEqual({ uploaded: null, tables: [PUBLISHED] });
    for (const body of [measuredPoints(), { bpcer: 0.1, operatingPoints: measuredPoints() }]) {
      const put = await operator.call('PUT', PATH, { body });
      expect(put.status).toBe(200);
      expect(put.body.uploaded.by).toBe('the operator');
      expect(put.body.tables).toHaveLength(2);
      expect(put.body.tables[0].data.description).toContain('our own pictures');
      expect(put.body.tables[0].points).toHaveLength(100);
      expect((await operator.call('GET', PATH)).body).toEqual(put.body);
    }
    expect((await operator.call('DELETE', PATH)).status).toBe(204);
    expect((await operator.call('GET', PATH)).body).toEqual({ uploaded: null, tables: [PUBLISHED] });
    const admin = await started.signedIn('administrator');
    const { items } = (await admin.call('GET', '/admin/v1/admin-log?action=operating_points')).body;
    expect(items.map(({ action }: { action: string }) => action)).toEqual([
      'operating_points.remove',
      'operating_points.set',
      'operating_points.set',
    ]);
    expect(items[1].after).toMatchObject({ profile: 'careful', points: 100 });
  });

  it('that were uploaded come first among what a policy can name, until they are removed', async () => {
    const { operator } = await start();
    const named = async () =>
      (await operator.call('GET', '/admin/v1/policy-presets')).body.operatingPoints as {
        threshold: number;
      }[];
    const before = await named();
    const file = measuredPoints();
    const point = { ...file.points[40], name: 'strict' };
    expect((await operator.call('PUT', PATH, { body: { ...file, points: [point] } })).status).toBe(200);
    const own = { profile: 'careful', name: 'strict', threshold: point.threshold };
    expect(await named()).toEqual([own, ...before]);
    await operator.call('DELETE', PATH);
    expect(await named()).toEqual(before);
  });

  it('are refused where they are something else, with what is wrong and what is expected', async () => {
    const { operator } = await start();
    const good = measuredPoints();
    const [first, second] = good.points;
    const cases: readonly (readonly [body: unknown, says: RegExp])[] = [
      [[], /no JSON object/],
      ['text', /no JSON object/],
      [{ bpcer: 0.1, apcer: {} }, /a summary/],
      [{ some: 'other' }, /some other JSON/],
      [{ ...good, system: { ...good.system, profile: null } }, /file of scores/],
      [{ ...good, format: 2 }, /format/],
      [{ ...good, points: [] }, /points/],
      [{ ...good, points: [{ ...first, threshold: 101 }] }, /threshold/],
      [{ ...good, points: [{ ...first, bpcer: { ...first?.bpcer, share: 2 } }] }, /bpcer/],
      [{ ...good, points: [second, first] }, /do not ascend/],
      [
        { ...good, points: [{ ...first, apcer: { ...first?.apcer, interval: [0.5, 0.4] } }] },
        /interval of apcer/,
      ],
      [{ ...good, points: [{ ...first, apcer: { ...first?.apcer, share: null } }] }, /no point/],
      [{ bpcer: 1, operatingPoints: 'x' }, /no object/],
    ];
    for (const [body, says] of cases) {
      const { status, body: problem } = await operator.call('PUT', PATH, { body });
      expect([says, status, problem.code]).toEqual([says, 400, 'bad_operating_points']);
      expect(problem.detail).toMatch(says);
      expect(problem.detail).toMatch(/evaluate/);
    }
    expect((await operator.call('GET', PATH)).body.uploaded).toBeNull();
  });

  it('are refused where they are too large, or no JSON', async () => {
    const { started, operator } = await start();
    const large = await operator.call('PUT', PATH, { body: { text: 'x'.repeat(4 * 1024 * 1024) } });
    expect(large).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    const reply = await fetch(`${started.url}${PATH}`, {
      method: 'PUT',
      body: '<html>',
      headers: {
        'content-type': 'application/json',
        cookie: operator.cookie,
        'x-csrf-token': operator.csrfToken,
      },
    });
    expect([reply.status, await reply.json()]).toMatchObject([400, { code: 'invalid_request' }]);
  });
});
