import { lagOf } from './record-clock.ts';
import type { LedgerReader, RecordClock, Upkeep } from './types.ts';

/** What letting go of old records works with. */
export interface RetentionParts {
  readonly ledger: Pick<LedgerReader, 'prune'>;
  readonly upkeep: Pick<Upkeep, 'lookAtClock' | 'sweep'>;
  /** Records of requests older than this many days go; null: they stay until somebody deletes them. */
  readonly days: number | null;
  /** Lets go of more that is over by this time; how many rows went. */
  readonly sweepMore?: (time: number) => Promise<number>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Milliseconds that go by evenly, whatever is done to the clock. */
  readonly evenClock: () => number;
  /**
   * Told how many ledger rows went, and how many others (ended answers, signatures, counts), when any did.
   */
  readonly onPruned: (rows: number, others: number) => void;
  /**
   * Told in every round in which the clock jumped (nothing is deleted then), or is still ahead of the record
   * time.
   */
  readonly onClock: (clock: RecordClock, seen: 'jumped' | 'behind') => void;
  /** Called for a failure; the next round tries again. */
  readonly onTrouble: (error: unknown) => void;
  /** Time between two rounds, in ms (default one hour). */
  readonly everyMs?: number;
}

/** What is known of the clock, for /metrics. */
export interface ClockSeen {
  /** How far the record time is behind the clock, in ms. */
  readonly lagMs: number;
  readonly jumps: { readonly forward: number; readonly back: number };
}

/** A running retention. */
export interface Retention {
  readonly seen: ClockSeen;
  /** Does a round now, unless one runs; resolves when it is over. */
  round(): Promise<void>;
  /** Ends it; resolves when a round that runs is over. */
  stop(): Promise<void>;
}

const HOUR = 3_600_000;
const DAY = 86_400_000;

/**
 * Delete what is over age or has ended, at once and then every hour. Age is told by the record time
 * (`record-clock.ts`), so that a clock that jumps does not let everything go in one round. Rounds never
 * overlap, and do not keep the process alive.
 */
export function startRetention(parts: RetentionParts): Retention {
  const { ledger, upkeep, days, clock, evenClock, onTrouble, everyMs = HOUR } = parts;
  let running: Promise<void> | null = null;
  let lookedAt: number | null = null;
  const jumps = { forward: 0, back: 0 };
  let lagMs = 0;

  async function lookAtClock(): Promise<{ readonly time: number; readonly jumped: boolean }> {
    const even = evenClock();
    const looked = await upkeep.lookAtClock(clock(), lookedAt === null ? null : even - lookedAt);
    lookedAt = even;
    const { jump } = looked.clock;
    lagMs = lagOf(looked.clock);
    if (looked.jumped && jump !== null) jumps[jump.byMs > 0 ? 'forward' : 'back'] += 1;
    if (looked.jumped) parts.onClock(looked.clock, 'jumped');
    else if (lagMs > HOUR) parts.onClock(looked.clock, 'behind');
    return { time: looked.clock.time, jumped: looked.jumped };
  }

  async function round(): Promise<void> {
    try {
      const { time, jumped } = await lookAtClock();
      if (jumped) return;
      const rows = days === null ? 0 : await ledger.prune(new Date(time - days * DAY));
      const others = (await upkeep.sweep(time)) + ((await parts.sweepMore?.(time)) ?? 0);
      if (rows + others > 0) parts.onPruned(rows, others);
    } catch (error) {
      onTrouble(error);
    }
  }

  function begin(): Promise<void> {
    running ??= round().finally(() => {
      running = null;
    });
    return running;
  }

  void begin();
  const timer = setInterval(() => void begin(), everyMs);
  timer.unref();
  return {
    get seen() {
      return { lagMs, jumps: { ...jumps } };
    },
    round: begin,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
