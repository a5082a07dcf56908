import { Redis } from 'ioredis';
import type { CallWatch } from '../core/call-watch.ts';
import type { RedisSettings } from '../core/redis-settings.ts';
import { redisFault } from './faults.ts';
import { addressOf } from './settings.ts';

/** What is asked of the server; every key gets the prefix. */
export interface RedisCalls {
  /**
   * Runs a script.
   * @throws {Fault} `state_unavailable` when the server does not answer in its time, or refuses
   */
  run(script: string, keys: readonly string[], args?: readonly (string | number)[]): Promise<unknown>;
  get(key: string): Promise<string | null>;
  setNew(key: string, value: string, seconds: number): Promise<void>;
  removeMember(key: string, member: string): Promise<void>;
  /** What the server says of itself (`INFO`): its lines by name. */
  info(): Promise<ReadonlyMap<string, string>>;
  /** A setting of the server; null where it does not tell. */
  setting(name: string): Promise<string | null>;
  /** Resolves when the server answers and takes changes. */
  check(): Promise<void>;
}

/** A connection to the server that is made anew by itself. */
export interface RedisConnection extends RedisCalls {
  close(): Promise<void>;
}

/** What a connection tells. */
export interface RedisEvents {
  /** Called, seldom, with a connection that broke or could not be made. */
  readonly onTrouble: (error: Error) => void;
  /** Called with each connection that was made; calls wait for it, and are refused where it fails. */
  readonly onConnected?: (redis: RedisCalls) => Promise<void>;
  /** Sees each call. */
  readonly watch?: CallWatch;
}

/** The longest pause between two tries to connect, in ms. */
const LONGEST_PAUSE = 1000;

/**
 * Connects to the server; resolves once it answers.
 * @throws {UsageError} `redis_url`, `redis_ca`
 * @throws {Fault} `state_unavailable` when it does not answer; what `onConnected` throws
 */
export async function connectRedis(
  settings: RedisSettings,
  { onTrouble, onConnected, watch }: RedisEvents,
): Promise<RedisConnection> {
  const client = clientOf(settings);
  const calls = callsOf(client, settings.prefix, watch);
  let isTold = false;
  let last: Error | undefined;
  client.on('error', (cause: Error) => {
    last = cause;
    if (isTold) return;
    isTold = true;
    onTrouble(new Error(`the connection to Redis broke and is made anew (${cause.message})`, { cause }));
  });
  let looked: Promise<void> = Promise.resolve();
  client.on('ready', () => {
    isTold = false;
    looked = onConnected?.(calls) ?? Promise.resolve();
    looked.catch((error: Error) => {
      onTrouble(error);
      // Looked at anew with the next connection.
      setTimeout(() => client.status === 'ready' && client.disconnect(true), LONGEST_PAUSE).unref();
    });
  });
  try {
    await client.connect();
    await looked;
  } catch (error) {
    client.disconnect();
    // Why it was closed comes as an event.
    throw redisFault(last ?? error);
  }
  /** A call that waits until the connection was looked at. */
  const looking =
    <A extends readonly unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await looked;
      return call(...args);
    };
  return {
    run: looking(calls.run),
    get: looking(calls.get),
    setNew: looking(calls.setNew),
    removeMember: looking(calls.removeMember),
    info: looking(calls.info),
    setting: looking(calls.setting),
    check: looking(calls.check),
    async close() {
      client.disconnect();
    },
  };
}

function clientOf(settings: RedisSettings): Redis {
  const { timeoutMs } = settings;
  return new Redis({
    ...addressOf(settings),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    // A call is answered or refused now; nothing is sent later, when nobody waits for it any more.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), LONGEST_PAUSE),
    connectionName: 'livestill',
    disableClientInfo: true,
  });
}

function callsOf(client: Redis, prefix: string, watch: CallWatch | undefined): RedisCalls {
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    const ended = watch?.begin();
    try {
      const answer = await work();
      ended?.();
      return answer;
    } catch (error) {
      const fault = redisFault(error);
      ended?.(fault);
      throw fault;
    }
  };
  const commands = new Map<string, string>();
  /** Scripts are sent once and then named by their hash. */
  const commandOf = (script: string): string => {
    const known = commands.get(script);
    if (known !== undefined) return known;
    const name = `livestill${commands.size}`;
    client.defineCommand(name, { lua: script });
    commands.set(script, name);
    return name;
  };
  return {
    run: (script, keys, args = []) =>
      asked(() => {
        const named = client as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>;
        const call = named[commandOf(script)] as (...all: unknown[]) => Promise<unknown>;
        return call.call(client, keys.length, ...keys.map((key) => prefix + key), ...args);
      }),
    get: (key) => asked(() => client.get(prefix + key)),
    setNew: (key, value, seconds) =>
      asked(async () => void (await client.set(prefix + key, value, 'EX', seconds, 'NX'))),
    removeMember: (key, member) => asked(async () => void (await client.zrem(prefix + key, member))),
    info: () =>
      asked(async () => {
        const lines = (await client.info()).split(/\r?\n/).filter((line) => line.includes(':'));
        return new Map(
          lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
        );
      }),
    async setting(name) {
      try {
        const [, value] = (await client.config('GET', name)) as string[];
        return value ?? null;
      } catch {
        // Servers that somebody else operates do not always tell.
        return null;
      }
    },
    check: () => asked(async () => void (await client.set(`${prefix}checked`, '1', 'EX', 60))),
  };
}
