import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../errors.ts';
import { type BodyHold, createBodyMemory } from './body-memory.ts';

const KiB = 1024;

function world(limit: number) {
  const memory = createBodyMemory(limit);
  const given: [string, Fault][] = [];
  const open = (name: string) => memory.open((why) => void given.push([name, why]));
  return { memory, given, open, names: () => given.map(([name]) => name) };
}

describe('memory of bodies', () => {
  it('counts what has arrived until the request is over', () => {
    const { memory, open } = world(1000);
    const [a, b] = [open('a'), open('b')];
    a.arrived(300);
    b.arrived(400);
    a.whole();
    expect(memory.held).toBe(700);
    a.release();
    a.release();
    expect(memory.held).toBe(400);
    b.release();
    expect(memory.held).toBe(0);
  });

  it('full, it gives up the body that has been arriving for the longest time, with -5802 and when to come again', () => {
    const { memory, given, open, names } = world(1000);
    const [slow, next, last] = [open('slow'), open('next'), open('last')];
    slow.arrived(500);
    next.arrived(400);
    last.arrived(300);
    expect(names()).toEqual(['slow']);
    expect(given[0]?.[1]).toMatchObject({ code: -5802, reason: 'body_memory', retryAfter: 1 });
    expect(memory.held).toBe(700);
    slow.release();
    expect(memory.held).toBe(700);
  });

  it('never gives up a body that is whole: then the one that arrives makes room itself', () => {
    const { memory, open, names } = world(1000);
    const [waiting, arriving] = [open('waiting'), open('arriving')];
    waiting.arrived(900);
    waiting.whole();
    expect(() => arriving.arrived(200)).toThrow(expect.objectContaining({ code: -5802 }));
    expect(names()).toEqual([]);
    arriving.release();
    expect(memory.held).toBe(900);
  });

  it('uses small rooms again, and never gives one room to two bodies', () => {
    const { open } = world(1e9);
    const a = open('a');
    const room = a.room(100 * KiB);
    expect(room.length).toBe(128 * KiB);
    a.release();
    const [b, c] = [open('b'), open('c')];
    const [roomOfB, roomOfC] = [b.room(70 * KiB), c.room(128 * KiB)];
    expect(roomOfB.buffer).toBe(room.buffer);
    expect(roomOfC.buffer).not.toBe(room.buffer);
    b.release();
    b.release();
    const [d, e] = [open('d'), open('e')];
    expect(d.room(90 * KiB).buffer).not.toBe(e.room(90 * KiB).buffer);
  });

  it('large rooms are as large as asked for', () => {
    expect(
      world(1e9)
        .open('a')
        .room(600 * KiB).length,
    ).toBe(600 * KiB);
  });

  it('whatever happens, it holds no more than its limit, and nothing once all are over', () => {
    const step = fc.oneof(
      fc.record({ act: fc.constant('open' as const) }),
      fc.record({
        act: fc.constant('arrived' as const),
        who: fc.nat(30),
        bytes: fc.integer({ min: 1, max: 600 }),
      }),
      fc.record({ act: fc.constant('whole' as const), who: fc.nat(30) }),
      fc.record({ act: fc.constant('release' as const), who: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const limit = 1000;
        const memory = createBodyMemory(limit);
        const holds: { hold: BodyHold; over: boolean }[] = [];
        for (const one of steps) {
          if (one.act === 'open') {
            const entry = { hold: memory.open(() => end()), over: false };
            const end = () => {
              entry.over = true;
            };
            holds.push(entry);
            continue;
          }
          const entry = holds[one.who % Math.max(1, holds.length)];
          if (entry === undefined || entry.over) continue;
          if (one.act === 'whole') entry.hold.whole();
          if (one.act === 'release') {
            entry.hold.release();
            entry.over = true;
          }
          if (one.act === 'arrived') {
            try {
              entry.hold.arrived(one.bytes);
            } catch {
              entry.hold.release();
              entry.over = true;
            }
          }
          expect(memory.held).toBeLessThanOrEqual(limit);
          expect(memory.held).toBeGreaterThanOrEqual(0);
        }
        for (const { hold } of holds) hold.release();
        expect(memory.held).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
