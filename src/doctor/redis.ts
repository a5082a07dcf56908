import { inspectRedis, type RedisSettings } from '../store/open.ts';
import { type Check, fail, ok, warn } from './check.ts';

const NAME = 'redis';

/** Whether the Redis server that the nodes share answers, and keeps what it is given. */
export async function checkRedis(settings: RedisSettings): Promise<Check> {
  try {
    const { version, evicts, persists } = await inspectRedis(settings);
    if (evicts) {
      return warn(
        NAME,
        `${version} may forget used signatures when its memory is full`,
        'Set its maxmemory-policy to noeviction.',
      );
    }
    return ok(
      NAME,
      `${version} answers${persists ? '' : '; it keeps nothing over a restart (signatures from before one are refused)'}`,
    );
  } catch (error) {
    return fail(NAME, (error as Error).message, 'Check redis.*, and whether the server runs.');
  }
}
