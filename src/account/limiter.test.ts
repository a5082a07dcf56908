import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../faults.ts';
import type { Store } from '../store/open.ts';
import { temporaryFolder, temporaryStore } from '../store/test-support/temp-store.ts';
import { createLimiter } from './limiter.ts';
import type { App, AppLimits, Limiter, Permit } from './types.ts';

const start = Date.parse('2026-11-23T23:59:00Z');
const none: AppLimits = { requestsPerSecond: null, burst: null, concurrent: null, daily: null };

function app(limits: Partial<AppLimits>, appid = '1000001'): App {
  const policy = { threshold: null, profile: null, capture: null, review: null };
  return {
    appid,
    name: appid,
    state: 'active',
    buckets: [],
    limits: { ...none, ...limits },
    policy,
    createdAt: new Date(start),
  };
}

function limiterOn(store: Store): { limiter: Limiter; time: { now: number } } {
  const time = { now: start };
  return { limiter: createLimiter({ clock: () => time.now, usage: store.usage }), time };
}

/** `admitted`, or the reason and the seconds to wait. */
async function ask(limiter: Limiter, of: App): Promise<string> {
  try {
    (await limiter.admit(of)).release();
    return 'admitted';
  } catch (error) {
    if (error instanceof Fault && error.kind === 'rate_limited') return `${error.reason} ${error.retryAfter}`;
    throw error;
  }
}

async function admittedOf(limiter: Limiter, of: App, times: number): Promise<number> {
  let admitted = 0;
  for (let i = 0; i < times; i += 1) if ((await ask(limiter, of)) === 'admitted') admitted += 1;
  return admitted;
}

describe('without limits', () => {
  it('everything is admitted', async () => {
    const { limiter } = limiterOn(await temporaryStore());
    expect(await admittedOf(limiter, app({}), 1000)).toBe(1000);
  });
});

