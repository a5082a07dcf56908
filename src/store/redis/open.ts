import type { PermitStore, RateStore, ReplayStore } from '../../account/types.ts';
import type { CallHealth } from '../../ledger/store-health.ts';
import { createCallWatch } from '../core/call-watch.ts';
import { createPermits } from '../core/permits.ts';
import type { RedisSettings } from '../core/redis-settings.ts';
import type { SignatureMemory } from '../core/replay.ts';
import type { DurableUsage } from '../core/usage.ts';
import { connectRedis } from './connection.ts';
import { createPermitTable } from './permits.ts';
import { createRates } from './rates.ts';
import { createReplay, lookAtMemory } from './replay.ts';
import { createUsage, type SharedUsage } from './usage.ts';

/** What the nodes share on a Redis server. */
export interface SharedState {
  readonly replay: ReplayStore;
  readonly rates: RateStore;
  readonly permits: PermitStore;
  readonly usage: SharedUsage;
  /** How its calls do. */
  readonly redis: CallHealth;
  /** Rejects with a `Fault` `state_unavailable` where the server does not answer or takes no changes. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** What of the database goes with the server. */
export interface Durable extends DurableUsage, SignatureMemory {}

/**
 * Opens what the nodes share on a Redis or Valkey server.
 * @param durable where counts of the day are written down, and whether signatures were used before
 * @throws {UsageError} `redis_url`, `redis_ca`
 * @throws {Fault} `state_unavailable` when the server does not answer, or may forget (`store_evicts`)
 */
export async function openRedis(
  settings: RedisSettings,
  durable: Durable,
  onTrouble: (error: Error) => void,
): Promise<SharedState> {
  const watch = createCallWatch();
  const redis = await connectRedis(settings, {
    watch,
    onTrouble,
    onConnected: (calls) => lookAtMemory(calls, durable),
  });
  const usage = createUsage(redis, durable, onTrouble);
  const permits = createPermits(createPermitTable(redis), onTrouble);
  return {
    replay: createReplay(redis, settings),
    rates: createRates(redis),
    permits,
    usage,
    redis: watch.health,
    check: redis.check,
    async close() {
      await permits.close();
      await usage.close();
      await redis.close();
    },
  };
}
