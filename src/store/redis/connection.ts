import { Redis } from 'ioredis';
import type { RedisSettings } from '../core/redis-settings.ts';
import { redisFault } from './faults.ts';
import { addressOf } from './settings.ts';

/** A connection to the server that is made anew by itself. */
export interface RedisConnection {
  /**
   * Runs a script or a command; `keys` get the prefix.
   * @throws {Fault} `state_unavailable` when the server does not answer in its time, or refuses
   */
  run(script: string, keys: readonly string[], args?: readonly (string | number)[]): Promise<unknown>;
  get(key: string): Promise<string | null>;
  setNew(key: string, value: string, seconds: number): Promise<void>;
  removeMember(key: string, member: string): Promise<void>;
  /** What the server says of itself (`INFO`): its lines by name. */
  info(): Promise<ReadonlyMap<string, string>>;
  /** Resolves when the server answers and takes changes. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** The longest pause between two tries to connect, in ms. */
const LONGEST_PAUSE = 1000;

/**
 * Connects to the server; resolves once it answers.
 * @param onTrouble called, seldom, with a connection that broke or could not be made
 * @throws {UsageError} `redis_url`, `redis_ca`
 * @throws {Fault} `state_unavailable` when it does not answer
 */
export async function connectRedis(
  settings: RedisSettings,
  onTrouble: (error: Error) => void,
): Promise<RedisConnection> {
  const { timeoutMs, prefix } = settings;
  const client = new Redis({
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
  let isTold = false;
  let last: Error | undefined;
  client.on('error', (cause: Error) => {
    last = cause;
    if (isTold) return;
    isTold = true;
    onTrouble(new Error(`the connection to Redis broke and is made anew (${cause.message})`, { cause }));
  });
  client.on('ready', () => {
    isTold = false;
  });
  const asked = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw redisFault(error);
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
  const connection: RedisConnection = {
    run: (script, keys, args = []) =>
      asked(() => {
        const call = (client as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>)[
          commandOf(script)
        ] as (...all: unknown[]) => Promise<unknown>;
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
    check: () => asked(async () => void (await client.set(`${prefix}checked`, '1', 'EX', 60))),
    async close() {
      client.disconnect();
    },
  };
  try {
    await client.connect();
    return connection;
  } catch (error) {
    client.disconnect();
    // Why it was closed comes as an event.
    throw redisFault(last ?? error);
  }
}
