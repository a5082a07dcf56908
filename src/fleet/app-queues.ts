/** What waits in a queue: whose queue it is. Those that name no app share one. */
export interface Waiting {
  readonly app: string | undefined;
}

/** What is known of one app's queue. */
export interface QueueState {
  readonly length: number;
  /** Mean time from one turn of this queue to the next, in ms; undefined for a queue that is empty. */
  readonly turnMs: number | undefined;
}

/** One queue an app; the queues take turns. */
export interface AppQueues<W extends Waiting> {
  readonly size: number;
  /** How many wait in the longest queue. */
  readonly longest: number;
  of(app: string | undefined): QueueState;
  /** The first of the queue whose turn it is. */
  readonly first: W | undefined;
  /**
   * Puts one at the end of its app's queue.
   * @param now ms
   * @param turnMs ms from one turn of any queue to the next, the first guess for a new queue
   */
  add(waiter: W, now: number, turnMs: number): void;
  /** Takes out the first of the queue whose turn it is; that queue then comes last. */
  next(now: number): W | undefined;
  /** Takes out the newest of the longest queue. */
  dropNewestOfLongest(): W | undefined;
  /** Takes out one that left; it does no harm when it is in no queue any more. */
  remove(waiter: W): void;
}

interface Queue<W> {
  readonly waiters: W[];
  turnMs: number;
  lastTurn: number;
}

/** Weight of the newest interval in a queue's mean time between turns. */
const NEWEST_WEIGHT = 0.1;

class RoundRobin<W extends Waiting> implements AppQueues<W> {
  /** In the order of their turns; an app is here only while it has something waiting. */
  readonly #queues = new Map<string | undefined, Queue<W>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get longest(): number {
    return this.#longestQueue()?.[1].waiters.length ?? 0;
  }

  get first(): W | undefined {
    const [queue] = this.#queues.values();
    return queue?.waiters[0];
  }

  of(app: string | undefined): QueueState {
    const queue = this.#queues.get(app);
    return { length: queue?.waiters.length ?? 0, turnMs: queue?.turnMs };
  }

  add(waiter: W, now: number, turnMs: number): void {
    this.#size++;
    const queue = this.#queues.get(waiter.app);
    if (queue !== undefined) {
      queue.waiters.push(waiter);
      return;
    }
    const firstGuess = turnMs * (this.#queues.size + 1);
    this.#queues.set(waiter.app, { waiters: [waiter], turnMs: firstGuess, lastTurn: now });
  }

  next(now: number): W | undefined {
    const [entry] = this.#queues;
    if (entry === undefined) return undefined;
    const [app, queue] = entry;
    const waiter = queue.waiters.shift() as W;
    queue.turnMs += NEWEST_WEIGHT * (now - queue.lastTurn - queue.turnMs);
    queue.lastTurn = now;
    this.#queues.delete(app);
    this.#queues.set(app, queue);
    this.#shrunk(app, queue);
    return waiter;
  }

  dropNewestOfLongest(): W | undefined {
    const found = this.#longestQueue();
    if (found === undefined) return undefined;
    const waiter = found[1].waiters.pop();
    this.#shrunk(...found);
    return waiter;
  }

  remove(waiter: W): void {
    const queue = this.#queues.get(waiter.app);
    const at = queue?.waiters.indexOf(waiter) ?? -1;
    if (queue === undefined || at < 0) return;
    queue.waiters.splice(at, 1);
    this.#shrunk(waiter.app, queue);
  }

  #longestQueue(): [string | undefined, Queue<W>] | undefined {
    let found: [string | undefined, Queue<W>] | undefined;
    for (const entry of this.#queues) {
      if (found === undefined || entry[1].waiters.length > found[1].waiters.length) found = entry;
    }
    return found;
  }

  #shrunk(app: string | undefined, queue: Queue<W>): void {
    this.#size--;
    if (queue.waiters.length === 0) this.#queues.delete(app);
  }
}

/** Queues without anybody in them. */
export function createAppQueues<W extends Waiting>(): AppQueues<W> {
  return new RoundRobin<W>();
}
