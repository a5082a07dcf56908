import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { changes, parsePage, samplesOf } from '../../../test/support/prometheus-text.ts';
import type { StoreCall } from '../../ledger/store-health.ts';
import { guarded, type Observer, type RequestSeen } from '../decision/observer.ts';
import type { FleetSeen } from './fleet.ts';
import { createMetrics, type Metrics } from './metrics.ts';

const made: Metrics[] = [];
const troubles: unknown[] = [];
afterEach(() => {
  for (const metrics of made.splice(0)) metrics.stop();
  troubles.length = 0;
});

function metricsForTest(): Metrics {
  const metrics = createMetrics({ version: '1.2.3', onTrouble: (error) => troubles.push(error) });
  made.push(metrics);
  return metrics;
}

const seen: RequestSeen = {
  api: 'legacy',
  outcome: 'refused',
  code: '5',
  verdict: 'none',
  reason: 'not_base64',
  seconds: 0.004,
  judgement: null,
};

const server = { running: 4, connections: { open: 9, refused: 2, closedIdle: 3 } };
const bodies = { held: 70, limit: 1000 };

const page = async (metrics: Metrics) => parsePage(await metrics.text());

function fleetOf(change: Partial<FleetSeen> = {}): FleetSeen {
  return {
    workers: 2,
    running: 2,
    waiting: 5,
    expectedWaitMs: 250,
    workerMemoryBytes: 2 ** 30,
    lost: { worker_crashed: 3 },
    profile: 'careful',
    lacking: null,
    workersNow: () => [
      { pid: 11, rssBytes: 100_000, judged: 7 },
      { pid: 12, rssBytes: null, judged: 8 },
    ],
    ...change,
  };
}

describe('a shared store', () => {
  it('has its node, its connections, the time of its calls and their failures on the page', async () => {
    const metrics = createMetrics({ version: '1', node: 'a-1', onTrouble: () => {} });
    made.push(metrics);
    let tell: (call: StoreCall) => void = () => {};
    metrics.watch({
      fleet: fleetOf(),
      server,
      bodies,
      store: {
        node: 'a-1',
        connections: () => ({ used: 2, idle: 3, waiting: 1 }),
        listen: (heard) => {
          tell = heard;
        },
      },
    });
    tell({ seconds: 0.5, failure: null });
    tell({ seconds: 1.5, failure: 'store_timeout' });
    const samples = samplesOf(await page(metrics));
    expect(
      [...samples].filter(([name]) => /_store_(conn|fail)|_seconds_(sum|count)$|build/.test(name)),
    ).toEqual(
      expect.arrayContaining([
        ['livestill_build_info{node="a-1",role="service",version="1"}', 1],
        ['livestill_store_connections{state="used"}', 2],
        ['livestill_store_connections{state="idle"}', 3],
        ['livestill_store_connections{state="waiting"}', 1],
        ['livestill_store_call_seconds_sum', 2],
        ['livestill_store_call_seconds_count', 2],
        ['livestill_store_failures_total{reason="store_timeout"}', 1],
        ['livestill_store_failures_total{reason="store_unreachable"}', 0],
      ]),
    );
  });
});

