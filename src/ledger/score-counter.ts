import { binOf, driftOf, SCORE_BINS, type ScoreDrift, type ScoreStore, windowsAt } from './score-drift.ts';
import type { Ledger, LedgerRow } from './types.ts';

/** What scores are counted with. */
export interface ScoreCounterParts {
  readonly store: ScoreStore;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly onTrouble: (error: unknown) => void;
  /** How often counts are written, and the drift is looked at, in ms; a minute, and five. */
  readonly writeMs?: number;
  readonly lookMs?: number;
}

/** Counts the scores of each app in memory, and writes them down now and then. */
export interface ScoreCounter {
  /** Takes note of a row that was written. Waits for nothing. */
  note(row: Pick<LedgerRow, 'appid' | 'verdict' | 'rawScore'>): void;
  /** The drift as it was last looked at. */
  readonly drift: readonly ScoreDrift[];
  /** Writes what is still here. */
  stop(): Promise<void>;
}

/** Apps and days that are counted between two times of writing; more are let go. */
const MOST_COUNTED = 10_000;

/**
 * Counts are statistics and no record: what was counted since the last writing is lost with the process, and
 * where the store does not answer it is tried again with the next.
 */
export function createScoreCounter(parts: ScoreCounterParts): ScoreCounter {
  const { store, clock, onTrouble, writeMs = 60_000, lookMs = 300_000 } = parts;
  let counted = new Map<string, number[]>();
  let drift: readonly ScoreDrift[] = [];
  let running = Promise.resolve();

  const add = (key: string, bins: readonly number[]) => {
    const known = counted.get(key);
    if (known === undefined && counted.size >= MOST_COUNTED) return;
    counted.set(key, known === undefined ? [...bins] : known.map((count, bin) => count + (bins[bin] ?? 0)));
  };
  const write = async () => {
    if (counted.size === 0) return;
    const taken = counted;
    counted = new Map();
    const counts = [...taken].map(([key, bins]) => ({ day: key.slice(0, 10), appid: key.slice(10), bins }));
    try {
      await store.addScores(counts);
    } catch (error) {
      for (const [key, bins] of taken) add(key, bins);
      onTrouble(error);
    }
  };
  const look = async () => {
    try {
      drift = driftOf(await store.scoreWindows(windowsAt(clock())));
    } catch (error) {
      drift = [];
      onTrouble(error);
    }
  };
  const queue = (work: () => Promise<void>) => {
    running = running.then(work);
    return running;
  };
  void queue(look);
  const timers = [setInterval(() => void queue(write), writeMs), setInterval(() => void queue(look), lookMs)];
  for (const timer of timers) timer.unref();
  return {
    note({ appid, verdict, rawScore }) {
      if (rawScore === null || (verdict !== 'live' && verdict !== 'attack')) return;
      const key = new Date(clock()).toISOString().slice(0, 10) + appid;
      let bins = counted.get(key);
      if (bins === undefined) {
        if (counted.size >= MOST_COUNTED) return;
        bins = new Array<number>(SCORE_BINS).fill(0);
        counted.set(key, bins);
      }
      const bin = binOf(rawScore);
      bins[bin] = (bins[bin] ?? 0) + 1;
    },
    get drift() {
      return drift;
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await queue(write);
    },
  };
}

/** The same ledger; the counter hears of each row that was written. */
export function countedLedger(ledger: Ledger, counter: Pick<ScoreCounter, 'note'>): Ledger {
  return {
    async append(row) {
      await ledger.append(row);
      counter.note(row);
    },
  };
}
