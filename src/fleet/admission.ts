import { Fault, type FaultReason } from '../faults.ts';
import { count } from '../report/count.ts';
import { type AppQueues, createAppQueues, type Waiting } from './app-queues.ts';

/** The right to have one picture judged now. */
export interface Permit {
  /** Passes the permit to the next picture in line. Calling it twice does no harm. */
  release(): void;
}

export interface AdmissionOptions {
  /** Pictures that may be judged at the same moment. */
  readonly permits: number;
  /**
   * Longest wait, in ms: a picture that would wait longer is not admitted, one that did wait longer is
   * refused at its turn.
   */
  readonly maxWaitMs: number;
  /** What one picture takes, in ms, until some have been judged. */
  readonly firstGuessMs: number;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
}

/** Who asks, and until when. */
export interface Asking {
  /** The app the picture is judged for; all that name none count as one. */
  readonly app?: string | undefined;
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A queue that is bounded by the wait in it, not by its length, and fair between apps: each app has a queue
 * of its own, the queues take turns, and when they are full the longest one gives up its newest picture for
 * an app whose queue is shorter by two or more. So an app that asks for less than its share is served
 * whatever the others do.
 */
export interface Admission {
  /**
   * Waits for a permit: first come, first served within an app, the apps in turn.
   * @throws {Fault} `busy` with `retryAfter`: `queue_full` at once, when the wait would be too long;
   * `queue_share` later, when an app with fewer pictures waiting took over; `queue_overdue` when the wait was
   * longer than expected and than allowed
   * @throws {DOMException} AbortError when `signal` aborts
   */
  enter(asking?: Asking): Promise<Permit>;
  /**
   * The refusal that `enter` would give this app now, or null; without an app, one that has nothing in the
   * queue.
   */
  refusal(app?: string): Fault | null;
  readonly waiting: number;
  readonly running: number;
  /** How long a picture that comes now is expected to wait, in ms; 0 while a permit is free. */
  readonly expectedWaitMs: number;
}

interface Waiter extends Waiting {
  readonly since: number;
  admit(permit: Permit): void;
  refuse(fault: Fault): void;
}

/** Least weight of the newest picture in the running mean of what one takes; the first ones weigh more. */
const NEWEST_WEIGHT = 0.1;
/** A picture counts for at most so many times the mean: one that hangs says nothing of the next. */
const MOST_OF_ONE = 3;
/**
 * Share of the longest wait that may be taken up by pictures waiting: the mean is no promise, the longest
 * wait is.
 */
const HEADROOM = 0.8;

/** What one picture takes: a running mean in which no single picture weighs much. */
class PictureTime {
  #meanMs: number;
  #seen = 0;

  constructor(firstGuessMs: number) {
    this.#meanMs = firstGuessMs;
  }

  get meanMs(): number {
    return this.#meanMs;
  }

  add(tookMs: number): void {
    this.#seen++;
    const bounded = Math.min(tookMs, MOST_OF_ONE * this.#meanMs);
    this.#meanMs += Math.max(NEWEST_WEIGHT, 1 / this.#seen) * (bounded - this.#meanMs);
  }
}

class FairAdmission implements Admission {
  readonly #options: AdmissionOptions;
  readonly #queues: AppQueues<Waiter> = createAppQueues();
  readonly #time: PictureTime;
  #running = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#time = new PictureTime(options.firstGuessMs);
  }

  get waiting(): number {
    return this.#queues.size;
  }

  get running(): number {
    return this.#running;
  }

  get expectedWaitMs(): number {
    return this.#running < this.#options.permits ? 0 : (this.#queues.size + 1) * this.#turnMs;
  }

