import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stageSpans, workerSpan } from './judging.ts';
import type { Span } from './types.ts';

const names = (spans: readonly Span[] = []) => spans.map(({ name }) => name);

describe('the spans of a judgement', () => {
  it('are those of the stages, the worker in the last at which one had the picture', () => {
    const steps = { decode: 5, detect: 3, crop: 1, classify: 9, quality: 1, total: 20 };
    const spans = stageSpans(
      [
        { stage: 'queue', from: 0, to: 10 },
        { stage: 'judge', from: 10, to: 40 },
        { stage: 'record', from: 40, to: 42 },
      ],
      steps,
    );
    expect(names(spans)).toEqual(['queue', 'judge', 'record']);
    const [worker] = spans[1]?.parts ?? [];
    expect(worker).toMatchObject({ name: 'worker', from: 20, to: 40 });
    expect(worker?.parts).toEqual([
      { name: 'decode', from: 20, to: 25 },
      { name: 'detect', from: 25, to: 28 },
      { name: 'quality', from: 28, to: 29 },
      { name: 'classify', from: 29, to: 39 },
    ]);
    expect(stageSpans([{ stage: 'judge', from: 0, to: 1 }], null)).toEqual([
      { name: 'judge', from: 0, to: 1 },
    ]);
  });

  it('lie within the stage one behind the other, whatever a worker says', () => {
    const spent = fc.double({ min: 0, max: 100, noNaN: true });
    const steps = fc.record({
      decode: spent,
      detect: spent,
      crop: spent,
      classify: spent,
      quality: spent,
      total: spent,
    });
    fc.assert(
      fc.property(steps, fc.nat(200), (found, length) => {
        const within = { from: 1000, to: 1000 + length };
        const worker = workerSpan(found, within);
        expect(worker.from).toBeGreaterThanOrEqual(within.from);
        expect(worker.to).toBe(within.to);
        let at = worker.from;
        for (const { from, to } of worker.parts ?? []) {
          expect(from).toBe(at);
          expect(to).toBeGreaterThanOrEqual(from);
          expect(to).toBeLessThanOrEqual(worker.to);
          at = to;
        }
      }),
    );
  });
});
