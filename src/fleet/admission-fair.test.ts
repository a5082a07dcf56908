import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAdmission, type Permit } from './admission.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** One worker, busy; a queue for ten at 100 ms each. */
async function busyAdmission() {
  const time = { now: 0 };
  const admission = createAdmission({
    permits: 1,
    maxWaitMs: 1250,
    firstGuessMs: 100,
    clock: () => time.now,
  });
  let held = await admission.enter();
  const order: string[] = [];
  const refused: string[] = [];
  const ask = (app: string, name = app) =>
    admission.enter({ app }).then(
      (permit) => {
        order.push(name);
        held = permit;
      },
      (fault: { reason: string }) => void refused.push(`${name} ${fault.reason}`),
    );
  const serve = async () => {
    held.release();
    await settled();
  };
  return { admission, ask, serve, order, refused };
}

describe('admission of several apps', () => {
  it('take turns, each in its own order', async () => {
    const { admission, ask, serve, order } = await busyAdmission();
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) void ask(name[0] as string, name);
    while (admission.waiting > 0) await serve();
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('when the queue is full the longest line gives its newest for one of a shorter line', async () => {
    const { admission, ask, refused } = await busyAdmission();
    for (let at = 1; at <= 10; at++) void ask('flood', `f${at}`);
    expect(admission.refusal('flood')).toMatchObject({ kind: 'busy', reason: 'queue_full' });
    expect(admission.refusal('quiet')).toBeNull();
    expect(admission.refusal()).toBeNull();
    void ask('quiet');
    await settled();
    expect(refused).toEqual(['f10 queue_share']);
    expect(admission.waiting).toBe(10);
  });

  it('equal lines give nothing: the queue is then full for all of them, and before a body is read', async () => {
    const { admission, ask, refused } = await busyAdmission();
    for (let at = 0; at < 10; at++) void ask(`app ${at}`);
    for (const app of ['app 3', 'another', undefined]) {
      expect(admission.refusal(app)).toMatchObject({ reason: 'queue_full', retryAfter: 2 });
    }
    await ask('another');
    expect(refused).toEqual(['another queue_full']);
  });

  it('two that flood share the queue evenly', async () => {
    const { admission, ask, serve, order, refused } = await busyAdmission();
    for (let at = 0; at < 10; at++) void ask('first');
    for (let at = 0; at < 10; at++) void ask('second');
    while (admission.waiting > 0) await serve();
    const served = (app: string) => order.filter((name) => name === app).length;
    expect([served('first'), served('second')]).toEqual([5, 5]);
    expect(refused.filter((why) => why === 'first queue_share')).toHaveLength(5);
  });

  it('an app whose turns come seldom is refused at once, by what a turn of its own takes', async () => {
    const time = { now: 0 };
    const admission = createAdmission({
      permits: 1,
      maxWaitMs: 2000,
      firstGuessMs: 100,
      clock: () => time.now,
    });
    let held = await admission.enter();
    const waits = new Set<string>();
    const ask = (app: string) => {
      waits.add(app);
      return admission.enter({ app }).then(
        (permit) => {
          waits.delete(app);
          held = permit;
        },
        () => {},
      );
    };
    // Nine others always have one waiting: the app has every tenth turn, and 2 s are enough for one more of
    // its own.
    const others = Array.from({ length: 9 }, (_, at) => `other ${at}`);
    for (let turn = 0; turn < 400; turn++) {
      void ask('big');
      for (const other of others) if (!waits.has(other)) void ask(other);
      time.now += 100;
      held.release();
      await settled();
    }
    expect(admission.refusal('big')).toMatchObject({ reason: 'queue_full' });
    expect(admission.waiting).toBeLessThan(9 + 4);
  });
});

interface World {
  readonly permits: number;
  /** What a picture takes on average, in ms, and by what share more or less. */
  readonly pictureMs: number;
  readonly spread: number;
  /** Longest wait, in turns of the whole queue. */
  readonly boundTurns: number;
  /** How many times what can be done the one app asks for. */
  readonly flood: number;
  /** Turns of the whole queue between two pictures of the other app, at least. */
  readonly quietTurns: number;
  readonly chances: readonly number[];
}

/**
 * Plays the flood and the quiet app against the admission by a clock of its own; what became of each picture.
 */
async function play(world: World) {
  const { permits, pictureMs, spread, boundTurns, flood, quietTurns, chances } = world;
  const turnMs = pictureMs / permits;
  const maxWaitMs = boundTurns * turnMs;
  const time = { now: 0 };
  const admission = createAdmission({ permits, maxWaitMs, firstGuessMs: pictureMs, clock: () => time.now });
  let drawn = 0;
  /** From 0 to 1. */
  const chance = () => chances[drawn++ % chances.length] as number;
  const events: { at: number; app?: string; permit?: Permit }[] = [];
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
    const { app, permit } = next;
    permit?.release();
    if (app !== undefined) {
      admission.enter({ app }).then(
        (given) => {
          waits[app]?.push(time.now - next.at);
          const takes = pictureMs * (1 + spread * (2 * chance() - 1));
          events.push({ at: time.now + takes, permit: given });
        },
        () => {
          refused[app] = (refused[app] ?? 0) + 1;
        },
      );
    }
    await settled();
    if (admission.waiting > 0 && admission.running < permits) idle++;
  }
  return { waits, refused, idle, maxWaitMs, turnMs };
}

it('beside an app that floods, one that asks for less than its share is always taken on and never waits too long', async () => {
  const worlds = fc.record({
    permits: fc.integer({ min: 1, max: 8 }),
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
