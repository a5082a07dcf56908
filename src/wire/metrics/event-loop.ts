import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** How late the main thread was with what was due, in seconds. */
export interface LoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Delays over a window of time that moves on by itself, so that two readers see the same and none takes from
 * the other.
 */
export interface DelayWindow {
  /** @param milliseconds how late something due came; below 0 counts as 0 */
  record(milliseconds: number): void;
  /** Over the last one to two windows. */
  read(): LoopDelay;
}

/** How often the delay is sampled, in ms. */
const EVERY_MS = 20;
const WINDOW_MS = 60_000;
/** A longer delay, such as a machine put to sleep, counts as this, in ms. */
const LONGEST_MS = 3_600_000;
/** Samples that one long delay counts for at most: a minute of standing still. */
const mostOfOne = WINDOW_MS / EVERY_MS;

/** @param clock milliseconds, never going back */
export function createDelayWindow(clock: () => number): DelayWindow {
  const make = () => createHistogram({ lowest: 1, highest: LONGEST_MS * 1000, figures: 3 });
  let since = clock();
  let before: RecordableHistogram | undefined;
  let now = make();
  const turn = () => {
    const passed = clock() - since;
    if (passed < WINDOW_MS) return;
    before = passed < 2 * WINDOW_MS ? now : undefined;
    now = make();
    since = clock();
  };
  return {
    record(milliseconds) {
      turn();
      // What would have come due while the thread stood still was late as well, each by less (as HdrHistogram
      // corrects it).
      let late = Math.min(LONGEST_MS, Math.max(0, milliseconds));
      for (let samples = 0; samples < mostOfOne; samples++) {
        now.record(Math.max(1, Math.round(late * 1000)));
        late -= EVERY_MS;
        if (late <= 0) break;
      }
    },
    read() {
      turn();
      const both = make();
      both.add(now);
      if (before !== undefined) both.add(before);
      if (both.count === 0) return { p50: 0, p99: 0, max: 0 };
      const seconds = (microseconds: number) => microseconds / 1e6;
      return {
        p50: seconds(both.percentile(50)),
        p99: seconds(both.percentile(99)),
        max: seconds(both.max),
      };
    },
  };
}

/** Watches this thread's event loop with a timer of its own, which keeps nothing alive. */
export interface LoopWatch {
  read(): LoopDelay;
  stop(): void;
}

export function watchLoop(clock: () => number = () => performance.now()): LoopWatch {
  const delays = createDelayWindow(clock);
  let due = clock() + EVERY_MS;
  const timer = setInterval(() => {
    delays.record(clock() - due);
    due = clock() + EVERY_MS;
  }, EVERY_MS);
  timer.unref();
  return { read: () => delays.read(), stop: () => clearInterval(timer) };
}
