import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { App } from '../../src/account/types.ts';
import { Fault } from '../../src/faults.ts';
import { type ChunkDeps, workOnChunk } from '../../src/jobs/chunk-work.ts';
import type { BatchStore, Lease } from '../../src/jobs/types.ts';
import { DEFAULT_RULES } from '../../src/policy/policy.ts';
import { openTraces, type TracesOptions } from '../../src/traces/opentelemetry.ts';
import { appOf } from '../contract/support/accounts.ts';
import { handMadeJudge, judgementOf } from '../contract/support/judge.ts';
import { type Collector, childrenOf, type ReceivedSpan, startCollector } from './collector.ts';

/* Spans of a chunk of a batch, as a collector receives them over OTLP. */

const lease: Lease = {
  batchId: 'b-1',
  appid: '1000001',
  secretId: 'k',
  chunk: 0,
  token: 'l',
  traceparent: null,
  rows: ['somebody.jpg', 'https://pictures.example/one.jpg', 'broken.jpg'].map((picture, at) => ({
    row: at + 1,
    key: `${at + 1}:${picture}`,
    picture,
  })),
};

const reason = { code: 'BLURRED', severity: 'warning', text: 't', advice: 'a' } as const;

let collector: Collector;
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.stop());

/** Works on the chunk; the spans that came of it. */
async function spansOf(
  change: Partial<TracesOptions> = {},
  batches: Partial<BatchStore> = {},
  traceparent: string | null = null,
): Promise<readonly ReceivedSpan[]> {
  const traces = await openTraces({
    url: collector.url,
    authorization: null,
    ratio: 1,
    trustParent: false,
    namesApps: false,
    version: '1.2.3',
    onTrouble: (error) => expect(error).toBeNull(),
    ...change,
  });
  const judge = handMadeJudge();
  judge.answer = (picture, { onTaken }) => {
    onTaken?.();
    if (String(picture) === 'broken.jpg') throw new Fault('picture_unreadable', 'not_an_image', 'no picture');
    return judgementOf({ reasons: [reason], milliseconds: { decode: 1, detect: 1, classify: 1, total: 3 } });
  };
  const deps: ChunkDeps = {
    judge,
    pictures: { read: async (picture) => Buffer.from(picture) },
    threshold: 87,
    profile: 'careful',
    recordOf: () => null as never,
    recordOfGroup: () => null as never,
    batches: {
      extend: async () => 'held',
      record: async () => 'held',
      finish: async () => 'held',
      giveBack: async () => {},
      ...batches,
    } as unknown as BatchStore,
    atOnce: 2,
    leaseMs: 60_000,
    traces,
  };
  const app = { app: appOf('1000001') as App, rules: DEFAULT_RULES };
  await workOnChunk(deps, { ...lease, traceparent }, app, new AbortController().signal).catch(
    (error: unknown) => {
      if (!(error instanceof Fault)) throw error;
    },
  );
  await traces.stop();
  return collector.spans;
}

describe('the spans of a chunk', () => {
  it('are one for the chunk, one for each picture with its stages, and one for each write', async () => {
    const spans = await spansOf();
    const root = spans.find(({ parentSpanId }) => parentSpanId === undefined) as ReceivedSpan;
    expect(root).toMatchObject({ name: 'batch chunk', kind: 5, failed: false });
    expect(root.attributes).toEqual({
      'livestill.batch_id': 'b-1',
      'livestill.rows': 3,
      'livestill.written': 3,
      'livestill.lease': 'held',
    });
    const parts = childrenOf(spans, root);
    expect(parts.map(({ name }) => name).sort()).toEqual(['picture', 'picture', 'picture', 'record']);
    const pictures = parts.filter(({ name }) => name === 'picture');
    expect(pictures.map(({ attributes }) => attributes['livestill.outcome']).sort()).toEqual([
      'judged',
      'judged',
      'refused',
    ]);
    const judged = pictures.find(
      ({ attributes }) => attributes['livestill.outcome'] === 'judged',
    ) as ReceivedSpan;
    expect(childrenOf(spans, judged).map(({ name }) => name)).toEqual(expect.arrayContaining(['judge']));
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const text = collector.bodies.join('');
    for (const secret of ['somebody', 'pictures.example', 'broken.jpg', '1000001', '"k"'])
      expect(text).not.toContain(secret);
  });

  it('are marked as failed where the store does not take the results', async () => {
    const record = async () => {
      throw new Fault('state_unavailable', 'store_timeout', 'no answer');
    };
    const spans = await spansOf({ namesApps: true }, { record });
    const root = spans.find(({ parentSpanId }) => parentSpanId === undefined) as ReceivedSpan;
    expect(root).toMatchObject({
      failed: true,
      attributes: { 'livestill.app': '1000001', 'livestill.written': 0 },
    });
  });

  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const parentSpanId = '00f067aa0ba902b7';
  const kept = (flags: string) => `00-${traceId}-${parentSpanId}-${flags}`;

  it('go on with the trace that the batch was ordered in, whomever this process trusts', async () => {
    const spans = await spansOf({ trustParent: false }, {}, kept('01'));
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    expect(spans.find(({ name }) => name === 'batch chunk')).toMatchObject({ parentSpanId, kind: 5 });
  });

  it.each([
    ['that trace is not sampled', 1, '00'],
    ['this process makes none of its chunks', 0, '01'],
  ])('are none where %s', async (_, ratio, flags) => {
    expect(await spansOf({ ratio }, {}, kept(flags))).toEqual([]);
  });

  it('are a trace of their own where what was kept is no traceparent', async () => {
    const spans = await spansOf({}, {}, 'nonsense');
    expect(spans.find(({ name }) => name === 'batch chunk')).toMatchObject({ parentSpanId: undefined });
  });

  it('are none where the chunk is not sampled', async () => {
    expect(await spansOf({ ratio: 0 })).toEqual([]);
    expect(collector.requests).toEqual([]);
  });
});
