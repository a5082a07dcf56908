import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGate, type Place } from './gate.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** One worker, held; room for ten at 100 ms each. */
async function heldGate() {
  const time = { now: 0 };
  const gate = createGate({ places: 1, maxWaitMs: 1250, firstGuessMs: 100, clock: () => time.now });
  let held = await gate.enter();
  const order: string[] = [];
  const refused: string[] = [];
  const ask = (app: string, name = app) =>
    gate.enter({ app }).then(
      (place) => {
        order.push(name);
        held = place;
      },
      (fault: { reason: string }) => void refused.push(`${name} ${fault.reason}`),
    );
  const serve = async () => {
    held.release();
    await settled();
  };
  return { gate, ask, serve, order, refused };
}

describe('apps at the gate', () => {
  it('take turns, each in its own order', async () => {
    const { gate, ask, serve, order } = await heldGate();
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) void ask(name[0] as string, name);
    while (gate.waiting > 0) await serve();
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('where there is no room the longest line gives its newest for one of a shorter line', async () => {
    const { gate, ask, refused } = await heldGate();
    for (let at = 1; at <= 10; at++) void ask('flood', `f${at}`);
    expect(gate.refusal('flood')).toMatchObject({ kind: 'busy', reason: 'queue_full' });
    expect(gate.refusal('quiet')).toBeNull();
    expect(gate.refusal()).toBeNull();
    void ask('quiet');
    await settled();
    expect(refused).toEqual(['f10 queue_share']);
    expect(gate.waiting).toBe(10);
  });

  it('equal lines give nothing: the room is then full for all of them, and before a body is read', async () => {
    const { gate, ask, refused } = await heldGate();
    for (let at = 0; at < 10; at++) void ask(`app ${at}`);
    for (const app of ['app 3', 'another', undefined]) {
      expect(gate.refusal(app)).toMatchObject({ reason: 'queue_full', retryAfter: 2 });
    }
    await ask('another');
    expect(refused).toEqual(['another queue_full']);
  });

  it('two that flood share the room evenly', async () => {
    const { gate, ask, serve, order, refused } = await heldGate();
    for (let at = 0; at < 10; at++) void ask('first');
    for (let at = 0; at < 10; at++) void ask('second');
    while (gate.waiting > 0) await serve();
    const served = (app: string) => order.filter((name) => name === app).length;
    expect([served('first'), served('second')]).toEqual([5, 5]);
    expect(refused.filter((why) => why === 'first queue_share')).toHaveLength(5);
  });

  it('an app whose turns come seldom is told so at once, by what a turn of its own takes', async () => {
    const time = { now: 0 };
    const gate = createGate({ places: 1, maxWaitMs: 2000, firstGuessMs: 100, clock: () => time.now });
    let held = await gate.enter();
    const waits = new Set<string>();
    const ask = (app: string) => {
      waits.add(app);
      return gate.enter({ app }).then(
        (place) => {
          waits.delete(app);
          held = place;
        },
        () => {},
      );
    };
    // Nine others always have one waiting: the app has every tenth turn, and 2 s are room for one more of its own.
    const others = Array.from({ length: 9 }, (_, at) => `other ${at}`);
    for (let turn = 0; turn < 400; turn++) {
      void ask('big');
      for (const other of others) if (!waits.has(other)) void ask(other);
      time.now += 100;
      held.release();
      await settled();
    }
    expect(gate.refusal('big')).toMatchObject({ reason: 'queue_full' });
    expect(gate.waiting).toBeLessThan(9 + 4);
  });
});

interface World {
  readonly places: number;
  /** What a picture takes on average, in ms, and by what share more or less. */
  readonly pictureMs: number;
  readonly spread: number;
  /** Longest wait, in turns of the whole gate. */
  readonly boundTurns: number;
  /** How many times what can be done the one app asks for. */
  readonly flood: number;
  /** Turns of the whole gate between two pictures of the other app, at least. */
  readonly quietTurns: number;
  readonly chances: readonly number[];
}

/** Plays the flood and the quiet app against the gate by a clock of its own; what became of each picture. */
async function play(world: World) {
  const { places, pictureMs, spread, boundTurns, flood, quietTurns, chances } = world;
  const turnMs = pictureMs / places;
  const maxWaitMs = boundTurns * turnMs;
  const time = { now: 0 };
  const gate = createGate({ places, maxWaitMs, firstGuessMs: pictureMs, clock: () => time.now });
  let drawn = 0;
  /** From 0 to 1. */
  const chance = () => chances[drawn++ % chances.length] as number;
  const events: { at: number; app?: string; place?: Place }[] = [];
  for (let at = 0; at < 200 * turnMs; at += turnMs / flood) events.push({ at, app: 'flood' });
  for (let at = 20 * turnMs; at < 200 * turnMs; at += (1 + chance()) * quietTurns * turnMs) {
    events.push({ at, app: 'quiet' });
  }
  const waits: Record<string, number[]> = { flood: [], quiet: [] };
  const refused: Record<string, number> = { flood: 0, quiet: 0 };
  let idle = 0;
  while (events.length > 0) {
    const next = events.reduce((first, event) => (event.at < first.at ? event : first));
    events.splice(events.indexOf(next), 1);
    time.now = next.at;
    const { app, place } = next;
    place?.release();
    if (app !== undefined) {
      gate.enter({ app }).then(
        (given) => {
          waits[app]?.push(time.now - next.at);
          const takes = pictureMs * (1 + spread * (2 * chance() - 1));
          events.push({ at: time.now + takes, place: given });
        },
        () => {
          refused[app] = (refused[app] ?? 0) + 1;
        },
      );
    }
    await settled();
    if (gate.waiting > 0 && gate.running < places) idle++;
  }
  return { waits, refused, idle, maxWaitMs, turnMs };
}

it('beside an app that floods, one that asks for less than its share is always taken on and never waits too long', async () => {
  const worlds = fc.record({
    places: fc.integer({ min: 1, max: 8 }),
    pictureMs: fc.integer({ min: 10, max: 500 }),
    spread: fc.double({ min: 0, max: 0.5, noNaN: true }),
    boundTurns: fc.integer({ min: 10, max: 60 }),
    flood: fc.double({ min: 1.2, max: 6, noNaN: true }),
    quietTurns: fc.double({ min: 2.5, max: 20, noNaN: true }),
    chances: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 50, maxLength: 50 }),
  });
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const { waits, refused, idle, maxWaitMs } = await play(world);
      expect(refused.quiet).toBe(0);
      expect(Math.max(...(waits.quiet ?? []))).toBeLessThanOrEqual(maxWaitMs);
      expect(Math.max(...(waits.flood ?? []))).toBeLessThanOrEqual(maxWaitMs);
      // No worker is ever idle while a picture waits, and the flood has what the quiet app leaves.
      expect(idle).toBe(0);
      expect(waits.flood?.length).toBeGreaterThan(90);
    }),
    { numRuns: 60, seed: 5802 },
  );
});
