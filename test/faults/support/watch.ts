import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a watched program and all its children did. */
export interface Watched {
  readonly status: number | string;
  readonly out: string;
  readonly err: string;
  /** System calls on internet addresses that are not a listener's: sockets that never listen, connections, datagrams. */
  readonly internet: string[];
  /** Addresses it listened on, as `127.0.0.1:8787`. */
  readonly listened: string[];
  /** Paths below its home and its folder for temporary files that it made or tried to make, removed since or not. */
  readonly made: string[];
}

/** A program under strace with a home and a folder for temporary files of its own. */
export interface WatchedProgram {
  readonly child: ReturnType<typeof spawn>;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<Watched>;
}

/** Why programs cannot be watched here, or null. Installs strace where it may (root, apt-get). */
export function watchingRefused(): string | null {
  if (process.platform !== 'linux') return 'strace exists on Linux alone';
  if (works()) return null;
  if (process.getuid?.() !== 0) return 'strace is not installed, and only root may install it';
  if (spawnSync('apt-get', ['--version']).status !== 0)
    return 'strace is not installed, and there is no apt-get';
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { env });
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'strace'], { env });
  return works() ? null : 'strace cannot be installed here, or may not watch programs';
}

const works = () => spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;

const NETWORK = 'socket,connect,bind,listen,sendto,sendmsg,sendmmsg';
const FILES =
  'open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,link,linkat,symlink,symlinkat,rename,renameat,renameat2';

/** Starts `command` so that everything it asks the system for, on the network and below its home and temporary folder, is seen. */
export async function watch(command: string, args: readonly string[], cwd: string): Promise<WatchedProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-watch-'));
  const [home, temporary, trace] = [join(folder, 'home'), join(folder, 'tmp'), join(folder, 'trace')];
  for (const path of [home, temporary]) await mkdir(path);
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(?:LIVESTILL_|NODE_|VITEST|XDG_|ORT_|TMPDIR$|TEMP$|TMP$)/.test(name),
  );
  const env = { ...Object.fromEntries(own), HOME: home, TMPDIR: temporary };
  const flags = [
    '-f',
    '--seccomp-bpf',
    '-qq',
    '-yy',
    '-s',
    '256',
    '-e',
    `trace=${NETWORK},${FILES}`,
    '-o',
    trace,
  ];
  const child = spawn('strace', [...flags, command, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const closed = new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing'));
  });
  const finish = async (): Promise<Watched> => {
    try {
      const status = await closed;
      const calls = await readFile(trace, 'utf8');
      const left = [...(await readdir(home)), ...(await readdir(temporary))];
      return { status, out, err, ...network(calls), made: [...madeBelow(calls, [home, temporary]), ...left] };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  return { child, out: () => out, err: () => err, ended: finish() };
}

const INTERNET = /\bAF_INET6?\b|sa_family=AF_INET6?|<(?:TCP|UDP|RAW|ICMP)(?:v6)?:/;

/** Sorts the calls on internet sockets: listeners, and everything else. */
function network(calls: string): Pick<Watched, 'internet' | 'listened'> {
  const listened: string[] = [];
  const internet: string[] = [];
  let sockets = 0;
  for (const line of calls.split('\n')) {
    if (!INTERNET.test(line) || / resumed>/.test(line)) continue;
    const call = /^\d+\s+(\w+)\(/.exec(line)?.[1];
    if (call === 'socket') sockets += 1;
    else if (call === 'listen') listened.push(/<TCP(?:v6)?:\[([^\]]+)\]>/.exec(line)?.[1] ?? line);
    else if (call !== 'bind' && call !== undefined) internet.push(line);
  }
  if (sockets > listened.length)
    internet.push(`${sockets} internet sockets made, ${listened.length} of them to listen`);
  return { internet, listened };
}

/** Paths below `folders` in calls that make files. */
function madeBelow(calls: string, folders: readonly string[]): string[] {
  return calls
    .split('\n')
    .filter((line) => !/^\d+\s+open(?:at2?)?\(/.test(line) || line.includes('O_CREAT'))
    .flatMap((line) => Array.from(line.matchAll(/"([^"]+)"/g), ([, path]) => path))
    .filter((path) => folders.some((folder) => path.startsWith(folder)));
}
