import type { LedgerReader } from './types.ts';

/** What keeping the ledger short works with. */
export interface RetentionParts {
  readonly ledger: Pick<LedgerReader, 'prune'>;
  /** Rows older than this many days go. */
  readonly days: number;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Told how many rows went, when any did. */
  readonly onPruned: (rows: number) => void;
  /** Told of a failure; the next round tries again. */
  readonly onTrouble: (error: unknown) => void;
  /** Time between two rounds, in ms (default one hour). */
  readonly everyMs?: number;
}

/** A running retention. */
export interface Retention {
  /** Ends it; resolves when a round that runs is over. */
  stop(): Promise<void>;
}

const hour = 3_600_000;
const day = 86_400_000;

/** Delete what is over age, at once and then every hour. Rounds never overlap, and do not keep the process alive. */
export function startRetention(parts: RetentionParts): Retention {
  const { ledger, days, clock, onPruned, onTrouble, everyMs = hour } = parts;
  let running: Promise<void> | null = null;

  async function round(): Promise<void> {
    try {
      const rows = await ledger.prune(new Date(clock() - days * day));
      if (rows > 0) onPruned(rows);
    } catch (error) {
      onTrouble(error);
    }
  }

  function begin(): void {
    running ??= round().finally(() => {
      running = null;
    });
  }

  begin();
  const timer = setInterval(begin, everyMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
