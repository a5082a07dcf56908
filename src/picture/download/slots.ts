import { createShares, type Shares } from './shares.ts';

/** Places in two bounds at once: so many for each key, so many in all; apps share both. */
export interface Slots {
  /**
   * Waits for a place under `key` and then for one in all.
   * @throws {Error} the signal's reason when it is aborted before
   */
  enter(key: string, app: string | undefined, signal: AbortSignal): Promise<() => void>;
  readonly running: number;
  /** Keys with anybody in them or before them. */
  readonly keys: number;
}

/**
 * The place under the key is taken first and the one in all last, so that those who wait for a slow host do
 * not keep others out, and nobody who holds a place in all waits for anything but the network.
 */
export function createSlots(perKey: number, inAll: number): Slots {
  const all = createShares(inAll);
  const lines = new Map<string, Shares>();
  return {
    async enter(key, app, signal) {
      signal.throwIfAborted();
      const line = lines.get(key) ?? createShares(perKey);
      lines.set(key, line);
      const tidy = () => {
        if (line.running === 0 && line.waiting === 0 && lines.get(key) === line) lines.delete(key);
      };
      let leaveKey: () => void;
      try {
        leaveKey = await line.enter(app, signal);
      } catch (error) {
        tidy();
        throw error;
      }
      try {
        const leaveAll = await all.enter(app, signal);
        return () => {
          leaveAll();
          leaveKey();
          tidy();
        };
      } catch (error) {
        leaveKey();
        tidy();
        throw error;
      }
    },
    get running() {
      return all.running;
    },
    get keys() {
      return lines.size;
    },
  };
}
