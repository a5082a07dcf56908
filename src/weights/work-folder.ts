import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../files/folder.ts';
import { systemCode } from './error.ts';

/**
 * A folder of one pull, inside the folder of the weights: on the same file system, so a rename out of it is
 * atomic.
 */
export interface WorkFolder {
  readonly path: string;
  /** Removes it with all that is in it. Never throws. */
  close(): Promise<void>;
}

/** A pull renews its folder's time this often, milliseconds. */
const BEAT_MS = 20_000;

/** A folder not renewed for so long belongs to a pull that was killed, milliseconds. */
const STALE_MS = 5 * 60_000;

const NAME = /^\.pull-([0-9a-f]{8})-(\d+)-\w{6}$/;

/**
 * Stands for this machine and, in containers, its process numbers: only there does "no such process" mean
 * anything.
 */
function machineTag(): string {
  let processes = '';
  try {
    processes = readlinkSync('/proc/self/ns/pid');
  } catch {
    // not Linux
  }
  return createHash('sha256').update(`${hostname()} ${processes}`).digest('hex').slice(0, 8);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

/**
 * Removes the work folders of pulls that were killed: their process is gone, or they have not been renewed
 * for five minutes. Those of running pulls stay. Never throws: a folder that cannot be removed is no reason
 * not to pull.
 *
 * @param now milliseconds since 1970
 */
export async function clearStale(dir: string, now: number = Date.now()): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) {
    const parts = NAME.exec(name);
    if (parts === null) continue;
    const path = join(dir, name);
    const gone = parts[1] === machineTag() && !isRunning(Number(parts[2]));
    const age = await stat(path).then(
      (info) => now - info.mtimeMs,
      () => 0,
    );
    if (gone || age > STALE_MS) await remove(path);
  }
}

/** Makes a work folder in `dir` (made too, if missing). Throws the system's error. */
export async function openWorkFolder(dir: string): Promise<WorkFolder> {
  await makeFolder(dir);
  const path = await mkdtemp(join(dir, `.pull-${machineTag()}-${process.pid}-`));
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  return {
    path,
    close: async () => {
      clearInterval(beat);
      await remove(path);
    },
  };
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
}
