import type { PermitTable } from '../core/permits.ts';
import type { RedisConnection } from './connection.ts';
import { RENEW_PERMITS, TAKE_PERMIT } from './scripts.ts';

/** The permits that apps hold, a sorted set for each app: ids by the moment at which they end. */
export function createPermitTable(redis: RedisConnection): PermitTable {
  const keyOf = (appid: string) => `permits:${appid}`;
  return {
    async take(appid, limit, id, leaseMs) {
      return (await redis.run(TAKE_PERMIT, [keyOf(appid)], [limit, leaseMs, id])) === 1;
    },
    async renew(held, leaseMs) {
      const apps = [...held].filter(([, ids]) => ids.length > 0);
      await Promise.all(
        apps.map(([appid, ids]) => redis.run(RENEW_PERMITS, [keyOf(appid)], [leaseMs, ...ids])),
      );
    },
    release: (appid, id) => redis.removeMember(keyOf(appid), id),
  };
}
