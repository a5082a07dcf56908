import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { signature } from './support/accounts.ts';
import { judgementOf } from './support/judge.ts';
import { type MetricsTest, startMetricsTest } from './support/metrics.ts';

/*
 * The line of a request says what each stage of it took.
 */

const image = Buffer.from('a picture').toString('base64');
let test: MetricsTest;
let { legacy, v1, call } = {} as MetricsTest;

beforeAll(async () => {
  test = await startMetricsTest();
  ({ legacy, v1, call } = test);
});
afterEach(() => test.reset());
afterAll(() => test.stop());

type Line = Record<string, unknown> & {
  readonly stages: Record<string, number>;
  readonly milliseconds: number;
};
const lineOf = async (lines: readonly Record<string, unknown>[]): Promise<Line> => {
  const decisions = () => lines.filter(({ event }) => event === 'decision');
  await expect.poll(() => decisions().length).toBe(1);
  return decisions()[0] as Line;
};
/** Whole tenths each: they add up to the total but for half a tenth each. */
function expectWhole({ stages, milliseconds }: Line) {
  const { total, ...each } = stages;
  expect(total).toBe(milliseconds);
  const sum = Object.values(each).reduce((all, one) => all + one, 0);
  expect(Math.abs(sum - milliseconds)).toBeLessThanOrEqual(0.05 * (Object.keys(each).length + 1) + 1e-9);
}

describe('the stages of a request in its line', () => {
  it('of the old API, the picture in the body', async () => {
    legacy.judge.answer = async (_picture, { onTaken }) => {
      onTaken?.();
      await new Promise((resolve) => setTimeout(resolve, 20));
      return judgementOf({ milliseconds: { decode: 5, total: 18 } });
    };
    await call({ image });
    const line = await lineOf(legacy.lines);
    expect(Object.keys(line.stages)).toEqual([
      'admit',
      'body',
      'queue',
      'decode',
      'judge',
      'record',
      'total',
    ]);
    expect(line.stages).toMatchObject({ decode: 5 });
    // Timers may be a millisecond early.
    expect(line.stages.judge).toBeGreaterThan(13);
    expectWhole(line);
  });

  it('of the old API, the picture behind a url', async () => {
    await call({ url: `http://127.0.0.1:${test.urls.port}/picture` });
    const line = await lineOf(legacy.lines);
    expect(Object.keys(line.stages)).toContain('fetch');
    expectWhole(line);
  });

  it('of v1, with several stills and an Idempotency-Key', async () => {
    const seen: number[] = [];
    v1.judge.answer = async (_picture, { onTaken }) => {
      seen.push(1);
      onTaken?.();
      return judgementOf({
        milliseconds: { decode: 0, total: 1 },
        still: {
          thumbnail: null,
          curve: {
            score: [
              [-12, 0],
              [12, 100],
            ],
            probability: { a: 1, b: 0 },
          },
        },
      });
    };
    const reply = await v1.post('/v1/liveness', {
      method: 'POST',
      body: JSON.stringify({ images: ['one', 'two'].map((text) => Buffer.from(text).toString('base64')) }),
      headers: { 'content-type': 'application/json', 'idempotency-key': 'stages' },
    });
    expect(reply.status).toBe(200);
    expect(seen).toHaveLength(2);
    const line = await lineOf(v1.lines);
    expect(Object.keys(line.stages)).toEqual(expect.arrayContaining(['admit', 'body', 'record', 'total']));
    expectWhole(line);
  });

  it('of a refusal, up to the stage it was refused in', async () => {
    legacy.judge.answer = () => {
      throw new Fault('busy', 'queue_full', 'No room.', { retryAfter: 1 });
    };
    await call({ image });
    const line = await lineOf(legacy.lines);
    expect(Object.keys(line.stages)).toEqual(['admit', 'body', 'queue', 'total']);
    legacy.lines.length = 0;
    await call({ image }, signature({}, 'f'.repeat(32)));
    const refused = await lineOf(legacy.lines);
    expect(Object.keys(refused.stages)).toEqual(['admit', 'body', 'total']);
    expectWhole(refused);
  });
});
