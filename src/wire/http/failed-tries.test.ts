import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFailedTries, type TriesRefused } from './failed-tries.ts';

function triesAt(perMinute = 60, mostAddresses = 100) {
  const time = { now: 0 };
  const reports: TriesRefused[] = [];
  const tries = createFailedTries({
    perMinute,
    mostAddresses,
    clock: () => time.now,
    onRefused: (report) => reports.push(report),
  });
  const failAll = (address: string, times: number) =>
    Array.from({ length: times }, () => tries.fail(address)).filter((fault) => fault !== null).length;
  return { tries, time, reports, failAll };
}

describe('failed tries', () => {
  it('are let through up to so many a minute, then refused with code 15 and the time to wait', () => {
    const { tries, failAll } = triesAt();
    expect([failAll('192.0.2.1', 60), tries.isOver('192.0.2.1')]).toEqual([0, true]);
    expect(tries.fail('192.0.2.1')).toMatchObject({
      kind: 'rate_limited',
      reason: 'failed_tries',
      retryAfter: 1,
    });
    expect([tries.isOver('192.0.2.2'), tries.fail('192.0.2.2')]).toEqual([false, null]);
  });

  it('are let through again as time goes by, also where refused ones went on', () => {
    const { tries, time, failAll } = triesAt(6);
    failAll('192.0.2.1', 6);
    expect(tries.fail('192.0.2.1')).toMatchObject({ retryAfter: 10 });
    time.now = 9_900;
    expect([failAll('192.0.2.1', 50), tries.isOver('192.0.2.1')]).toEqual([50, true]);
    time.now = 10_000;
    expect([tries.fail('192.0.2.1'), tries.isOver('192.0.2.1')]).toEqual([null, true]);
    time.now = 1e9;
    expect(failAll('192.0.2.1', 7)).toBe(1);
  });

  it('are counted together for an IPv6 network of 64 bits, and for all callers that are unknown', () => {
    const { tries, failAll } = triesAt(10);
    failAll('2001:db8:1:2::1', 5);
    failAll('2001:db8:1:2:ffff::9', 5);
    failAll('unknown', 10);
    expect([tries.isOver('2001:db8:1:2::77'), tries.isOver('2001:db8:1:3::1')]).toEqual([true, false]);
    expect([tries.isOver('unknown'), tries.isOver('::ffff:192.0.2.1')]).toEqual([true, false]);
  });

  it('are forgotten where addresses are too many, the oldest first', () => {
    const { tries, failAll } = triesAt(2, 3);
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']) failAll(address, 2);
    expect(tries.counts.addresses).toBe(3);
    expect([tries.isOver('192.0.2.1'), tries.isOver('192.0.2.4')]).toEqual([false, true]);
  });

  it('are reported at most every ten seconds', () => {
    const { tries, time, reports, failAll } = triesAt(1);
    failAll('192.0.2.1', 4);
    time.now = 10_000;
    failAll('192.0.2.1', 1);
    expect(reports.map(({ refused }) => refused)).toEqual([1, 3]);
    expect(tries.counts.refused).toBe(4);
  });

  it('never pass more than the burst and the rate, however they are spread', () => {
    const steps = fc.array(fc.nat(5000), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 50 }), (waits, perMinute) => {
        const { tries, time } = triesAt(perMinute);
        let passed = 0;
        for (const wait of waits) {
          time.now += wait;
          if (tries.fail('192.0.2.1') === null) passed++;
        }
        expect(passed).toBeLessThanOrEqual(perMinute + (time.now * perMinute) / 60_000 + 1e-6);
      }),
    );
  });
});
