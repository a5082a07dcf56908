import { spawnSync } from 'node:child_process';

/*
 * A worker needs to write no file and to gain no right, whatever a picture makes of it. util-linux, which
 * every Linux distribution has, can say so to the kernel before the worker starts: no byte goes into any file
 * (pipes are not files), no memory is dumped, which would keep faces on disk, and programs with rights of
 * their own, such as sudo, give none.
 */
const LIMITER = '/usr/bin/prlimit';
const LIMITS = ['--core=0', '--fsize=0'];
const DIVESTER = ['/usr/bin/setpriv', '--no-new-privs'];

let known: readonly string[] | undefined;

/** What stands before the command line of a worker; empty where the system does not have it. Tried once. */
export function confiningCommand(): readonly string[] {
  known ??= worksHere() ? [LIMITER, ...LIMITS, ...DIVESTER] : [];
  return known;
}

function worksHere(): boolean {
  if (process.platform !== 'linux') return false;
  return (
    spawnSync(LIMITER, [...LIMITS, ...DIVESTER, DIVESTER[0]!, '--version'], { stdio: 'ignore' }).status === 0
  );
}
