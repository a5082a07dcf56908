/** Places that apps share, so that none of them takes all. */
export interface Shares {
  /**
   * Waits for a place. Those who ask for the same app wait in the order of arrival; the apps take turns.
   * @param app undefined: one who shares with nobody, such as a batch; every free place is theirs
   * @returns gives the place back; calling it twice does no harm
   * @throws {Error} the signal's reason when it is aborted before
   */
  enter(app: string | undefined, signal: AbortSignal): Promise<() => void>;
  readonly running: number;
  readonly waiting: number;
}

/** An app may hold so many times what is free, before its next place is taken. */
const TIMES_FREE = 3;

/**
 * How many places an app alone gets: three quarters, rounded down, and one at least. What is left is shared
 * by the same rule, so the second greedy app gets three quarters of the rest, and an app that holds nothing
 * gets the very last place.
 */
export function createShares(places: number): Shares {
  const held = new Map<string | undefined, number>();
  /** By app, in the order of their turns; a Set gives up one in the middle without moving the others. */
  const lines = new Map<string | undefined, Set<() => void>>();
  let running = 0;
  let waiting = 0;

  const may = (app: string | undefined): boolean => {
    const free = places - running;
    const own = held.get(app) ?? 0;
    if (free <= 0 || app === undefined || own === 0) return free > 0;
    return free > 1 && own < TIMES_FREE * free;
  };
  const take = (app: string | undefined): (() => void) => {
    running++;
    held.set(app, (held.get(app) ?? 0) + 1);
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      running--;
      const rest = (held.get(app) ?? 1) - 1;
      if (rest === 0) held.delete(app);
      else held.set(app, rest);
      handOn();
    };
  };
  const leaveLine = (app: string | undefined, line: Set<() => void>, go: () => void) => {
    if (!line.delete(go)) return;
    waiting--;
    if (line.size === 0) lines.delete(app);
  };
  const handOn = () => {
    for (let next = nextLine(); next !== undefined; next = nextLine()) {
      const [app, line] = next;
      const [go] = line;
      lines.delete(app);
      if (line.size > 1) lines.set(app, line);
      go?.();
    }
  };
  const nextLine = () => {
    if (running >= places) return undefined;
    for (const entry of lines) if (may(entry[0])) return entry;
    return undefined;
  };

  return {
    enter(app, signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (may(app)) return Promise.resolve(take(app));
      return new Promise((resolve, reject) => {
        const line = lines.get(app) ?? new Set();
        lines.set(app, line);
        const leave = () => {
          leaveLine(app, line, go);
          reject(signal.reason);
        };
        const go = () => {
          leaveLine(app, line, go);
          signal.removeEventListener('abort', leave);
          resolve(take(app));
        };
        line.add(go);
        waiting++;
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    get running() {
      return running;
    },
    get waiting() {
      return waiting;
    },
  };
}
