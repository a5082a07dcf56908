import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { SHARED_FOLDER } from '../../../../test/support/shared-folder.ts';
import { postgresUp } from '../../migrate.ts';
import { folderInMemory } from '../../test-support/folder-in-memory.ts';
import { freePort } from '../../test-support/free-port.ts';
import type { NetworkNamespace } from './network.ts';
import { settingsFor } from './settings.ts';

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

/** The database of a prepared server whose tables are made; nothing ever connects to it again. */
const MIGRATED = 'livestill_migrated';

/**
 * The data of a server that was made and ended once for all test processes of a run, to be copied; null where
 * they share nothing.
 */
async function preparedData(): Promise<string | null> {
  const shared = process.env[SHARED_FOLDER];
  if (shared === undefined) return null;
  const folder = join(shared, 'postgres');
  const [ready, failed] = [join(folder, 'ready'), join(folder, 'failed')];
  try {
    mkdirSync(folder);
  } catch {
    // Another process makes it.
    while (!existsSync(ready) && !existsSync(failed)) await sleep(20);
    return existsSync(ready) ? join(folder, 'data') : null;
  }
  try {
    await TestServer.prepare(folder);
    writeFileSync(ready, '');
    return join(folder, 'data');
  } catch (error) {
    writeFileSync(failed, '');
    throw error;
  }
}

/** How a server differs from one on the loopback of this machine. */
export interface TestServerOptions {
  /**
   * The folder that its own folder is made in; one in memory where nothing is said and there is enough free
   * space.
   */
  readonly parent?: string;
  /** The network that it runs in; without one, this machine's. */
  readonly network?: NetworkNamespace;
  /** Settings of the server itself, beyond those that every test has. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** The server that this one is a streaming copy of. */
  readonly primary?: TestServer;
}

/** A PostgreSQL server in a folder of its own on a free port, which ends with the process at the latest. */
export class TestServer {
  readonly #folder: string;
  readonly #port: number;
  readonly #options: TestServerOptions;
  readonly #identity = runAs();
  readonly #bin = programs() ?? '';
  #process: ChildProcess | null = null;
  #databases = 0;
  #migrated: Promise<string> | undefined;
  #hasTls = false;

  private constructor(folder: string, port: number, options: TestServerOptions) {
    this.#folder = folder;
    this.#port = port;
    this.#options = options;
  }

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const prepared = options.primary === undefined ? await preparedData() : null;
    const folder = mkdtempSync(join(options.parent ?? folderInMemory() ?? tmpdir(), 'livestill-postgres-'));
    const server = new TestServer(folder, await freePort(), options);
    process.once('exit', () => server.#end());
    await server.#begin(prepared);
    if (prepared !== null) server.#migrated = Promise.resolve(server.urlOf(MIGRATED));
    return server;
  }

