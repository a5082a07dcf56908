import { describe, expect, it } from 'vitest';
import { Fault } from '../faults.ts';
import type { Judge } from '../fleet/types.ts';
import { someJudgement } from '../liveness/test-support/judgement.ts';
import type { Judgement } from '../liveness/types.ts';
import { KeySet } from './key-set.ts';
import { type BatchTask, runBatch } from './run.ts';
import type { BatchItem, BatchRow, BatchSource } from './types.ts';

const judgement = (change: Partial<Judgement> = {}): Judgement =>
  someJudgement({
    score: 97,
    rawScore: 97,
    liveProbability: 0.123456789,
    profile: 'fast',
    width: 10,
    height: 20,
    ...change,
  });

interface Made {
  readonly rows: BatchRow[];
  readonly task: BatchTask;
  readonly counts: { atOnce: number; most: number; judged: number };
}

/** A task over `n` items, judged by `answer`. */
function made(
  n: number,
  answer: (key: string, attempt: number) => Judgement | Fault | Error,
  change: Partial<BatchTask> & { readonly sequential?: boolean; readonly unreadable?: string } = {},
): Made {
  const rows: BatchRow[] = [];
  const counts = { atOnce: 0, most: 0, judged: 0 };
  const attempts = new Map<string, number>();
  let open = '';
  async function* items(): AsyncGenerator<BatchItem> {
    for (let i = 0; i < n; i++) {
      const key = `k${i}`;
      open = key;
      yield {
        key,
        picture: `${key}.jpg`,
        async read() {
          if (change.sequential === true && open !== key) throw new Error('read too late');
          if (key === change.unreadable) throw new Fault('file_unreadable', 'unreadable', 'gone');
          return Buffer.from(key);
        },
      };
    }
  }
  const source: BatchSource = {
    kind: 'list',
    sequential: change.sequential ?? false,
    items,
    count: async () => n,
    close: async () => {},
  };
  const judge: Judge = {
    models: [],
    refusal: () => null,
    async judge(picture) {
      const key = Buffer.from(picture).toString();
      counts.most = Math.max(counts.most, ++counts.atOnce);
      await new Promise((go) => setTimeout(go, 1));
      counts.atOnce--;
      counts.judged++;
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      const said = answer(key, attempt);
      if (said instanceof Error) throw said;
      return said;
    },
  };
  const journal = {
    async append(row: BatchRow) {
      rows.push(row);
    },
    async close() {},
  };
  const task: BatchTask = {
    source,
    judge,
    journal,
    done: new KeySet(),
    memory: null,
    profile: 'fast',
    threshold: 87,
    atOnce: 4,
    onRow: () => {},
    signal: new AbortController().signal,
    ...change,
  };
  return { rows, task, counts };
}
const keys = (rows: readonly BatchRow[]) => rows.map((r) => r.key).sort();
const all = (n: number) => Array.from({ length: n }, (_, i) => `k${i}`).sort();

describe('runBatch', () => {
  it('writes one row for every picture, several at once, never more than it may', async () => {
    const { rows, task, counts } = made(50, () => judgement());
    await runBatch(task);
    expect(keys(rows)).toEqual(all(50));
    expect(counts.most).toBe(4);
    expect(rows[0]).toMatchObject({ code: 0, verdict: 'live', score: 97, liveProbability: 0.123457 });
  });

  it('leaves out what is done', async () => {
    const done = new KeySet();
    for (const key of ['k1', 'k3']) done.add(key);
    const { rows, task, counts } = made(5, () => judgement(), { done });
    await runBatch(task);
    expect(keys(rows)).toEqual(['k0', 'k2', 'k4']);
    expect(counts.judged).toBe(3);
  });

  it('reads a stream in its order', async () => {
    const { rows, task } = made(30, () => judgement(), { sequential: true, unreadable: 'k7' });
    await runBatch(task);
    expect(keys(rows)).toEqual(all(30));
    expect(rows.find((r) => r.key === 'k7')).toMatchObject({
      code: -5805,
      failure: 'unreadable',
      verdict: null,
    });
  });

  it('makes a row of every kind of failure', async () => {
    const { rows, task } = made(
      3,
      (key) =>
        key === 'k0'
          ? new Fault('picture_unreadable', 'truncated', 'cut off')
          : judgement({
              verdict: 'no_face',
              score: null,
              reasons: [{ code: 'NO_FACE', severity: 'error', text: 'No face.', advice: '' }],
            }),
      { unreadable: 'k1' },
    );
    await runBatch(task);
    const row = (key: string) => rows.find((r) => r.key === key);
    expect(row('k0')).toMatchObject({ code: -4016, failure: 'truncated', message: 'cut off', score: null });
    expect(row('k1')).toMatchObject({ code: -5805, failure: 'unreadable' });
    expect(row('k2')).toMatchObject({ code: -4015, failure: null, message: 'No face.', verdict: 'no_face' });
  });

  it('tries once more where the engine failed, and then says so', async () => {
    const failing = new Fault('engine_failed', 'engine_failed', 'failed');
    const { rows, task, counts } = made(2, (key, attempt) =>
      key === 'k0' || attempt === 1 ? failing : judgement(),
    );
    await runBatch(task);
    expect(counts.judged).toBe(4);
    expect(rows.find((r) => r.key === 'k0')).toMatchObject({ code: 213, failure: 'engine_failed' });
    expect(rows.find((r) => r.key === 'k1')).toMatchObject({ code: 0 });
  });

  it.each(['worker_crashed', 'worker_stuck'] as const)(
    'does not try again what cost a second worker: %s',
    async (reason) => {
      const { rows, task, counts } = made(1, () => new Fault('worker_lost', reason, 'lost'));
      await runBatch(task);
      expect(counts.judged).toBe(1);
      expect(rows[0]).toMatchObject({ code: 213, failure: reason });
    },
  );

  it('stopped, finishes what it has begun and begins no more', async () => {
    const stop = new AbortController();
    const { rows, task, counts } = made(100, () => judgement(), {
      signal: stop.signal,
      onRow: () => {
        if (rows.length === 10) stop.abort();
      },
    });
    await runBatch(task);
    expect(rows.length).toBe(counts.judged);
    expect(rows.length).toBeGreaterThanOrEqual(10);
    expect(rows.length).toBeLessThan(20);
  });

  it('ends with the error where rows cannot be written, or something unforeseen happens', async () => {
    const full = {
      append: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })),
      close: async () => {},
    };
    const first = made(100, () => judgement(), { journal: full });
    await expect(runBatch(first.task)).rejects.toThrow('no space');
    expect(first.counts.judged).toBeLessThan(20);
    await expect(runBatch(made(5, () => new TypeError('a defect')).task)).rejects.toThrow('a defect');
  });
});
