import { Fault } from '../errors.ts';

/** One picture's place at a worker. */
export interface Place {
  /** Gives the place to the next in line. Calling it twice does no harm. */
  release(): void;
}

export interface GateOptions {
  /** Pictures that may be judged at the same moment. */
  readonly places: number;
  /** Longest expected wait that is still taken on, in ms. */
  readonly maxWaitMs: number;
  /** What one picture takes, in ms, until the gate has seen some itself. */
  readonly firstGuessMs: number;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
}

/** A queue that is bounded by how long one would wait in it, not by how many stand in it. */
export interface Gate {
  /**
   * Waits for a place, first come, first served.
   * @throws Fault -5802 `queue_full` with `retryAfter`, at once, when the wait would be too long; AbortError
   */
  enter(signal?: AbortSignal): Promise<Place>;
  /** The refusal that `enter` would give now, or null. */
  refusal(): Fault | null;
  readonly waiting: number;
  readonly running: number;
}

/** Least weight of the newest picture in the running mean of what one takes; the first ones weigh more. */
const newest = 0.1;

export function createGate(options: GateOptions): Gate {
  const { places, maxWaitMs, clock } = options;
  /** In the order of arrival; a Set gives up one in the middle without moving the others. */
  const line = new Set<(place: Place) => void>();
  let running = 0;
  let meanMs = options.firstGuessMs;
  let seen = 0;

  const expectedWaitMs = () => (running < places ? 0 : ((line.size + 1) * meanMs) / places);

  const refusal = (): Fault | null => {
    const wait = expectedWaitMs();
    if (wait <= maxWaitMs) return null;
    return new Fault(
      -5802,
      'queue_full',
      `${line.size} pictures wait for ${places} workers; the next would wait about ${Math.round(wait)} ms, ` +
        `${maxWaitMs} are allowed.`,
      { retryAfter: Math.max(1, Math.ceil(wait / 1000)) },
    );
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
        meanMs += Math.max(newest, 1 / seen) * (clock() - since - meanMs);
        const [next] = line;
        if (next === undefined) return;
        line.delete(next);
        next(take());
      },
    };
  };

  return {
    async enter(signal) {
      signal?.throwIfAborted();
      if (running < places) return take();
      const full = refusal();
      if (full !== null) throw full;
      return new Promise<Place>((resolve, reject) => {
        const go = (place: Place) => {
          signal?.removeEventListener('abort', give);
          resolve(place);
        };
        const give = () => {
          line.delete(go);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', give, { once: true });
        line.add(go);
      });
    },
    refusal,
    get waiting() {
      return line.size;
    },
    get running() {
      return running;
    },
  };
}
