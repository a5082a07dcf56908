import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { describeWhere } from '../../../test/support/only-where.ts';
import type { StoreCall } from '../../ledger/store-health.ts';
import { type Durable, openRedis, type SharedState } from './open.ts';
import { redisOfTests, TestRedis, whyNoRedis } from './test-support/server.ts';

/** Counts of the day, and whether signatures were used, as a database would keep them. */
function memoryUsage(): Durable & { readonly counts: Map<string, number> } {
  const counts = new Map<string, number>();
  let isNoted = false;
  return {
    counts,
    hasSignatures: async () => isNoted,
    noteElsewhere: async () => {
      isNoted = true;
    },
    consume: async () => null,
    used: async (appid, day) => counts.get(`${appid} ${day}`) ?? 0,
    raise: async (appid, day, count) => {
      counts.set(`${appid} ${day}`, Math.max(count, counts.get(`${appid} ${day}`) ?? 0));
    },
  };
}

let prefixes = 0;

describeWhere(whyNoRedis === null, whyNoRedis ?? '')('what nodes share on Redis', () => {
  const of = redisOfTests();
  const day = '2026-11-29';

  async function nodes(
    count: number,
    usage = memoryUsage(),
    { redis = of.redis, ...parts }: { readonly redis?: TestRedis; readonly timeoutMs?: number } = {},
  ): Promise<readonly SharedState[]> {
    prefixes += 1;
    const settings = redis.settings({ prefix: `test${prefixes}:`, ...parts });
    return Promise.all(
      Array.from({ length: count }, async () => {
        const state = await openRedis(settings, usage, () => {});
        onTestFinished(() => state.close());
        return state;
      }),
    );
  }
  const soon = () => new Date(Date.now() + 60_000);
  const count = <T>(values: readonly T[], wanted: T) => values.filter((one) => one === wanted).length;

  it('says what its calls took, and that none waits', async () => {
    const [state] = (await nodes(1)) as [SharedState];
    const calls: StoreCall[] = [];
    state.redis.listen((call) => calls.push(call));
    await Promise.all([state.replay.remember('seen', soon()), state.check()]);
    expect(calls.length).toBeGreaterThanOrEqual(2);
    expect(calls.every(({ seconds, failure }) => seconds > 0 && failure === null)).toBe(true);
    expect(state.redis.waiting()).toBe(0);
  });

  it('accepts each of 10 000 signatures exactly once, tried by four nodes in the same instant', async () => {
    const stores = await nodes(4);
    const tries = Array.from({ length: 10_000 }, (_, i) => i);
    let accepted = 0;
    for (let at = 0; at < tries.length; at += 500) {
      const taken = await Promise.all(
        tries
          .slice(at, at + 500)
          .flatMap((i) => stores.map(({ replay }) => replay.remember(`signature-${i}`, soon()))),
      );
      accepted += count(taken, true);
    }
    expect(accepted).toBe(10_000);
  });

  it('holds an app to one rate over four nodes, within 5 %', async () => {
    const stores = await nodes(4);
    const rate = 200;
    const ask = async (times: number) => {
      const asked = stores.flatMap(({ rates }) =>
        Array.from({ length: times }, () => rates.take('1', rate, rate)),
      );
      const taken = await Promise.all(asked);
      for (const wait of taken) if (wait !== null) expect(wait).toBeLessThanOrEqual(1 / rate + 0.002);
      return count(taken, null);
    };
    const began = performance.now();
    let admitted = await ask(2);
    const full = performance.now();
    let [before, overflowed] = [full, 0];
    while (performance.now() - began < 1500) {
      const from = performance.now();
      admitted += await ask(2);
      // The bucket holds a second's worth: what came in after that while nobody asked is lost.
      overflowed += Math.max(0, performance.now() - before - 1000);
      before = from;
    }
    const last = performance.now();
    admitted += await ask(rate);
    const allowed = (milliseconds: number) => rate + (rate * milliseconds) / 1000;
    expect(admitted / allowed(last - full - overflowed)).toBeGreaterThan(0.95);
    expect(admitted / allowed(performance.now() - began)).toBeLessThan(1.05);
  });

  it('holds an app to its simultaneous requests over four nodes; what is given back can be taken', async () => {
    const stores = await nodes(4);
    const taken = await Promise.all(
      stores.flatMap(({ permits }) => Array.from({ length: 20 }, () => permits.take('1', 30))),
    );
    const held = taken.filter((one) => one !== null);
    expect(held).toHaveLength(30);
    for (const release of held.slice(0, 7)) release();
    await expect
      .poll(async () => Number(await of.redis.command('zcard', `test${prefixes}:permits:1`)))
      .toBe(23);
    const again = await Promise.all(Array.from({ length: 20 }, () => stores[0]?.permits.take('1', 30)));
    expect(again.filter((one) => one !== null)).toHaveLength(7);
    expect(await stores[1]?.permits.take('2', 1)).not.toBeNull();
  });

  it('gives the permits of a node that ended without a word to others', async () => {
    const [one, other] = (await nodes(2)) as [SharedState, SharedState];
    for (let i = 0; i < 3; i += 1) expect(await one.permits.take('1', 3)).not.toBeNull();
    expect(await other.permits.take('1', 3)).toBeNull();
    await one.close();
    // As if ten seconds went by without a word of the first one.
    const key = `test${prefixes}:permits:1`;
    for (const id of (await of.redis.command('zrange', key, '0', '-1')) as string[])
      await of.redis.command('zadd', key, 'XX', '1', id);
    expect(await other.permits.take('1', 3)).not.toBeNull();
  });

  it('counts the requests of a day together, up to the limit, and writes the count down', async () => {
    const usage = memoryUsage();
    usage.counts.set(`1 ${day}`, 10);
    const stores = await nodes(4, usage);
    const counted = await Promise.all(
      stores.flatMap((store) => Array.from({ length: 40 }, () => store.usage.consume('1', day, 100))),
    );
    expect(count(counted, null)).toBe(70);
    expect(new Set(counted).size).toBe(91);
    expect(await stores[0]?.usage.used('1', day)).toBe(100);
    for (const store of stores) await store.usage.close();
    expect(usage.counts.get(`1 ${day}`)).toBe(100);
  });

  it('goes on from the written count when the server lost its own', async () => {
    const usage = memoryUsage();
    const [store] = (await nodes(1, usage)) as [SharedState];
    for (let i = 0; i < 5; i += 1) await store.usage.consume('1', day, 6);
    await expect.poll(() => usage.counts.get(`1 ${day}`)).toBe(5);
    await of.redis.command('flushall');
    expect(await store.usage.consume('1', day, 6, 2)).toBeNull();
    expect(await store.usage.consume('1', day, 6)).toBe(6);
    expect(await store.usage.consume('1', day, 6)).toBeNull();
  });

  const forgotten = { kind: 'state_unavailable', reason: 'store_forgot' };

  it('takes signatures from before the very first start, and none from before a later memory', async () => {
    const usage = memoryUsage();
    const issued = new Date(Date.now() + 60_000 - 5000);
    const [first] = (await nodes(1, usage)) as [SharedState];
    expect(await first.replay.remember('before', issued)).toBe(true);
    const [other] = (await nodes(1, usage)) as [SharedState];
    await expect(other.replay.remember('before', issued)).rejects.toMatchObject(forgotten);
  });

  it('refuses signatures that may have been used before its memory was lost, with a time ahead of it too', async () => {
    const [store] = (await nodes(1)) as [SharedState];
    const used = soon();
    // Its time lies 90 ms ahead; 100 are allowed.
    const ahead = new Date(Date.now() + 60_090);
    expect(await store.replay.remember('used', used)).toBe(true);
    expect(await store.replay.remember('ahead', ahead)).toBe(true);
    await of.redis.command('flushall');
    await expect(store.replay.remember('used', used)).rejects.toMatchObject(forgotten);
    await expect(store.replay.remember('ahead', ahead)).rejects.toMatchObject(forgotten);
    await sleep(150);
    expect(await store.replay.remember('new', new Date(Date.now() + 60_000))).toBe(true);
  });

  it('started again from an older copy: signatures from before are refused', async () => {
    const redis = await TestRedis.start();
    onTestFinished(() => redis.remove());
    const [store] = (await nodes(1, memoryUsage(), { redis })) as [SharedState];
    await redis.command('save');
    const used = soon();
    expect(await store.replay.remember('used', used)).toBe(true);
    await redis.down('SIGKILL');
    await redis.up();
    await expect.poll(() => store.check().then(() => 'ok', String)).toBe('ok');
    await expect(store.replay.remember('used', used)).rejects.toMatchObject(forgotten);
  });

  it('brings the permits of requests that run back after they were lost', async () => {
    const [one, other] = (await nodes(2)) as [SharedState, SharedState];
    expect(await one.permits.take('1', 1)).not.toBeNull();
    await of.redis.command('flushall');
    await expect.poll(() => other.permits.take('2', 1).then((found) => found !== null)).toBe(true);
    const key = `test${prefixes}:permits:1`;
    await expect.poll(() => of.redis.command('zcard', key)).toBe(1);
    expect(await other.permits.take('1', 1)).toBeNull();
  });

  it('keeps apart what installations with different prefixes keep', async () => {
    const [one] = (await nodes(1)) as [SharedState];
    const [other] = (await nodes(1)) as [SharedState];
    expect(await one.replay.remember('a', soon())).toBe(true);
    expect(await other.replay.remember('a', soon())).toBe(true);
  });

  it('stopped: calls are refused at once; started again, all goes on', async () => {
    const redis = await TestRedis.start('--appendonly', 'yes', '--appendfsync', 'always');
    onTestFinished(() => redis.remove());
    const [store] = (await nodes(1, memoryUsage(), { redis })) as [SharedState];
    const until = soon();
    expect(await store.replay.remember('a', until)).toBe(true);
    await redis.down('SIGKILL');
    await expectRefusals(store);
    await redis.up();
    await expect.poll(() => store.check().then(() => 'ok', String)).toBe('ok');
    expect(await store.replay.remember('a', until)).toBe(false);
    expect([await store.replay.isUsed('a'), await store.replay.isUsed('never')]).toEqual([true, false]);
  });

  it('paused: calls are refused in their time; going on, all goes on', async () => {
    const redis = await TestRedis.start();
    onTestFinished(() => redis.remove());
    const [store] = (await nodes(1, memoryUsage(), { redis, timeoutMs: 2000 })) as [SharedState];
    redis.signal('SIGSTOP');
    await expectRefusals(store);
    redis.signal('SIGCONT');
    await expect.poll(() => store.check().then(() => 'ok', String)).toBe('ok');
    expect(await store.replay.remember('b', soon())).toBe(true);
  });

  it('full: calls are refused with what is full', async () => {
    const redis = await TestRedis.start('--maxmemory', '1', '--maxmemory-policy', 'noeviction');
    onTestFinished(() => redis.remove());
    const opening = openRedis(redis.settings(), memoryUsage(), () => {});
    await expect(opening).rejects.toMatchObject({ kind: 'state_unavailable', reason: 'store_full' });
  });

  it('that may throw keys away is refused', async () => {
    const redis = await TestRedis.start('--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru');
    onTestFinished(() => redis.remove());
    const opening = openRedis(redis.settings(), memoryUsage(), () => {});
    await expect(opening).rejects.toMatchObject({ kind: 'state_unavailable', reason: 'store_evicts' });
    await expect(opening).rejects.toThrow(/^redis \d.* may forget used signatures/);
  });

  it('not there, or with another password: the opening says so, and holds no password', async () => {
    const absent = { ...of.redis.settings(), url: 'redis://u:thesecretword@127.0.0.1:1/0' };
    const redis = await TestRedis.start('--requirepass', 'right');
    onTestFinished(() => redis.remove());
    for (const [settings, reason] of [
      [absent, 'store_unreachable'],
      [redis.settings({ password: 'thesecretword' }), 'store_refused'],
    ] as const) {
      const opening = openRedis(settings, memoryUsage(), () => {});
      await expect(opening).rejects.toMatchObject({ kind: 'state_unavailable', reason });
      await expect(opening).rejects.not.toThrow(/thesecretword/);
    }
  });
});

/** Every call is refused with the kind of the state that nodes share, in its time. */
async function expectRefusals({ replay, rates, permits, usage, check }: SharedState): Promise<void> {
  const calls = [
    replay.remember('x', new Date(Date.now() + 60_000)),
    rates.take('1', 1, 1),
    permits.take('1', 1),
    usage.consume('1', '2026-11-29', 5),
    check(),
  ];
  for (const call of await Promise.allSettled(calls)) {
    expect(call).toMatchObject({
      status: 'rejected',
      reason: { kind: 'state_unavailable', reason: expect.stringMatching(/^store_(?:unreachable|timeout)$/) },
    });
  }
}
