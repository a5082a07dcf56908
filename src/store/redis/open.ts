import type { PermitStore, RateStore, ReplayStore } from '../../account/types.ts';
import { createPermits } from '../core/permits.ts';
import type { RedisSettings } from '../core/redis-settings.ts';
import type { DurableUsage } from '../core/usage.ts';
import { connectRedis } from './connection.ts';
import { stateOf } from './inspect.ts';
import { createPermitTable } from './permits.ts';
import { createRates } from './rates.ts';
import { createReplay } from './replay.ts';
import { createUsage, type SharedUsage } from './usage.ts';

/** What the nodes share on a Redis server. */
export interface SharedState {
  readonly replay: ReplayStore;
  readonly rates: RateStore;
  readonly permits: PermitStore;
  readonly usage: SharedUsage;
  /** Rejects with a `Fault` `state_unavailable` where the server does not answer or takes no changes. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens what the nodes share on a Redis or Valkey server.
 * @param durable where counts of the day are written down
 * @throws {UsageError} `redis_url`, `redis_ca`
 * @throws {Fault} `state_unavailable` when the server does not answer
 */
export async function openRedis(
  settings: RedisSettings,
  durable: DurableUsage,
  onTrouble: (error: Error) => void,
): Promise<SharedState> {
  const redis = await connectRedis(settings, onTrouble);
  try {
    const { version, evicts } = await stateOf(redis);
    if (evicts) {
      onTrouble(new Error(`${version} may forget used signatures: set its maxmemory-policy to noeviction`));
    }
    const replay = await createReplay(redis, settings.signatureLifeMs);
    const usage = createUsage(redis, durable, onTrouble);
    const permits = createPermits(createPermitTable(redis), onTrouble);
    return {
      replay,
      rates: createRates(redis),
      permits,
      usage,
      check: redis.check,
      async close() {
        await permits.close();
        await usage.close();
        await redis.close();
      },
    };
  } catch (error) {
    await redis.close();
    throw error;
  }
}
