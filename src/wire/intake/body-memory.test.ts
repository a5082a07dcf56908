import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../faults.ts';
import { type BodyHold, createBodyMemory } from './body-memory.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

function world(limit: number) {
  const memory = createBodyMemory(limit);
  const given: [string, Fault][] = [];
  const open = (name: string, owner = 'one', announced?: number) =>
    memory.open({ owner, announced, most: 6 * MiB, giveUp: (why) => void given.push([name, why]) });
  return { memory, given, open, names: () => given.map(([name]) => name) };
}

/** Bytes that arrive in one piece. */
const bytes = (count: number) => Buffer.alloc(count, 7);

describe('memory of bodies', () => {
  it('counts what is allocated until the request is over', () => {
    const { memory, open } = world(10 * MiB);
    const [a, b] = [open('a', 'one', 30 * KiB), open('b')];
    expect(memory.held).toBe(0);
    a.take(bytes(30 * KiB));
    b.take(bytes(5 * KiB));
    expect(a.whole().equals(bytes(30 * KiB))).toBe(true);
    expect(memory.held).toBe((32 + 16) * KiB);
    a.add(100);
    expect(memory.held).toBe(48 * KiB + 100);
    a.release();
    a.release();
    expect(memory.held).toBe(16 * KiB);
    b.release();
    expect(memory.held).toBe(0);
  });

  it('of a body in chunks is never more than counted, and no three times what arrived', () => {
    const { memory, open } = world(64 * MiB);
    const body = open('chunked');
    let most = 0;
    for (let sent = 0; sent < 6 * MiB; sent += 64 * KiB) {
      body.take(bytes(64 * KiB));
      most = Math.max(most, memory.held / (sent + 64 * KiB));
    }
    expect(body.whole().equals(bytes(6 * MiB))).toBe(true);
    // Buffers that were outgrown are given back at once.
    expect(most).toBeLessThan(3);
    expect(memory.held).toBe(6 * MiB);
  });

  it('that were announced large and hardly sent is small', () => {
    const { memory, open } = world(1024 * MiB);
    for (let at = 0; at < 4000; at++) open(`${at}`, `${at}`, 6 * MiB).take(bytes(1));
    expect(memory.held).toBe(4000 * 16 * KiB);
  });

  it('full, it gives up the body that has been arriving for the longest time, with -5802 and when to come again', () => {
    const { memory, given, open, names } = world(4 * MiB);
    const [slow, next, last] = [open('slow'), open('next'), open('last')];
    for (const one of [slow, next, last]) one.take(bytes(700 * KiB));
    expect(names()).toEqual(['slow']);
    expect(given[0]?.[1]).toMatchObject({ kind: 'busy', retryAfter: 1 });
    expect(memory.held).toBe(2 * 1400 * KiB);
    slow.release();
    expect(memory.held).toBe(2 * 1400 * KiB);
  });

  it('never gives up a body that is whole: then the one that arrives is given up itself', () => {
    const { memory, open, names } = world(MiB);
    const [waiting, arriving] = [open('waiting', 'one', 600 * KiB), open('arriving')];
    waiting.take(bytes(600 * KiB));
    waiting.whole();
    expect(() => arriving.take(bytes(200 * KiB))).toThrow(expect.objectContaining({ kind: 'busy' }));
    expect(names()).toEqual([]);
    arriving.release();
    expect(memory.held).toBe(600 * KiB);
  });

  it('takes one body with nothing beside it, however small the limit', () => {
    const { open, names } = world(MiB);
    const one = open('one', 'one', 6 * MiB);
    one.take(bytes(6 * MiB));
    one.add(5 * MiB);
    expect([one.whole().length, names()]).toEqual([6 * MiB, []]);
  });

  it('uses small buffers again, and never gives one buffer to two bodies', () => {
    const { open } = world(1e9);
    const filled = (name: string, size: number) => {
      const body = open(name, 'one', size);
      body.take(bytes(size));
      return { body, room: body.whole().buffer };
    };
    const a = filled('a', 100 * KiB);
    a.body.release();
    const [b, c] = [filled('b', 70 * KiB), filled('c', 128 * KiB)];
    expect(b.room).toBe(a.room);
    expect(c.room).not.toBe(a.room);
    b.body.release();
    b.body.release();
    expect(filled('d', 90 * KiB).room).not.toBe(filled('e', 90 * KiB).room);
  });

  const step = fc.record({
    act: fc.constantFrom('open', 'take', 'take', 'whole', 'add', 'own', 'release'),
    who: fc.nat(30),
    owner: fc.constantFrom('a', 'b', 'c'),
    size: fc.integer({ min: 1, max: 300 * KiB }),
  });
  it('whatever happens, it holds no more than its limit or a single body, and nothing once all are over', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const limit = MiB;
        const memory = createBodyMemory(limit);
        const holds: { hold: BodyHold; over: boolean }[] = [];
        for (const { act, who, owner, size } of steps) {
          if (act === 'open') {
            const entry = { hold: {} as BodyHold, over: false };
            entry.hold = memory.open({
              owner,
              most: 6 * MiB,
              announced: size % 2 === 0 ? size : undefined,
              giveUp: () => {
                entry.over = true;
              },
            });
            holds.push(entry);
            continue;
          }
          const entry = holds[who % Math.max(1, holds.length)];
          if (entry === undefined || entry.over) continue;
          const alone = memory.held === 0;
          try {
            if (act === 'take') entry.hold.take(Buffer.allocUnsafe(size));
            else if (act === 'add') entry.hold.add(size);
            else if (act === 'own') entry.hold.belongsTo(owner);
            else if (act === 'whole') entry.hold.whole();
            else entry.over = true;
          } catch {
            entry.over = true;
          }
          if (entry.over) entry.hold.release();
          expect(memory.held).toBeGreaterThanOrEqual(0);
          if (!alone && holds.filter(({ over }) => !over).length > 1 && memory.held > limit) {
            // Only one that was there alone may be larger, and nothing is taken beside it.
            expect(memory.held).toBeLessThanOrEqual(16 * limit);
          }
        }
        for (const { hold } of holds) hold.release();
        expect(memory.held).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a share of the memory for each owner', () => {
  const fill = (hold: BodyHold, size: number) => {
    hold.take(bytes(size));
    hold.whole();
  };

  it('a greedy one never takes all, not even with bodies that are whole; a quiet one finds room', () => {
    const { memory, open, names } = world(16 * MiB);
    let refused = 0;
    for (let at = 0; at < 40; at++) {
      const one = open(`greedy ${at}`, 'greedy', MiB);
      try {
        fill(one, MiB);
      } catch (why) {
        expect(why).toMatchObject({ kind: 'busy', reason: 'body_share' });
        one.release();
        refused++;
      }
    }
    expect([memory.held, refused]).toEqual([12 * MiB, 28]);
    for (let at = 0; at < 20; at++) {
      const quiet = open('quiet', 'quiet', 2 * MiB);
      fill(quiet, 2 * MiB);
      quiet.release();
    }
    expect(names()).toEqual([]);
  });

  it('where the memory is short, the greedy one gives up, slow bodies first, and never the quiet one', () => {
    const { memory, open, names } = world(16 * MiB);
    const quiet = open('quiet', 'quiet', 3 * MiB);
    quiet.take(bytes(MiB));
    for (let at = 0; at < 100; at++) {
      try {
        open(`greedy ${at}`, `greedy ${at % 3}`, 6 * MiB).take(bytes(MiB));
      } catch {
        // One of them is given up itself.
      }
      expect(memory.held).toBeLessThanOrEqual(16 * MiB);
    }
    quiet.take(bytes(2 * MiB));
    expect(quiet.whole().length).toBe(3 * MiB);
    expect(names()).not.toContain('quiet');
  });

  it('bytes go over to the app once it is known', () => {
    const { memory, open } = world(16 * MiB);
    const all = Array.from({ length: 12 }, (_, at) => open(`${at}`, 'address', MiB));
    for (const [at, one] of all.entries()) {
      fill(one, MiB);
      one.belongsTo(`app ${at % 2}`);
    }
    expect(memory.held).toBe(12 * MiB);
    fill(open('next', 'address', MiB), MiB);
    for (const one of all) one.release();
    expect(memory.held).toBe(MiB);
  });
});
