import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll } from 'vitest';
import { builtGoProgram } from '../../../test/deploy/support/tools.ts';
import { freePort } from '../../store/test-support/free-port.ts';
import { createS3Client } from '../s3/client.ts';
import type { S3Settings } from '../s3/settings.ts';

/** The S3 server of the tests; `test/deploy/s3.deploy.ts` builds it. */
export const VERSITYGW = { name: 'versitygw', version: 'v1.8.0' } as const;

const tool = builtGoProgram(VERSITYGW.name, VERSITYGW.version);

/** Why no S3 server can be started here; null where one can. */
export const whyNoS3: string | null = tool.reason;

/** The keys of the server of the tests. */
export const TEST_KEYS = { accessKeyId: 'tested', secretAccessKey: 'secret of the tests' } as const;

/** Settings for a server on this machine. */
export const s3SettingsFor = (endpoint: string, parts: Partial<S3Settings> = {}): S3Settings => ({
  endpoint,
  region: 'us-east-1',
  pathStyle: true,
  sessionToken: null,
  credentialsFile: null,
  ca: null,
  timeoutMs: 60_000,
  ...TEST_KEYS,
  ...parts,
});

/** A real S3 server (versitygw) over a folder of its own, in which each folder is a bucket. */
export class S3TestServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'livestill-s3-'));
  readonly #port: number;
  #process: ChildProcess | null = null;

  private constructor(port: number) {
    this.#port = port;
  }

  static async start(): Promise<S3TestServer> {
    const server = new S3TestServer(await freePort());
    process.once('exit', () => server.#end());
    mkdirSync(join(server.#folder, 'data'));
    mkdirSync(join(server.#folder, 'notes'));
    mkdirSync(join(server.#folder, 'users'));
    await server.up();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts the server's process; resolves once it answers. */
  async up(): Promise<void> {
    const notes = ['--sidecar', join(this.#folder, 'notes')];
    this.#process = spawn(
      tool.path ?? '',
      [
        ...['--port', `127.0.0.1:${this.#port}`, '--quiet', '--iam-dir', join(this.#folder, 'users')],
        ...['posix', ...notes, join(this.#folder, 'data')],
      ],
      {
        stdio: 'ignore',
        env: {
          PATH: process.env.PATH,
          HOME: this.#folder,
          ROOT_ACCESS_KEY: TEST_KEYS.accessKeyId,
          ROOT_SECRET_KEY: TEST_KEYS.secretAccessKey,
        },
      },
    );
    for (let tries = 0; ; tries++) {
      try {
        await fetch(this.url);
        return;
      } catch (error) {
        if (tries > 1000 || this.#process.exitCode !== null) throw error;
        await sleep(50);
      }
    }
  }

  /** Ends the server's process. */
  async down(): Promise<void> {
    const running = this.#process;
    if (running === null || running.exitCode !== null) return;
    this.#process = null;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  /** Makes a bucket. */
  bucket(name: string): void {
    mkdirSync(join(this.#folder, 'data', name), { recursive: true });
  }

  /** Makes a user who may do so much in a bucket, such as `s3:GetObject`. */
  async user(
    accessKeyId: string,
    secretAccessKey: string,
    bucket: string,
    may: readonly string[],
  ): Promise<void> {
    const as = [
      '--access',
      TEST_KEYS.accessKeyId,
      '--secret',
      TEST_KEYS.secretAccessKey,
      '--endpoint-url',
      this.url,
    ];
    const made = ['create-user', '--access', accessKeyId, '--secret', secretAccessKey, '--role', 'user'];
    await promisify(execFile)(tool.path ?? '', ['admin', ...as, ...made]);
    const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
    const Statement = [{ Effect: 'Allow', Principal: [accessKeyId], Action: may, Resource }];
    const body = Buffer.from(JSON.stringify({ Version: '2012-10-17', Statement }));
    await createS3Client(s3SettingsFor(this.url)).send(
      { method: 'PUT', place: { bucket, key: '' }, query: { policy: '' }, body },
      new AbortController().signal,
      async () => {},
    );
  }

  /** Puts an object in as if somebody had uploaded it. */
  put(bucket: string, key: string, content: Uint8Array | string): void {
    const path = join(this.#folder, 'data', bucket, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  /** The content of an object. */
  get(bucket: string, key: string): Buffer {
    return readFileSync(join(this.#folder, 'data', bucket, key));
  }

  /** The keys of a bucket's objects and folders. */
  names(bucket: string): readonly string[] {
    return readdirSync(join(this.#folder, 'data', bucket), { recursive: true, encoding: 'utf8' });
  }

  remove(bucket: string, key: string): void {
    rmSync(join(this.#folder, 'data', bucket, key));
  }

  async end(): Promise<void> {
    await this.down();
    this.#end();
  }

  #end(): void {
    this.#process?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A server for the tests of a file; it is stopped when they end, whatever became of them. */
export function s3OfTests(): { readonly server: S3TestServer } {
  let server: S3TestServer | undefined;
  beforeAll(async () => {
    if (whyNoS3 === null) server = await S3TestServer.start();
  });
  afterAll(() => server?.end());
  return {
    get server() {
      if (server === undefined) throw new Error('the server was not started');
      return server;
    },
  };
}
