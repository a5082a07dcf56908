import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import type { RedisSettings } from '../../core/redis-settings.ts';
import { freePort } from '../../test-support/free-port.ts';

const PROGRAM = '/usr/bin/redis-server';

/** Debian's package, where it is missing and may be installed. */
function install(): void {
  if (existsSync(PROGRAM) || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  try {
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'redis-server'], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 300_000,
    });
  } catch {
    // What is missing is said by the tests that are skipped.
  }
}

install();

/** Why no server can be started here; null where one can. */
export const whyNoRedis: string | null = existsSync(PROGRAM)
  ? null
  : 'no Redis server is installed, and it cannot be installed without root';

/** A Redis server in a folder of its own on a free port, which ends with the process at the latest. */
export class TestRedis {
  readonly #folder = mkdtempSync(join(tmpdir(), 'livestill-redis-'));
  readonly #port: number;
  readonly #args: readonly string[];
  #process: ChildProcess | null = null;

  private constructor(port: number, args: readonly string[]) {
    this.#port = port;
    this.#args = args;
  }

  /** @param args settings of the server, as on its command line */
  static async start(...args: string[]): Promise<TestRedis> {
    const server = new TestRedis(await freePort(), args);
    process.once('exit', () => server.#end());
    await server.up();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}/0`;
  }

  settings(parts: Partial<RedisSettings> = {}): RedisSettings {
    // Long: a busy machine is no trouble with the server. Tests of that trouble bring a short one.
    const own = { url: this.url, password: null, caFile: null, prefix: 'test:', timeoutMs: 30_000 };
    return { ...own, signatureLifeMs: 60_000, signatureSkewMs: 100, ...parts };
  }

  /** Starts the server's process; resolves once it takes commands. */
  async up(): Promise<void> {
    const own = ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    const started = spawn(PROGRAM, [...own, ...this.#args], { stdio: 'ignore' });
    this.#process = started;
    for (let tries = 0; ; tries += 1) {
      try {
        await this.command('ping');
        return;
      } catch (error) {
        if (tries > 2000 || started.exitCode !== null) throw error;
        await sleep(25);
      }
    }
  }

  /** Ends the server's process; resolves once it ended. */
  async down(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const running = this.#process;
    if (running === null) return;
    this.#process = null;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  }

  /** Stops the server where it is (SIGSTOP), or lets it go on (SIGCONT). */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal);
  }

  /** Runs one command. */
  async command(name: string, ...args: string[]): Promise<unknown> {
    const at = this.#args.indexOf('--requirepass');
    const password = at < 0 ? undefined : this.#args[at + 1];
    const options = { lazyConnect: true, retryStrategy: () => null, password };
    const client = new Redis(this.#port, '127.0.0.1', options);
    client.on('error', () => {});
    await client.connect();
    try {
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  /** Ends the server and removes its folder. */
  async remove(): Promise<void> {
    this.signal('SIGCONT');
    await this.down('SIGKILL');
    this.#end();
  }

  #end(): void {
    this.#process?.kill('SIGKILL');
    this.#process = null;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A server for the tests of a file; it is stopped when they end, whatever became of them. */
export function redisOfTests(): { readonly redis: TestRedis } {
  let redis: TestRedis | undefined;
  beforeAll(async () => {
    if (whyNoRedis === null) redis = await TestRedis.start();
  }, 60_000);
  afterAll(async () => {
    await redis?.remove();
  });
  return {
    get redis() {
      if (redis === undefined) throw new Error('the server was not started');
      return redis;
    },
  };
}
