import { describe, expect, it } from 'vitest';
import { createGate, type Place } from './gate.ts';

function gateOf(options: { places?: number; maxWaitMs?: number; firstGuessMs?: number } = {}) {
  const time = { now: 0 };
  const gate = createGate({
    places: options.places ?? 2,
    maxWaitMs: options.maxWaitMs ?? 1000,
    firstGuessMs: options.firstGuessMs ?? 100,
    clock: () => time.now,
  });
  return { gate, time };
}

describe('gate', () => {
  it('lets in as many as there are places, and the rest one by one in their order', async () => {
    const { gate } = gateOf();
    const order: number[] = [];
    const held: Place[] = [];
    const all = Array.from({ length: 6 }, (_, at) =>
      gate.enter().then((place) => {
        order.push(at);
        held.push(place);
      }),
    );
    await Promise.resolve();
    expect([gate.running, gate.waiting]).toEqual([2, 4]);
    while (order.length < 6) {
      held.shift()?.release();
      await new Promise((resolve) => setImmediate(resolve));
      expect(gate.running).toBeLessThanOrEqual(2);
    }
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    for (const place of held) place.release();
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });

  it('a place given back twice is one place', async () => {
    const { gate } = gateOf({ places: 1 });
    const place = await gate.enter();
    place.release();
    place.release();
    await gate.enter();
    expect(gate.running).toBe(1);
  });

  it('refuses when the expected wait is too long, with that wait as Retry-After', async () => {
    const { gate } = gateOf({ places: 2, maxWaitMs: 1250, firstGuessMs: 1000 });
    await Promise.all([gate.enter(), gate.enter()]);
    expect(gate.refusal()).toBeNull();
    const waiting = [gate.enter(), gate.enter()];
    // Three in line before two workers of one second each: 1.5 s.
    expect(gate.refusal()).toMatchObject({ kind: 'busy', reason: 'queue_full', retryAfter: 2 });
    await expect(gate.enter()).rejects.toMatchObject({ kind: 'busy' });
    expect(gate.waiting).toBe(waiting.length);
  });

  it('with no wait allowed it takes on only what finds a free place', async () => {
    const { gate } = gateOf({ places: 1, maxWaitMs: 0 });
    const place = await gate.enter();
    expect(gate.refusal()).not.toBeNull();
    place.release();
    expect(gate.refusal()).toBeNull();
  });

  it('learns what a picture takes', async () => {
    const { gate, time } = gateOf({ places: 1, maxWaitMs: 500, firstGuessMs: 100 });
    for (let count = 0; count < 50; count++) {
      const place = await gate.enter();
      time.now += 600;
      place.release();
    }
    await gate.enter();
    expect(gate.refusal()?.retryAfter).toBe(1);
  });

  it('whoever gives up waiting leaves the line, and nobody else loses their turn', async () => {
    const { gate } = gateOf({ places: 1 });
    const first = await gate.enter();
    const leaving = new AbortController();
    const left = gate.enter({ signal: leaving.signal });
    const next = gate.enter();
    leaving.abort();
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    first.release();
    (await next).release();
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });

  it('whoever has given up before is not let in', async () => {
    const { gate } = gateOf();
    await expect(gate.enter({ signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(gate.running).toBe(0);
  });

  it('one picture that hangs does not make the next ones look slow', async () => {
    const { gate, time } = gateOf({ places: 1, maxWaitMs: 1000, firstGuessMs: 100 });
    const serve = async (milliseconds: number) => {
      const place = await gate.enter();
      time.now += milliseconds;
      place.release();
    };
    for (let count = 0; count < 20; count++) await serve(100);
    await serve(30_000);
    await gate.enter();
    expect(gate.refusal()).toBeNull();
  });

  it('whoever has waited longer than allowed is refused at its turn, and the next has it', async () => {
    const { gate, time } = gateOf({ places: 1, maxWaitMs: 1000 });
    const first = await gate.enter();
    const late = gate.enter({ app: 'a' });
    time.now = 600;
    const timely = gate.enter({ app: 'a' });
    time.now = 1001;
    first.release();
    await expect(late).rejects.toMatchObject({ kind: 'busy', reason: 'queue_overdue' });
    (await timely).release();
    expect([gate.running, gate.waiting]).toEqual([0, 0]);
  });
});
