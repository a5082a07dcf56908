import { Fault, type FaultReason } from '../faults.ts';
import { count } from '../report/count.ts';
import { createTurns, type Waiting } from './turns.ts';

/** One picture's place at a worker. */
export interface Place {
  /** Gives the place to the next in line. Calling it twice does no harm. */
  release(): void;
}

export interface GateOptions {
  /** Pictures that may be judged at the same moment. */
  readonly places: number;
  /** Longest wait, in ms: whoever would wait longer is not taken on, whoever did wait longer is refused at its turn. */
  readonly maxWaitMs: number;
  /** What one picture takes, in ms, until the gate has seen some itself. */
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
 * A queue that is bounded by how long one would wait in it, not by how many stand in it, and fair between apps: each has a line of its
 * own, the lines take turns, and where there is no room the longest line gives up its newest picture for one of a line
 * that is shorter by two or more. So an app that asks for less than its share is served whatever the others do.
 */
export interface Gate {
  /**
   * Waits for a place: first come, first served within an app, the apps in turn.
   * @throws Fault `busy` with `retryAfter`: `queue_full` at once, when the wait would be too long; `queue_share` later, when the place in
   * the queue was given to an app with less in it; `queue_overdue` when the wait was longer than expected and than
   * allowed; AbortError
   */
  enter(asking?: Asking): Promise<Place>;
  /** The refusal that `enter` would give this app now, or null; without an app, one that has nothing in the queue. */
  refusal(app?: string): Fault | null;
  readonly waiting: number;
  readonly running: number;
}

interface Waiter extends Waiting {
  readonly since: number;
  go(place: Place): void;
  refuse(fault: Fault): void;
}

/** Least weight of the newest picture in the running mean of what one takes; the first ones weigh more. */
const newest = 0.1;
/** A picture counts for at most so many times the mean: one that hangs says nothing of the next. */
const mostOfOne = 3;
/** Share of the longest wait that may be taken up by pictures waiting: the mean is no promise, the longest wait is. */
const headroom = 0.8;

export function createGate(options: GateOptions): Gate {
  const { places, maxWaitMs, clock } = options;
  const turns = createTurns<Waiter>();
  let running = 0;
  let meanMs = options.firstGuessMs;
  let seen = 0;

  /** How many may wait: the last of them is expected to wait `maxWaitMs`, less the headroom. */
  const room = () => Math.floor((headroom * maxWaitMs * places) / meanMs);
  const turnMs = () => meanMs / places;

  const fault = (reason: FaultReason<'busy'>, what: string, waitMs: number): Fault =>
    new Fault(
      'busy',
      reason,
      `${what}; ${count(turns.size, 'picture')} ${turns.size === 1 ? 'waits' : 'wait'} for ${count(places, 'worker')}, ${maxWaitMs} ms are allowed.`,
      { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) },
    );
  const full = () => {
    const wait = (turns.size + 1) * turnMs();
    return fault('queue_full', `The next picture would wait about ${Math.round(wait)} ms`, wait);
  };

  const refusal = (app?: string): Fault | null => {
    if (running < places) return null;
    const own = turns.lineOf(app);
    const wait = (own.length + 1) * (own.turnMs ?? turnMs());
    if (own.length > 0 && wait > headroom * maxWaitMs) {
      const what = `The app has ${count(own.length, 'picture')} waiting and the next would wait about ${Math.round(wait)} ms`;
      return fault('queue_full', what, wait);
    }
    if (turns.size < room()) return null;
    // With room for none at all nobody waits; otherwise one more is let in for one of a line that is longer by two.
    return room() > 0 && turns.longest >= own.length + 2 ? null : full();
  };

  const take = (): Place => {
    running++;
    const since = clock();
    let held = true;
    return {
      release() {
        if (!held) return;
        held = false;
        running--;
        seen++;
        const took = Math.min(clock() - since, mostOfOne * meanMs);
        meanMs += Math.max(newest, 1 / seen) * (took - meanMs);
        letIn();
      },
    };
  };

  const letIn = () => {
    for (let next = turns.first; next !== undefined; next = turns.first) {
      const waited = clock() - next.since;
      if (waited <= maxWaitMs) {
        turns.next(clock());
        return next.go(take());
      }
      // Its line keeps the turn: the time of one that is refused cost nobody a place.
      turns.remove(next);
      next.refuse(fault('queue_overdue', `The picture has waited ${Math.round(waited)} ms`, waited));
    }
  };

  return {
    async enter({ app, signal } = {}) {
      signal?.throwIfAborted();
      if (running < places) return take();
      const refused = refusal(app);
      if (refused !== null) throw refused;
      if (turns.size >= room()) {
        const given = turns.dropNewestOfLongest();
        given?.refuse(
          fault('queue_share', 'The place went to an app with fewer pictures waiting', maxWaitMs),
        );
      }
      return new Promise<Place>((resolve, reject) => {
        const give = () => {
          turns.remove(waiter);
          reject(signal?.reason);
        };
        const leave = () => signal?.removeEventListener('abort', give);
        const waiter: Waiter = {
          app,
          since: clock(),
          go(place) {
            leave();
            resolve(place);
          },
          refuse(why) {
            leave();
            reject(why);
          },
        };
        signal?.addEventListener('abort', give, { once: true });
        turns.add(waiter, clock(), turnMs());
      });
    },
    refusal,
    get waiting() {
      return turns.size;
    },
    get running() {
      return running;
    },
  };
}
