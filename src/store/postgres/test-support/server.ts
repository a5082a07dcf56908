import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';

const installed = '/usr/lib/postgresql';

/** The folder of the server's programs, the newest; null where there is none. */
function programs(): string | null {
  const versions = existsSync(installed) ? readdirSync(installed) : [];
  const folders = versions
    .sort((one, other) => Number(other) - Number(one))
    .map((version) => join(installed, version, 'bin'))
    .filter((folder) => existsSync(join(folder, 'initdb')));
  return folders[0] ?? null;
}

const isRoot = process.getuid?.() === 0;

/** Debian's package, where it is missing and may be installed. */
function install(): void {
  if (programs() !== null || !isRoot || !existsSync('/usr/bin/apt-get')) return;
  try {
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'postgresql'], {
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
export const whyNoServer: string | null =
  programs() === null ? 'no PostgreSQL server is installed, and it cannot be installed without root' : null;

/** The server refuses to run as root: whom it runs as then. */
function runAs(): { readonly uid?: number; readonly gid?: number } {
  if (!isRoot) return {};
  const id = (what: string, user: string) => Number(execFileSync('id', [what, user], { encoding: 'utf8' }));
  try {
    return { uid: id('-u', 'postgres'), gid: id('-g', 'postgres') };
  } catch {
    return { uid: id('-u', 'nobody'), gid: id('-g', 'nobody') };
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A PostgreSQL server in a folder of its own on a free port, which ends with the process at the latest. */
export class TestServer {
  readonly #folder: string;
  readonly #port: number;
  readonly #identity = runAs();
  readonly #bin = programs() ?? '';
  #process: ChildProcess | null = null;
  #databases = 0;
  #hasTls = false;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async start(): Promise<TestServer> {
    const folder = mkdtempSync(join(tmpdir(), 'livestill-postgres-'));
    const server = new TestServer(folder, await freePort());
    process.once('exit', () => server.#end());
    const { uid, gid } = server.#identity;
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
    execFileSync(
      join(server.#bin, 'initdb'),
      ['-D', join(folder, 'data'), '-U', 'livestill', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { ...server.#identity, cwd: folder, stdio: 'ignore' },
    );
    await server.up();
    return server;
  }

  /** Starts the server's process where it does not run; resolves once it takes connections. */
  async up(): Promise<void> {
    if (this.#process !== null) return;
    const settings = {
      listen_addresses: '127.0.0.1',
      port: this.#port,
      unix_socket_directories: this.#folder,
      fsync: 'off',
      max_connections: 200,
      autovacuum: 'off',
      ...(this.#hasTls
        ? {
            ssl: 'on',
            ssl_cert_file: join(this.#folder, 'tls.crt'),
            ssl_key_file: join(this.#folder, 'tls.key'),
          }
        : {}),
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.#process = spawn(join(this.#bin, 'postgres'), ['-D', join(this.#folder, 'data'), ...args], {
      ...this.#identity,
      cwd: this.#folder,
      stdio: 'ignore',
    });
    for (let tries = 0; ; tries += 1) {
      try {
        await this.query('postgres', 'select 1');
        return;
      } catch (error) {
        if (tries > 300) throw error;
        await sleep(50);
      }
    }
  }

  /** Ends the server's process as a restart would; resolves once it ended. */
  async down(): Promise<void> {
    const running = this.#process;
    if (running === null) return;
    this.#process = null;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGINT');
    await ended;
  }

  /** Starts anew with this certificate and key. */
  async useTls(cert: string, key: string): Promise<void> {
    const own = join(this.#folder, 'tls.key');
    copyFileSync(cert, join(this.#folder, 'tls.crt'));
    copyFileSync(key, own);
    chmodSync(own, 0o600);
    const { uid, gid } = this.#identity;
    if (uid !== undefined && gid !== undefined) chownSync(own, uid, gid);
    await this.down();
    this.#hasTls = true;
    await this.up();
  }

  /** Stops every process of the server where it is (SIGSTOP), or lets them go on (SIGCONT). */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    const parent = this.#process?.pid;
    if (parent === undefined) return;
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' });
    for (const pid of [parent, ...children.trim().split(/\s+/).filter(Boolean).map(Number)]) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended meanwhile.
      }
    }
  }

  /** A new empty database; its url. */
  async newDatabase(): Promise<string> {
    this.#databases += 1;
    const name = `test_${this.#databases}`;
    await this.query('postgres', `create database ${name}`);
    return this.urlOf(name);
  }

  urlOf(database: string): string {
    return `postgres://livestill@127.0.0.1:${this.#port}/${database}`;
  }

  /** Runs SQL in a database by its name or url; the rows of its last statement. */
  async query(database: string, text: string): Promise<readonly Record<string, unknown>[]> {
    const connectionString = database.includes('://') ? database : this.urlOf(database);
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return ([await client.query(text)].flat().at(-1)?.rows ?? []) as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  /** Ends the server and removes its folder. */
  async remove(): Promise<void> {
    this.signal('SIGCONT');
    const running = this.#process;
    const ended = new Promise((resolve) =>
      running === null ? resolve(null) : running.once('exit', resolve),
    );
    running?.kill('SIGQUIT');
    await ended;
    this.#process = null;
    this.#end();
  }

  #end(): void {
    this.signal('SIGCONT');
    this.#process?.kill('SIGQUIT');
    this.#process = null;
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A server for the tests of a file; it is stopped when they end, whatever became of them. */
export function serverOfTests(): { readonly server: TestServer } {
  let server: TestServer | undefined;
  beforeAll(async () => {
    if (whyNoServer === null) server = await TestServer.start();
  }, 120_000);
  afterAll(async () => {
    await server?.remove();
  }, 60_000);
  return {
    get server() {
      if (server === undefined) throw new Error('the server was not started');
      return server;
    },
  };
}
