import { inspectRedis, type RedisSettings } from '../store/open.ts';
import { type Check, fail, ok } from './check.ts';

const NAME = 'redis';

/** Whether the Redis server that the nodes share answers, and keeps what it is given. */
export async function checkRedis(settings: RedisSettings): Promise<Check> {
  try {
    const { version, evicts, persists } = await inspectRedis(settings);
    if (evicts) {
      return fail(
        NAME,
        `${version} may forget used signatures when its memory is full`,
        'Set its maxmemory-policy to noeviction.',
      );
    }
    return ok(
      NAME,
      `${version} answers${persists ? '' : '; after a restart of it, signatures from before are refused (appendfsync is not always)'}`,
    );
  } catch (error) {
    return fail(NAME, (error as Error).message, 'Check redis.*, and whether the server runs.');
  }
}
