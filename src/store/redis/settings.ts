import { readFileSync } from 'node:fs';
import { UsageError } from '../../faults.ts';
import type { RedisSettings } from '../core/redis-settings.ts';

/** A server's address, taken apart. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** Undefined: no TLS. */
  readonly tls: { readonly ca?: string; readonly servername?: string } | undefined;
}

/** Whether a text is the url of a Redis server, as far as its form goes. */
export function isRedisUrl(text: string): boolean {
  try {
    const { protocol, hostname, pathname, search, hash } = new URL(text);
    const isKnown = protocol === 'redis:' || protocol === 'rediss:';
    return isKnown && hostname !== '' && /^(?:\/\d{0,5})?$/.test(pathname) && search === '' && hash === '';
  } catch {
    return false;
  }
}

/**
 * The parts of a server's url.
 * @throws {UsageError} `redis_url` when it is none; the message holds nothing of it. `redis_ca` when the file
 * cannot be read
 */
export function addressOf({ url, password, caFile }: RedisSettings): RedisAddress {
  if (!isRedisUrl(url)) {
    throw new UsageError(
      'redis_url',
      'redis.url: expected redis://user:password@host:port/database, found something else (not shown)',
    );
  }
  const { protocol, hostname, port, username, password: own, pathname } = new URL(url);
  const host = decodeURIComponent(hostname).replace(/^\[|\]$/g, '');
  const ca = caFile === null ? {} : { ca: readCa(caFile) };
  return {
    host,
    port: Number(port || 6379),
    username: username === '' ? undefined : decodeURIComponent(username),
    password: password ?? (own === '' ? undefined : decodeURIComponent(own)),
    db: Number(pathname.slice(1) || 0),
    tls: protocol === 'rediss:' ? { ...ca, servername: host } : undefined,
  };
}

/** Where a server is, for people: no password in it. */
export function shownRedis(settings: RedisSettings): string {
  const { host, port, db, tls } = addressOf({ ...settings, caFile: null });
  return `${tls === undefined ? 'redis' : 'rediss'}://${host}:${port}/${db}`;
}

function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError('redis_ca', `${path} cannot be read (${(cause as Error).message})`, { cause });
  }
}

/** The `redis` group of the configuration, `ca` being a path. */
export interface RedisConfiguration
  extends Omit<RedisSettings, 'url' | 'caFile' | 'signatureLifeMs' | 'signatureSkewMs'> {
  readonly url: string | null;
  readonly ca: string | null;
}

/**
 * The settings of the Redis server that the nodes share; undefined where there is none.
 * @param signature how long a single-use signature is accepted, in seconds
 */
export function redisSettings(
  { url, ca, ...others }: RedisConfiguration,
  signature: { readonly windowSeconds: number; readonly skewSeconds: number },
): RedisSettings | undefined {
  if (url === null) return undefined;
  const signatureSkewMs = signature.skewSeconds * 1000;
  const signatureLifeMs = signature.windowSeconds * 1000 + signatureSkewMs;
  return { url, caFile: ca, signatureLifeMs, signatureSkewMs, ...others };
}