describe('the page', () => {
  it('is there from the beginning, with what alerts look at at 0', async () => {
    const samples = samplesOf(await page(metricsForTest()));
    expect(samples.get('livestill_build_info{role="service",version="1.2.3"}')).toBe(1);
    for (const series of [
      'livestill_requests_total{api="legacy",code="213",outcome="failed",verdict="none"}',
      'livestill_requests_total{api="v1",code="ok",outcome="judged",verdict="attack"}',
      'livestill_refusals_total{api="v1",code="overloaded",reason="queue_full"}',
      'livestill_ledger_append_failures_total',
      'livestill_download_bytes_total',
    ]) {
      expect([series, samples.get(series)]).toEqual([series, 0]);
    }
  });

  it('has the process figures that are cheap, and none of those that are not', async () => {
    const names = [...(await page(metricsForTest())).keys()];
    expect(names).toEqual(
      expect.arrayContaining([
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'process_start_time_seconds',
        'nodejs_heap_size_used_bytes',
        'nodejs_version_info',
      ]),
    );
    expect(names.filter((name) => /^nodejs_(eventloop|active|gc)/.test(name))).toEqual([]);
  });

  it('is nobody else’s: two of them count apart', async () => {
    const [one, two] = [metricsForTest(), metricsForTest()];
    const before = await page(two);
    one.observer.request(seen);
    expect(changes(before, await page(two))).toEqual({});
  });

  it('has names in base units and help for each', async () => {
    const metrics = metricsForTest();
    metrics.watch({ fleet: fleetOf(), server, bodies });
    for (const [name, { help, type }] of await page(metrics)) {
      if (!name.startsWith('livestill_')) continue;
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(name).not.toMatch(/milli|_ms|kb|mega/);
      if (type === 'histogram' && name !== 'livestill_score') expect(name).toMatch(/_seconds$/);
    }
  });

  it('shows how far records lag behind the clock, and its jumps by direction', async () => {
    const metrics = metricsForTest();
    const clock = () => ({ lagMs: 90_000, jumps: { forward: 2, back: 1 } });
    metrics.watch({ fleet: fleetOf(), server, bodies, clock });
    const text = await metrics.text();
    expect(text).toContain('livestill_record_clock_lag_seconds 90\n');
    expect(text).toContain('livestill_clock_jumps_total{direction="forward"} 2\n');
    expect(text).toContain('livestill_clock_jumps_total{direction="back"} 1\n');
  });

  it('shows the fleet as it is at that moment', async () => {
    const metrics = metricsForTest();
    let fleet = fleetOf();
    metrics.watch({
      fleet: {
        ...fleet,
        workersNow: () => fleet.workersNow(),
        get lost() {
          return fleet.lost;
        },
      },
      server,
      bodies,
    });
    const samples = samplesOf(await page(metrics));
    expect(
      Object.fromEntries([...samples].filter(([key]) => /work|wait|connections|livestill_body/.test(key))),
    ).toEqual({
      livestill_requests_in_work: 4,
      livestill_networks_missing: 0,
      livestill_body_memory_bytes: 70,
      livestill_body_memory_limit_bytes: 1000,
      livestill_connections: 9,
      livestill_connections_refused_total: 2,
      livestill_connections_closed_idle_total: 3,
      livestill_pictures_in_work: 2,
      livestill_pictures_waiting: 5,
      livestill_expected_wait_seconds: 0.25,
      livestill_workers_wanted: 2,
      livestill_workers: 2,
      livestill_worker_memory_limit_bytes: 2 ** 30,
      'livestill_worker_resident_bytes{worker="1"}': 100_000,
      'livestill_worker_pictures_total{worker="1"}': 7,
      'livestill_worker_pictures_total{worker="2"}': 8,
      'livestill_workers_lost_total{reason="worker_crashed"}': 3,
      'livestill_workers_lost_total{reason="worker_stuck"}': 0,
      'livestill_workers_lost_total{reason="worker_memory"}': 0,
      'livestill_workers_lost_total{reason="worker_grown"}': 0,
    });
    fleet = fleetOf({ workersNow: () => [{ pid: 12, rssBytes: 5, judged: 9 }], lost: { odd: 1 } });
    const later = samplesOf(await page(metrics));
    expect([...later].filter(([key]) => /worker_|odd/.test(key) && !/limit|lost.*worker/.test(key))).toEqual([
      ['livestill_worker_resident_bytes{worker="2"}', 5],
      ['livestill_worker_pictures_total{worker="2"}', 9],
      ['livestill_workers_lost_total{reason="odd"}', 1],
    ]);
  });

  it('does without a memory limit where there is none', async () => {
    const metrics = metricsForTest();
    metrics.watch({
      fleet: fleetOf({ workerMemoryBytes: Number.POSITIVE_INFINITY }),
      server,
      bodies,
    });
    expect((await page(metrics)).has('livestill_worker_memory_limit_bytes')).toBe(false);
  });

  it('lacks a figure that cannot be taken, and has all others', async () => {
    const metrics = metricsForTest();
    const failing = () => {
      throw new Error('no workers');
    };
    metrics.watch({ fleet: fleetOf({ workersNow: failing }), server, bodies });
    const samples = samplesOf(await page(metrics));
    expect(
      [...samples.keys()].filter((key) => /livestill_workers?[_{]?(resident|pictures|$)/.test(key)),
    ).toEqual([]);
    expect(samples.get('livestill_workers_wanted')).toBe(2);
    expect(samples.get('livestill_workers_lost_total{reason="worker_crashed"}')).toBe(3);
    expect(troubles).toHaveLength(3);
  });
});

describe('counting', () => {
  it('of what cannot be counted throws nothing, and is reported', async () => {
    const { observer } = metricsForTest();
    observer.request({ ...seen, seconds: Number.NaN });
    observer.ledgerAppend(Number.NaN, true);
    observer.httpFault('bad_request');
    expect(troubles).toHaveLength(2);
  });

  it('whatever comes, makes a bounded number of series of a page that parses', async () => {
    const odd = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.stringMatching(/^[a-z]{1,6}$/));
    const metrics = metricsForTest();
    const { observer } = metrics;
    const any = fc.record({ code: odd, reason: odd, name: odd, status: fc.integer() });
    fc.assert(
      fc.property(fc.array(any, { minLength: 100, maxLength: 200 }), (given) => {
        for (const { code, reason, name, status } of given) {
          const judgement = {
            milliseconds: { total: 5, [name]: 3 },
            rawScore: 3,
            reasons: [{ code: reason }],
          };
          observer.request({ ...seen, code, reason });
          observer.request({
            ...seen,
            outcome: 'judged',
            code: '0',
            reason: null,
            judgement: { ...judgement, profile: 'fast' } as unknown as RequestSeen['judgement'],
          });
          observer.reply(status);
          observer.download({
            outcome: 'refused',
            reason: reason as 'port',
            host: name,
            detail: name,
            milliseconds: 1,
            bytes: 0,
          });
        }
      }),
      { numRuns: 30 },
    );
    expect(troubles).toEqual([]);
    const found = await page(metrics);
    for (const [label, most] of [
      ['livestill_requests_total code', 113],
      ['livestill_refusals_total reason', 306],
      ['livestill_downloads_total reason', 302],
      ['livestill_http_replies_total status', 51],
      ['livestill_judgement_step_seconds_total step', 21],
      ['livestill_findings_total finding', 101],
    ] as const) {
      const [name = '', which = ''] = label.split(' ');
      const values = found.get(name)?.labels.get(which);
      expect([label, values?.has('other')]).toEqual([label, true]);
      expect(values?.size).toBeLessThanOrEqual(most);
    }
  });
});