  async enter({ app, signal }: Asking = {}): Promise<Permit> {
    signal?.throwIfAborted();
    if (this.#running < this.#options.permits) return this.#permit();
    const refused = this.refusal(app);
    if (refused !== null) throw refused;
    if (this.#queues.size >= this.#capacity) {
      const text = 'The place went to an app with fewer pictures waiting';
      this.#queues.dropNewestOfLongest()?.refuse(this.#fault('queue_share', text, this.#options.maxWaitMs));
    }
    return this.#wait(app, signal);
  }

  refusal(app?: string): Fault | null {
    const { permits, maxWaitMs } = this.#options;
    if (this.#running < permits) return null;
    const own = this.#queues.of(app);
    const wait = (own.length + 1) * (own.turnMs ?? this.#turnMs);
    if (own.length > 0 && wait > HEADROOM * maxWaitMs) {
      const waiting = count(own.length, 'picture');
      const text = `The app has ${waiting} waiting and the next would wait about ${Math.round(wait)} ms`;
      return this.#fault('queue_full', text, wait);
    }
    if (this.#queues.size < this.#capacity) return null;
    // With a capacity of none nobody waits; otherwise one more is let in for one of a queue that is longer by
    // two.
    return this.#capacity > 0 && this.#queues.longest >= own.length + 2 ? null : this.#full();
  }

  /** How many may wait: the last of them is expected to wait `maxWaitMs`, less the headroom. */
  get #capacity(): number {
    const { permits, maxWaitMs } = this.#options;
    return Math.floor((HEADROOM * maxWaitMs * permits) / this.#time.meanMs);
  }

  /** Time from one permit to the next, in ms. */
  get #turnMs(): number {
    return this.#time.meanMs / this.#options.permits;
  }

  #wait(app: string | undefined, signal: AbortSignal | undefined): Promise<Permit> {
    const { clock } = this.#options;
    return new Promise<Permit>((resolve, reject) => {
      const giveUp = () => {
        this.#queues.remove(waiter);
        reject(signal?.reason);
      };
      const settle = () => signal?.removeEventListener('abort', giveUp);
      const waiter: Waiter = {
        app,
        since: clock(),
        admit(permit) {
          settle();
          resolve(permit);
        },
        refuse(why) {
          settle();
          reject(why);
        },
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#queues.add(waiter, clock(), this.#turnMs);
    });
  }

  #permit(): Permit {
    const { clock } = this.#options;
    const since = clock();
    let released = false;
    this.#running++;
    return {
      release: () => {
        if (released) return;
        released = true;
        this.#running--;
        this.#time.add(clock() - since);
        this.#admitNext();
      },
    };
  }

  #admitNext(): void {
    const { clock, maxWaitMs } = this.#options;
    for (let next = this.#queues.first; next !== undefined; next = this.#queues.first) {
      const waited = clock() - next.since;
      if (waited <= maxWaitMs) {
        this.#queues.next(clock());
        next.admit(this.#permit());
        return;
      }
      // Its queue keeps the turn: the time of one that is refused cost nobody a permit.
      this.#queues.remove(next);
      next.refuse(this.#fault('queue_overdue', `The picture has waited ${Math.round(waited)} ms`, waited));
    }
  }

  #full(): Fault {
    const wait = this.expectedWaitMs;
    return this.#fault('queue_full', `The next picture would wait about ${Math.round(wait)} ms`, wait);
  }

  #fault(reason: FaultReason<'busy'>, what: string, waitMs: number): Fault {
    const { permits, maxWaitMs } = this.#options;
    const { size } = this.#queues;
    const queue = `${count(size, 'picture')} ${size === 1 ? 'waits' : 'wait'} for ${count(permits, 'worker')}`;
    return new Fault('busy', reason, `${what}; ${queue}, ${maxWaitMs} ms are allowed.`, {
      retryAfter: Math.max(1, Math.ceil(waitMs / 1000)),
    });
  }
}

/** Hands out as many permits at a time as there are workers, in fair turns between the apps that wait. */
export function createAdmission(options: AdmissionOptions): Admission {
  return new FairAdmission(options);
}
