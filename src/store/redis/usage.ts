import type { UsageStore } from '../../account/types.ts';
import type { DurableUsage } from '../core/usage.ts';
import type { RedisConnection } from './connection.ts';
import { COUNT } from './scripts.ts';

/** How often counts are written down in the database, in ms. */
const WRITE_EVERY = 1000;
/** A count is kept for this long, in seconds: longer than its day lasts anywhere. */
const KEPT = 3 * 86_400;

/** Counts of the day that can be closed. */
export interface SharedUsage extends UsageStore {
  /** Writes what is not written down yet. */
  close(): Promise<void>;
}

/**
 * Counts of requests by app and UTC day, kept on the server and written down in the database every second: a
 * server that lost its counts goes on from those.
 */
export function createUsage(
  redis: RedisConnection,
  durable: DurableUsage,
  onTrouble: (error: Error) => void,
): SharedUsage {
  const unwritten = new Map<string, { readonly appid: string; readonly day: string; count: number }>();
  let writing = Promise.resolve();
  const write = async () => {
    const counts = [...unwritten.values()];
    unwritten.clear();
    for (const { appid, day, count } of counts) {
      try {
        await durable.raise(appid, day, count);
      } catch (error) {
        note(appid, day, count);
        onTrouble(error as Error);
        return;
      }
    }
  };
  const note = (appid: string, day: string, count: number) => {
    const key = `${appid} ${day}`;
    const known = unwritten.get(key);
    if (known === undefined) unwritten.set(key, { appid, day, count });
    else known.count = Math.max(known.count, count);
  };
  const timer = setInterval(() => {
    writing = writing.then(write);
  }, WRITE_EVERY);
  timer.unref();

  return {
    async consume(appid, day, limit, more = 1) {
      const key = keyOf(appid, day);
      let count = Number(await redis.run(COUNT, [key], [limit, more]));
      if (count === -2) {
        await redis.setNew(key, String(await durable.used(appid, day)), KEPT);
        count = Number(await redis.run(COUNT, [key], [limit, more]));
      }
      if (count < 0) return null;
      note(appid, day, count);
      return count;
    },
    async used(appid, day) {
      const [counted, written] = await Promise.all([redis.get(keyOf(appid, day)), durable.used(appid, day)]);
      return Math.max(Number(counted ?? 0), written);
    },
    async close() {
      clearInterval(timer);
      writing = writing.then(write);
      await writing;
    },
  };
}

const keyOf = (appid: string, day: string): string => `day:${appid}:${day}`;
