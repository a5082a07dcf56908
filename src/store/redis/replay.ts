import type { ReplayStore } from '../../account/types.ts';
import { Fault } from '../../faults.ts';
import type { RedisConnection } from './connection.ts';
import { BEGIN, REMEMBER } from './scripts.ts';

/** Under this key stands since when used signatures are remembered, in ms since 1970. */
export const BEGAN_KEY = 'signatures-since';

/**
 * A used signature is kept this long after its end, in ms: a clock that was set back for a while does not
 * revive it.
 */
const GRACE = 3_600_000;

/**
 * The memory of single-use signatures. A server that lost what it kept begins a new memory, and signatures
 * from before that are refused: they may have been used.
 * @param lifeMs how long a signature is remembered from its `t` on, in ms
 */
export async function createReplay(redis: RedisConnection, lifeMs: number): Promise<ReplayStore> {
  await redis.run(BEGIN, [BEGAN_KEY]);
  return {
    async remember(digest, until) {
      const args = [until.getTime(), lifeMs, GRACE];
      const answer = await redis.run(REMEMBER, [`signature:${digest}`, BEGAN_KEY], args);
      if (answer !== -1) return answer === 1;
      throw new Fault(
        'state_unavailable',
        'store_forgot',
        'the memory of used signatures began after this one was made, so that it may have been used: sign anew',
      );
    },
  };
}
