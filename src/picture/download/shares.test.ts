import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFailing } from './failing.ts';
import { systemResolve } from './resolve.ts';
import { createShares } from './shares.ts';
import { createSlots } from './slots.ts';

const never = new AbortController().signal;
const settled = () => new Promise((done) => setImmediate(done));

/** How many places each app gets when all ask for more than there are, one app after the other. */
async function got(places: number, apps: readonly (string | undefined)[]): Promise<number[]> {
  const shares = createShares(places);
  const counts = apps.map(() => 0);
  for (const [at, app] of apps.entries()) {
    for (let n = 0; n < places + 1; n++) void shares.enter(app, never).then(() => counts[at]!++);
    await settled();
  }
  return counts;
}

describe('places that apps share', () => {
  it.each([
    [32, ['a'], [24]],
    [32, ['a', 'b'], [24, 6]],
    [32, ['a', 'b', 'c', 'd'], [24, 6, 1, 1]],
    [8, ['a', 'b'], [6, 1]],
    [2, ['a', 'b'], [1, 1]],
    [1, ['a', 'b'], [1, 0]],
    [32, [undefined], [32]],
  ])('%i places, %j: %j', async (places, apps, expected) => {
    expect(await got(places, apps)).toEqual(expected);
  });

  it('apps take turns, each in its own order', async () => {
    const shares = createShares(1);
    const order: string[] = [];
    const leave = await shares.enter('x', never);
    const ask = (app: string, name: string) =>
      shares.enter(app, never).then((done) => {
        order.push(name);
        setImmediate(done);
      });
    const all = [ask('a', 'a1'), ask('a', 'a2'), ask('a', 'a3'), ask('b', 'b1'), ask('c', 'c1')];
    leave();
    await Promise.all(all);
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'a3']);
    expect([shares.running, shares.waiting]).toEqual([1, 0]);
  });

  it('nothing is lost or counted twice, whoever comes, leaves and gives up', async () => {
    const step = fc.record({
      app: fc.constantFrom('a', 'b', 'c', undefined),
      act: fc.constantFrom('enter', 'enter', 'leave', 'abort'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.array(step, { maxLength: 60 }),
        async (places, steps) => {
          const shares = createShares(places);
          const inside: (() => void)[] = [];
          const controls: AbortController[] = [];
          for (const { app, act } of steps) {
            if (act === 'enter') {
              const control = new AbortController();
              controls.push(control);
              shares.enter(app, control.signal).then(
                (leave) => inside.push(leave),
                () => {},
              );
            } else if (act === 'leave') {
              const leave = inside.shift();
              leave?.();
              leave?.();
            } else controls.pop()?.abort();
            await null;
            expect(shares.running).toBeLessThanOrEqual(places);
          }
          for (const control of controls) control.abort();
          await settled();
          for (const leave of inside) leave();
          expect([shares.running, shares.waiting]).toEqual([0, 0]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of one host, too; and nothing is kept of a host that nobody asks', async () => {
    const slots = createSlots(2, 8);
    const first = await slots.enter('cdn', 'greedy', never);
    const control = new AbortController();
    const second = slots.enter('cdn', 'greedy', control.signal);
    const quiet = await slots.enter('cdn', 'quiet', never);
    control.abort(new Error('left'));
    await expect(second).rejects.toThrow('left');
    first();
    quiet();
    expect([slots.running, slots.keys]).toEqual([0, 0]);
  });
});

describe("the system's look-ups", () => {
  it('of one app leave a place to the other, and a look-up that is left keeps its place until it ends', async () => {
    const ends: (() => void)[] = [];
    const asked: string[] = [];
    const resolve = systemResolve((host) => {
      asked.push(host);
      return new Promise((done) => ends.push(() => done([{ address: '10.0.0.1' }])));
    });
    for (const host of ['a1', 'a2', 'a3']) void resolve(host, never, 'greedy');
    void resolve('b1', never, 'quiet');
    await settled();
    expect(asked).toEqual(['a1', 'b1']);
    ends[0]?.();
    await settled();
    expect(asked).toEqual(['a1', 'b1', 'a2']);
  });
});

describe('the memory of failing urls', () => {
  const url = (text: string) => new URL(text, 'http://a.example/');
  const failing = (remembered = 100) =>
    createFailing({ afterFailures: 1, firstPauseMs: 1000, longestPauseMs: 1000, remembered, clock: () => 0 });

  it('is forgotten of the app that has most, not of the quiet one', () => {
    const memory = failing(10);
    memory.note({ urls: [url('/quiet')], failure: 'http_404' }, 'quiet');
    for (let at = 0; at < 1000; at++) memory.note({ urls: [url(`/${at}`)], failure: 'http_404' }, 'greedy');
    expect(memory.size).toBe(10);
    expect(() => memory.check(url('/quiet'), 'quiet')).toThrow('failed once');
    expect(() => memory.check(url('/999'), 'greedy')).toThrow('failed once');
    expect(() => memory.check(url('/0'), 'greedy')).not.toThrow();
  });

  it('has nothing of what says nothing of the server', () => {
    const memory = failing();
    memory.note({ urls: [url('/a')], failure: 'timeout', ofOurOwn: true }, 'app');
    memory.note({ urls: [url('/a')], failure: 'private_address' }, 'app');
    memory.note({ urls: [], failure: 'timeout' }, 'app');
    expect(memory.size).toBe(0);
  });

  it.each(['http_404', 'timeout', 'slow_body', 'too_large', 'first_byte_timeout', 'bad_redirect'] as const)(
    '%s at the end of a redirect is booked on the url that was sent alone',
    (failure) => {
      const memory = failing();
      memory.note({ urls: [url('/sent'), url('http://victim.example/good')], failure }, 'app');
      expect(() => memory.check(url('http://victim.example/good'), 'app')).not.toThrow();
      expect(() => memory.check(url('/sent'), 'app')).toThrow('This url failed');
      expect(memory.size).toBe(1);
    },
  );
});
