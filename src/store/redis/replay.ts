import type { ReplayStore } from '../../account/types.ts';
import { Fault } from '../../faults.ts';
import type { RedisSettings } from '../core/redis-settings.ts';
import type { SignatureMemory } from '../core/replay.ts';
import type { RedisCalls, RedisConnection } from './connection.ts';
import { stateOf } from './inspect.ts';
import { BEGIN, IS_USED, REMEMBER } from './scripts.ts';

/** Under these keys stand since when used signatures are remembered, and the run of the server that did. */
const BEGAN_KEY = 'signatures-since';
const RUN_KEY = 'signatures-run';

/**
 * A used signature is kept this long after its end, in ms: a clock that was set back for a while does not
 * revive it.
 */
const GRACE = 3_600_000;

/**
 * Looks, with each new connection, whether the server still has what it was given. Where it may have lost
 * used signatures the memory begins anew. That none was used before is true once in the life of a database.
 * @throws {Fault} `state_unavailable` `store_evicts` when the server may throw keys away
 */
export async function lookAtMemory(redis: RedisCalls, memory: SignatureMemory): Promise<void> {
  const { version, evicts, persists, run } = await stateOf(redis);
  if (evicts) {
    throw new Fault(
      'state_unavailable',
      'store_evicts',
      `${version} may forget used signatures when its memory is full: set its maxmemory-policy to noeviction`,
    );
  }
  const isFirst = !(await memory.hasSignatures());
  await redis.run(BEGIN, [BEGAN_KEY, RUN_KEY], [run, persists ? 1 : 0, isFirst ? 1 : 0]);
  if (isFirst) await memory.noteElsewhere();
}

/**
 * The memory of single-use signatures. A server that lost what it kept begins a new memory, and signatures
 * that may have been used before are refused.
 */
export function createReplay(
  redis: RedisConnection,
  { signatureLifeMs, signatureSkewMs }: RedisSettings,
): ReplayStore {
  return {
    isUsed: async (digest) => (await redis.run(IS_USED, [`signature:${digest}`])) === 1,
    async remember(digest, until) {
      const args = [until.getTime(), signatureLifeMs, signatureSkewMs, GRACE];
      const answer = await redis.run(REMEMBER, [`signature:${digest}`, BEGAN_KEY], args);
      if (answer !== -1) return answer === 1;
      throw new Fault(
        'state_unavailable',
        'store_forgot',
        'the memory of used signatures is younger than this one, so that it may have been used: sign anew',
      );
    },
  };
}
