import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDelayWindow, watchLoop } from './event-loop.ts';

/** Buckets of the histogram are a thousandth wide. */
const near = (seconds: number) => expect.closeTo(seconds, 3);

describe('delays over a moving window', () => {
  it('are 0 where nothing was seen', () => {
    expect(createDelayWindow(() => 0).read()).toEqual({ p50: 0, p99: 0, max: 0 });
  });

  it('have median, 99th percentile and the longest', () => {
    const window = createDelayWindow(() => 0);
    for (let at = 0; at < 98; at++) window.record(2);
    for (let at = 0; at < 2; at++) window.record(15);
    expect(window.read()).toEqual({ p50: near(0.002), p99: near(0.015), max: near(0.015) });
  });

  it('count for all the time the thread stood still', () => {
    const window = createDelayWindow(() => 0);
    // A second on time, a second late: of 100 samples that should have come 50 were late, by 1000, 980, … ms.
    for (let at = 0; at < 50; at++) window.record(0);
    window.record(1000);
    expect(window.read()).toEqual({ p50: near(0), p99: near(0.98), max: near(1) });
  });

  it('are forgotten after the next window, not before', () => {
    let now = 0;
    const window = createDelayWindow(() => now);
    window.record(10);
    now = 61_000;
    window.record(1);
    expect(window.read().max).toEqual(near(0.01));
    now = 122_000;
    window.record(1);
    expect(window.read().max).toEqual(near(0.001));
  });

  it('are forgotten when nothing was seen for two windows', () => {
    let now = 0;
    const window = createDelayWindow(() => now);
    window.record(10);
    now = 120_000;
    expect(window.read().max).toBe(0);
  });

  it('take what cannot be: early, or a machine that slept for a day', () => {
    const window = createDelayWindow(() => 0);
    window.record(-5);
    window.record(86_400_000);
    expect(window.read().max).toBeCloseTo(3600, -1);
  });
});

describe('the watch', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('sees how late its timer is', () => {
    let late = 0;
    const watch = watchLoop(() => Date.now() + late);
    vi.advanceTimersByTime(1000);
    expect(watch.read().max).toBeLessThan(0.001);
    late = 300;
    vi.advanceTimersByTime(20);
    expect(watch.read().max).toEqual(near(0.3));
    watch.stop();
    late = 5000;
    vi.advanceTimersByTime(1000);
    expect(watch.read().max).toEqual(near(0.3));
  });
});
