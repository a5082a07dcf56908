import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStages, millisecondsOf, type Stage } from './stages.ts';

/** A clock that a test sets. */
function handClock(startsAt: number) {
  const hand = { now: startsAt };
  return { hand, clock: () => hand.now };
}

const stage = fc.constantFrom<Stage>('admit', 'body', 'fetch', 'queue', 'judge', 'record');

describe('the stages of a request', () => {
  it('are the times between entering one and the next, the last one still going on', () => {
    const { hand, clock } = handClock(100);
    const stages = createStages(100, clock);
    hand.now = 103;
    stages.enter('body');
    hand.now = 110;
    stages.enter('queue');
    expect(stages.until(130)).toEqual([
      { stage: 'admit', from: 100, to: 103 },
      { stage: 'body', from: 103, to: 110 },
      { stage: 'queue', from: 110, to: 130 },
    ]);
  });

  it('count a stage that is entered again once more, and one that is entered twice running once', () => {
    const { hand, clock } = handClock(0);
    const stages = createStages(0, clock);
    for (const [at, next] of [
      [2, 'body'],
      [5, 'body'],
      [6, 'admit'],
    ] as const) {
      hand.now = at;
      stages.enter(next);
    }
    expect(stages.until(10).map(({ stage }) => stage)).toEqual(['admit', 'body', 'admit']);
    expect(millisecondsOf(stages.until(10))).toEqual({ admit: 6, body: 4, total: 10 });
  });

  it('cover the whole time without a gap, whatever is entered when', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(stage, fc.nat(50))), fc.nat(50), (entered, rest) => {
        const { hand, clock } = handClock(7);
        const stages = createStages(7, clock);
        for (const [next, after] of entered) {
          hand.now += after;
          stages.enter(next);
        }
        const end = hand.now + rest;
        const found = stages.until(end);
        let at = 7;
        for (const { from, to } of found) {
          expect(from).toBe(at);
          expect(to).toBeGreaterThan(from);
          at = to;
        }
        expect(at).toBe(end);
        const { total, ...each } = millisecondsOf(found);
        expect(total).toBe(end - 7);
        expect(Object.values(each).reduce((sum, one) => sum + one, 0)).toBe(total);
      }),
    );
  });
});
