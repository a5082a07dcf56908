import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../bin/livestill.js', import.meta.url));

/** `livestill …` as a process of its own. */
export interface Run {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Exit status once it has ended, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** What of this process's environment a run gets: no settings of livestill that happen to be set here. */
function cleanEnvironment(more: Record<string, string>): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !/^(LIVESTILL_|NODE_|VITEST)/.test(name));
  return { ...Object.fromEntries(own), ...more };
}

export function livestill(args: readonly string[], environment: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [program, ...args], {
    env: cleanEnvironment(environment),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk;
  });
  const ended = new Promise<number | string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  });
  return { child, stdout: () => out, stderr: () => err, ended };
}

/** A service that takes requests. */
export interface ServiceProcess extends Run {
  readonly port: number;
  readonly adminPort: number;
  /** The log so far, parsed. */
  lines(): Record<string, unknown>[];
  /** Asks it to end and waits until it has. */
  stop(): Promise<number | string>;
}

/** Starts `livestill serve` on free ports of the loopback and waits until it is ready. */
export async function serve(
  data: string,
  args: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<ServiceProcess> {
  const run = livestill(['serve', '--data', data, '--port', '0', '--admin-port', '0', ...args], environment);
  const lines = () =>
    run
      .stdout()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const ready = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const look = () => {
      const line = lines().find(({ event }) => event === 'ready');
      // Ready is logged before the person is greeted; tests read the greeting.
      if (line !== undefined && /^(A call to copy|A new one later):? .*\n/m.test(run.stderr())) resolve(line);
    };
    run.child.stdout?.on('data', look);
    run.child.stderr?.on('data', look);
    void run.ended.then((status) =>
      reject(new Error(`ended with ${status} before it was ready: ${run.stderr()}`)),
    );
  });
  return {
    ...run,
    port: Number(ready.port),
    adminPort: Number(ready.adminPort),
    lines,
    stop: () => {
      run.child.kill('SIGTERM');
      return run.ended;
    },
  };
}

/** A folder that is deleted when the test is over. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** App and keys as `livestill app create --json` prints them. */
export interface MadeApp {
  readonly appid: string;
  readonly secretId: string;
  readonly secretKey: string;
}

/** Makes an app in a data folder, with the tool that an operator uses. */
export async function makeApp(data: string, ...args: string[]): Promise<MadeApp> {
  const run = livestill(['app', 'create', '--data', data, '--json', ...args]);
  if ((await run.ended) !== 0) throw new Error(run.stderr());
  return JSON.parse(run.stdout()) as MadeApp;
}
