import type { RedisSettings } from '../core/redis-settings.ts';
import { connectRedis, type RedisCalls } from './connection.ts';

/** What matters of a server. */
export interface RedisState {
  /** Such as `redis 7.0.15`. */
  readonly version: string;
  /** Whether it may throw keys away when its memory is full: used signatures would be forgotten. */
  readonly evicts: boolean;
  /** Whether it has on disk what it has answered: its append-only file, written with each command. */
  readonly persists: boolean;
  /** The name of the time since its start. */
  readonly run: string;
}

/** What a server says of itself. */
export async function stateOf(redis: RedisCalls): Promise<RedisState> {
  const info = await redis.info();
  const of = (name: string) => info.get(name) ?? '';
  const isValkey = of('server_name') === 'valkey';
  const version = isValkey ? `valkey ${of('valkey_version')}` : `redis ${of('redis_version')}`;
  return {
    version,
    evicts: of('maxmemory') !== '0' && of('maxmemory_policy') !== 'noeviction',
    persists: of('aof_enabled') === '1' && (await redis.setting('appendfsync')) === 'always',
    run: of('run_id'),
  };
}

/**
 * Looks at a server without changing more than a key that ends by itself.
 * @throws {UsageError} `redis_url`, `redis_ca`
 * @throws {Fault} `state_unavailable` when it does not answer or takes no changes
 */
export async function inspectRedis(settings: RedisSettings): Promise<RedisState> {
  const redis = await connectRedis(settings, { onTrouble: () => {} });
  try {
    await redis.check();
    return await stateOf(redis);
  } finally {
    await redis.close();
  }
}