describe('the rate', () => {
  it("admits a second's worth and the burst at once, then one at a time", async () => {
    const { limiter, time } = limiterOn(await temporaryStore());
    const limited = app({ requestsPerSecond: 5, burst: 10 });
    expect(await admittedOf(limiter, limited, 100)).toBe(15);
    expect(await ask(limiter, limited)).toBe('rate 1');
    time.now += 200;
    expect(await admittedOf(limiter, limited, 100)).toBe(1);
    time.now += 60_000;
    expect(await admittedOf(limiter, limited, 100)).toBe(15);
  });

  it('below one a second says how long to wait', async () => {
    const { limiter, time } = limiterOn(await temporaryStore());
    const limited = app({ requestsPerSecond: 0.1 });
    expect(await ask(limiter, limited)).toBe('admitted');
    expect(await ask(limiter, limited)).toBe('rate 10');
    time.now += 9_999;
    expect(await ask(limiter, limited)).toBe('rate 1');
    time.now += 1;
    expect(await ask(limiter, limited)).toBe('admitted');
  });

  it('is counted app by app', async () => {
    const { limiter } = limiterOn(await temporaryStore());
    expect(await admittedOf(limiter, app({ requestsPerSecond: 1 }), 3)).toBe(1);
    expect(await admittedOf(limiter, app({ requestsPerSecond: 1 }, '1000002'), 3)).toBe(1);
  });

  it('counts at once when it is changed or lifted', async () => {
    const { limiter, time } = limiterOn(await temporaryStore());
    expect(await admittedOf(limiter, app({ requestsPerSecond: 1 }), 5)).toBe(1);
    expect(await admittedOf(limiter, app({}), 50)).toBe(50);
    time.now += 1000;
    expect(await admittedOf(limiter, app({ requestsPerSecond: 3 }), 5)).toBe(3);
  });

  it('does not give way when the clock is set back', async () => {
    const { limiter, time } = limiterOn(await temporaryStore());
    const limited = app({ requestsPerSecond: 2 });
    expect(await admittedOf(limiter, limited, 5)).toBe(2);
    time.now -= 3_600_000;
    expect(await admittedOf(limiter, limited, 5)).toBe(0);
    time.now += 500;
    expect(await admittedOf(limiter, limited, 5)).toBe(1);
  });

  it('never admits more than the bucket holds and the time brings, in any pattern', async () => {
    const store = await temporaryStore();
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 0, max: 3000 }), calls: fc.integer({ min: 0, max: 20 }) }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        fc.integer({ min: 0, max: 10 }),
        steps,
        async (rate, burst, pattern) => {
          const { limiter, time } = limiterOn(store);
          let admitted = 0;
          for (const { wait, calls } of pattern) {
            time.now += wait;
            admitted += await admittedOf(limiter, app({ requestsPerSecond: rate, burst }), calls);
            const allowed = Math.max(1, rate) + burst + ((time.now - start) / 1000) * rate;
            expect(admitted).toBeLessThanOrEqual(allowed + 1e-6);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('requests at once', () => {
  it('are held, and a place comes back exactly once', async () => {
    const { limiter } = limiterOn(await temporaryStore());
    const limited = app({ concurrent: 2 });
    const permits: Permit[] = [await limiter.admit(limited), await limiter.admit(limited)];
    expect(await ask(limiter, limited)).toBe('concurrent 1');
    permits[0]!.release();
    permits[0]!.release();
    const third = await limiter.admit(limited);
    expect(await ask(limiter, limited)).toBe('concurrent 1');
    permits[1]!.release();
    third.release();
    expect(await ask(limiter, limited)).toBe('admitted');
  });

  it('hold for calls that are made at the same moment', async () => {
    const { limiter } = limiterOn(await temporaryStore());
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => limiter.admit(app({ concurrent: 3, daily: 100 }))),
    );
    expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(3);
  });
});

describe('the day', () => {
  it('ends at midnight UTC, and says how long that is', async () => {
    const { limiter, time } = limiterOn(await temporaryStore());
    const limited = app({ daily: 3 });
    expect(await admittedOf(limiter, limited, 5)).toBe(3);
    expect(await ask(limiter, limited)).toBe('daily 60');
    time.now += 59_999;
    expect(await ask(limiter, limited)).toBe('daily 1');
    time.now += 1;
    expect(await admittedOf(limiter, limited, 5)).toBe(3);
  });

  it('is remembered across a restart and shared by two processes', async () => {
    const dataDir = await temporaryFolder();
    const [one, two] = [await temporaryStore({ dataDir }), await temporaryStore({ dataDir })];
    const limited = app({ daily: 10 });
    expect(await admittedOf(limiterOn(one).limiter, limited, 4)).toBe(4);
    const both = [limiterOn(one).limiter, limiterOn(two).limiter];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(both[i % 2]!, limited)));
    expect(answers.filter((one) => one === 'admitted')).toHaveLength(6);
    await one.close();
    await two.close();
    const again = await temporaryStore({ dataDir });
    expect(await ask(limiterOn(again).limiter, limited)).toBe('daily 60');
    expect(await again.usage.used('1000001', '2026-11-23')).toBe(10);
  });

  it('is not charged for a request that rate or concurrency refuse', async () => {
    const store = await temporaryStore();
    const { limiter } = limiterOn(store);
    await admittedOf(limiter, app({ requestsPerSecond: 2, daily: 100 }), 10);
    expect(await store.usage.used('1000001', '2026-11-23')).toBe(2);
  });

  it('refuses with 108 when its store does not answer, and the place is free again', async () => {
    const store = await temporaryStore();
    const { limiter } = limiterOn(store);
    await store.close();
    const limited = app({ daily: 10, concurrent: 1 });
    await expect(limiter.admit(limited)).rejects.toMatchObject({ kind: 'state_unavailable' });
    await expect(limiter.admit(limited)).rejects.toMatchObject({ kind: 'state_unavailable' });
    expect(await ask(limiter, app({ concurrent: 1 }))).toBe('admitted');
  });
});

describe('the pictures of a batch', () => {
  const batch = (limiter: Limiter, of: App, pictures: number) =>
    limiter.countPictures(of, pictures).then(
      () => 'counted',
      (error: Fault) => `${error.reason} ${error.retryAfter}: ${error.message}`,
    );

  it('count for the day, all of them or none, and the rest is left for other requests', async () => {
    const store = await temporaryStore();
    const { limiter, time } = limiterOn(store);
    const limited = app({ daily: 10 });
    expect(await ask(limiter, limited)).toBe('admitted');
    expect(await batch(limiter, limited, 10)).toMatch(
      /^daily \d+: the batch has 10 pictures; \d+ has 9 of its 10 requests of .* left$/,
    );
    expect(await batch(limiter, limited, 7)).toBe('counted');
    expect(await admittedOf(limiter, limited, 9)).toBe(2);
    expect(await batch(limiter, limited, 1)).toContain('has 0 of its 10');
    time.now += 86_400_000;
    expect(await batch(limiter, limited, 11)).toContain('daily');
    expect(await batch(limiter, limited, 10)).toBe('counted');
    expect(await batch(limiter, app({}), 1e9)).toBe('counted');
  });
});
