/** What waits in a line: whose line it is. Those that name no app share one. */
export interface Waiting {
  readonly app: string | undefined;
}

/** What is known of one app's line. */
export interface LineState {
  readonly length: number;
  /** Mean time from one turn of this line to the next, in ms; undefined for a line that is empty. */
  readonly turnMs: number | undefined;
}

/** One line an app; the lines take turns. */
export interface Turns<W extends Waiting> {
  readonly size: number;
  /** How many wait in the longest line. */
  readonly longest: number;
  lineOf(app: string | undefined): LineState;
  /** The first of the line whose turn it is. */
  readonly first: W | undefined;
  /**
   * Puts one at the end of its app's line.
   * @param now ms
   * @param turnMs ms from one turn of any line to the next, the first guess for a new line
   */
  add(waiter: W, now: number, turnMs: number): void;
  /** Takes out the first of the line whose turn it is; that line then comes last. */
  next(now: number): W | undefined;
  /** Takes out the newest of the longest line. */
  dropNewestOfLongest(): W | undefined;
  /** Takes out one that left; it does no harm when it is in no line any more. */
  remove(waiter: W): void;
}

interface Line<W> {
  readonly waiters: W[];
  turnMs: number;
  lastTurn: number;
}

/** Weight of the newest interval in a line's mean time between turns. */
const newest = 0.1;

export function createTurns<W extends Waiting>(): Turns<W> {
  /** In the order of their turns; an app is here only while it has something waiting. */
  const lines = new Map<string | undefined, Line<W>>();
  let size = 0;

  const longestLine = () => {
    let found: [string | undefined, Line<W>] | undefined;
    for (const entry of lines) {
      if (found === undefined || entry[1].waiters.length > found[1].waiters.length) found = entry;
    }
    return found;
  };
  const shrunk = (app: string | undefined, line: Line<W>) => {
    size--;
    if (line.waiters.length === 0) lines.delete(app);
  };

  return {
    get size() {
      return size;
    },
    get longest() {
      return longestLine()?.[1].waiters.length ?? 0;
    },
    get first() {
      const [line] = lines.values();
      return line?.waiters[0];
    },
    lineOf(app) {
      const line = lines.get(app);
      return { length: line?.waiters.length ?? 0, turnMs: line?.turnMs };
    },
    add(waiter, now, turnMs) {
      size++;
      const line = lines.get(waiter.app);
      if (line !== undefined) line.waiters.push(waiter);
      else lines.set(waiter.app, { waiters: [waiter], turnMs: turnMs * (lines.size + 1), lastTurn: now });
    },
    next(now) {
      const [entry] = lines;
      if (entry === undefined) return undefined;
      const [app, line] = entry;
      const waiter = line.waiters.shift() as W;
      line.turnMs += newest * (now - line.lastTurn - line.turnMs);
      line.lastTurn = now;
      lines.delete(app);
      lines.set(app, line);
      shrunk(app, line);
      return waiter;
    },
    dropNewestOfLongest() {
      const found = longestLine();
      if (found === undefined) return undefined;
      const waiter = found[1].waiters.pop();
      shrunk(...found);
      return waiter;
    },
    remove(waiter) {
      const line = lines.get(waiter.app);
      const at = line?.waiters.indexOf(waiter) ?? -1;
      if (line === undefined || at < 0) return;
      line.waiters.splice(at, 1);
      shrunk(waiter.app, line);
    },
  };
}