describe('a guarded observer', () => {
  it('passes everything on and keeps every error to itself', () => {
    const told: unknown[][] = [];
    const names = [
      'request',
      'reply',
      'httpFault',
      'download',
      'ledgerAppend',
      'idempotencyShortened',
      'sessionStill',
      'sessionEnded',
      'webhookCalled',
    ];
    const failing = Object.fromEntries(
      names.map((name) => [
        name,
        (...given: unknown[]) => {
          told.push([name, ...given]);
          throw new Error(name);
        },
      ]),
    ) as unknown as Observer;
    const errors: unknown[] = [];
    const safe = guarded(failing, (error) => errors.push((error as Error).message));
    const event = {
      outcome: 'aborted',
      reason: null,
      host: 'a',
      detail: null,
      milliseconds: 1,
      bytes: 0,
    } as const;
    safe.request(seen);
    safe.reply(200);
    safe.httpFault('timeout');
    safe.download(event);
    safe.ledgerAppend(0.1, true);
    safe.idempotencyShortened(2);
    safe.sessionStill('more');
    safe.sessionEnded('expired', 3);
    safe.webhookCalled('retry');
    expect(told).toEqual([
      ['request', seen],
      ['reply', 200],
      ['httpFault', 'timeout'],
      ['download', event],
      ['ledgerAppend', 0.1, true],
      ['idempotencyShortened', 2],
      ['sessionStill', 'more'],
      ['sessionEnded', 'expired', 3],
      ['webhookCalled', 'retry'],
    ]);
    expect(errors).toEqual(names);
  });
});
