/** Places in two bounds at once: so many for each key, so many in all. */
export interface Slots {
  /**
   * Waits, first come, first served, for a place under `key` and then for one in all.
   * @throws the signal's reason when it is aborted before
   */
  enter(key: string, signal: AbortSignal): Promise<() => void>;
  readonly running: number;
  /** Keys with anybody in them or before them. */
  readonly keys: number;
}

/**
 * The place under the key is taken first and the one in all last, so that those who wait for a slow host do not keep others
 * out, and nobody who holds a place in all waits for anything but the network.
 */
export function createSlots(perKey: number, inAll: number): Slots {
  const all = createLine(inAll);
  const lines = new Map<string, Line>();
  return {
    async enter(key, signal) {
      signal.throwIfAborted();
      const line = lines.get(key) ?? createLine(perKey);
      lines.set(key, line);
      const leaveKey = () => {
        line.leave();
        if (line.running === 0 && line.waiting === 0) lines.delete(key);
      };
      await line.enter(signal);
      try {
        await all.enter(signal);
      } catch (error) {
        leaveKey();
        throw error;
      }
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        all.leave();
        leaveKey();
      };
    },
    get running() {
      return all.running;
    },
    get keys() {
      return lines.size;
    },
  };
}

interface Line {
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
  readonly running: number;
  readonly waiting: number;
}

function createLine(places: number): Line {
  /** In the order of arrival; a Set gives up one in the middle without moving the others. */
  const waiting = new Set<() => void>();
  let running = 0;
  return {
    enter(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (running < places) {
        running++;
        return Promise.resolve();
      }
      return new Promise<void>((resolve, reject) => {
        const go = () => {
          signal.removeEventListener('abort', give);
          resolve();
        };
        const give = () => {
          waiting.delete(go);
          reject(signal.reason);
        };
        signal.addEventListener('abort', give, { once: true });
        waiting.add(go);
      });
    },
    leave() {
      const [next] = waiting;
      if (next === undefined) running--;
      else {
        waiting.delete(next);
        next();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return waiting.size;
    },
  };
}
