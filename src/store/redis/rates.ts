import type { RateStore } from '../../account/types.ts';
import type { RedisConnection } from './connection.ts';
import { TAKE_TOKEN } from './scripts.ts';

/** The apps' token buckets: one command a request, the same for all nodes. */
export function createRates(redis: RedisConnection): RateStore {
  return {
    async take(appid, perSecond, capacity) {
      const waitMs = Number(await redis.run(TAKE_TOKEN, [`rate:${appid}`], [perSecond, capacity]));
      return waitMs === 0 ? null : waitMs / 1000;
    },
  };
}