  /** Makes the data of a server in a folder, with one database whose tables are made, and ends it. */
  static async prepare(folder: string): Promise<void> {
    const server = new TestServer(folder, await freePort(), {});
    // Its folder outlives this process.
    process.once('exit', () => void server.#process?.kill('SIGQUIT'));
    await server.#begin(null);
    await server.query('postgres', `create database ${MIGRATED}`);
    await server.#migrate(server.urlOf(MIGRATED));
    await server.down();
  }

  async #begin(prepared: string | null): Promise<void> {
    const { uid, gid } = this.#identity;
    if (uid !== undefined && gid !== undefined) chownSync(this.#folder, uid, gid);
    this.#makeData(prepared);
    await this.up();
  }

  #makeData(prepared: string | null): void {
    const data = join(this.#folder, 'data');
    const { primary, network } = this.#options;
    const run = (name: string, ...args: string[]) =>
      execFileSync(join(this.#bin, name), ['-D', data, ...args], {
        ...this.#identity,
        cwd: this.#folder,
        stdio: 'ignore',
      });
    if (primary !== undefined) {
      // Writes down where the primary is and that this one follows it.
      run('pg_basebackup', '-d', primary.urlOf('postgres'), '-R', '-X', 'stream', '-c', 'fast', '--no-sync');
      return;
    }
    if (prepared !== null) {
      execFileSync('cp', ['-a', prepared, data], { ...this.#identity, cwd: this.#folder });
      if (network !== undefined) this.#admit(network);
      return;
    }
    const form = ['-A', 'trust', '-E', 'UTF8', '--locale=C', '--wal-segsize=1', '--no-sync'];
    run('initdb', '-U', 'livestill', ...form);
    if (network !== undefined) this.#admit(network);
  }

  #admit({ outside }: NetworkNamespace): void {
    appendFileSync(join(this.#folder, 'data', 'pg_hba.conf'), `host all all ${outside}/32 trust\n`);
  }

  get #host(): string {
    return this.#options.network?.inside ?? '127.0.0.1';
  }

  /** Starts the server's process where it does not run; resolves once it takes connections. */
  async up(): Promise<void> {
    if (this.#process !== null) return;
    const settings = {
      listen_addresses: this.#host,
      port: this.#port,
      unix_socket_directories: this.#folder,
      fsync: 'off',
      // Torn pages take a crash of the system; and every database made ends in a checkpoint.
      full_page_writes: 'off',
      shared_buffers: '32MB',
      // In its own folder: what a killed server leaves goes with that.
      dynamic_shared_memory_type: 'mmap',
      max_connections: 200,
      autovacuum: 'off',
      ...(this.#hasTls
        ? {
            ssl: 'on',
            ssl_cert_file: join(this.#folder, 'tls.crt'),
            ssl_key_file: join(this.#folder, 'tls.key'),
          }
        : {}),
      ...this.#options.settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const program = [join(this.#bin, 'postgres'), '-D', join(this.#folder, 'data'), ...args];
    const { network } = this.#options;
    const [command = '', ...rest] = network?.around(program, this.#identity) ?? program;
    const started = spawn(command, rest, {
      ...(network === undefined ? this.#identity : {}),
      cwd: this.#folder,
      stdio: 'ignore',
    });
    this.#process = started;
    for (let tries = 0; ; tries += 1) {
      try {
        await this.query('postgres', 'select 1');
        return;
      } catch (error) {
        if (tries > 2000 || started.exitCode !== null) throw error;
        await sleep(25);
      }
    }
  }

  /**
   * Ends the server's process as a restart would, or at once as a crash does (SIGQUIT); resolves once it
   * ended.
   */
  async down(signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const running = this.#process;
    if (running === null) return;
    this.#process = null;
    if (running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  }

  /** Makes a copy that follows another server a server of its own; resolves once it takes changes. */
  async promote(): Promise<void> {
    await this.query('postgres', 'select pg_promote(true, 30)');
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

  /**
   * A new database, empty or a copy of another of this server that nothing is connected to; its url.
   */
  async newDatabase(template?: string): Promise<string> {
    this.#databases += 1;
    const name = `test_${this.#databases}`;
    const copied =
      template === undefined ? '' : ` template ${template.replace(/^.*\/|\?.*$/g, '')} strategy file_copy`;
    await this.query('postgres', `create database ${name}${copied}`);
    return this.urlOf(name);
  }

  /** A new database whose tables are made; its url. */
  async migratedDatabase(): Promise<string> {
    this.#migrated ??= this.newDatabase().then(async (url) => {
      await this.#migrate(url);
      return url;
    });
    return this.newDatabase(await this.#migrated);
  }

  async #migrate(url: string): Promise<void> {
    await postgresUp(settingsFor(url), { kind: 'system', name: 'tests', from: 'tests' });
  }

  urlOf(database: string): string {
    const tls = this.#options.network === undefined ? '' : '?sslmode=disable';
    return `postgres://livestill@${this.#host}:${this.#port}/${database}${tls}`;
  }

  /** Its port. */
  get port(): number {
    return this.#port;
  }

  /** Runs SQL in a database by its name or url; the rows of its last statement. */
  async query(database: string, text: string): Promise<readonly Record<string, unknown>[]> {
    const connectionString = database.includes('://') ? database : this.urlOf(database);
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 60_000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return ([await client.query(text)].flat().at(-1)?.rows ?? []) as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  /** Makes a change and keeps its rows locked; resolves with what lets them go, the change made. */
  async holding(database: string, text: string): Promise<() => Promise<void>> {
    const client = new pg.Client({ connectionString: database });
    client.on('error', () => {});
    await client.connect();
    await client.query('begin');
    await client.query(text);
    return async () => {
      await client.query('commit');
      await client.end();
    };
  }

  /** Ends the server and removes its folder. */
  async remove(): Promise<void> {
    this.signal('SIGCONT');
    await this.down('SIGQUIT');
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
export function serverOfTests(options: TestServerOptions = {}): { readonly server: TestServer } {
  let server: TestServer | undefined;
  beforeAll(async () => {
    if (whyNoServer === null) server = await TestServer.start(options);
  });
  afterAll(async () => {
    await server?.remove();
  });
  return {
    get server() {
      if (server === undefined) throw new Error('the server was not started');
      return server;
    },
  };
}
