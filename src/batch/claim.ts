import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { UsageError } from '../errors.ts';

/** What decides a row; a batch goes on only with the same. */
export interface BatchSettings {
  readonly input: string;
  readonly profile: string;
  readonly threshold: number;
  /** Name and SHA-256 of every network. */
  readonly models: readonly string[];
}

/** An output that this process alone writes to. */
export interface Claim {
  release(): Promise<void>;
}

function isAlive(pid: number): boolean {
  // In a container the next run may well get the same number as the one that was killed.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Claims the output for this process with a file `<journal>.lock`. One left by a process of this machine that is gone is taken over.
 * @throws UsageError where another process is writing to it, or may be
 */
export async function claimOutput(journal: string): Promise<Claim> {
  const path = `${journal}.lock`;
  for (let attempt = 0; ; attempt++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() }));
      await file.close();
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 2) throw error;
    }
    const holder = await readFile(path, 'utf8')
      .then((text) => JSON.parse(text) as { readonly pid: number; readonly host: string })
      .catch(() => null);
    if (holder !== null && (holder.host !== hostname() || isAlive(holder.pid))) {
      throw new UsageError(
        'output_in_use',
        `process ${holder.pid} on ${holder.host} is writing to ${journal}; wait for it, or remove ${path} if it is gone`,
      );
    }
    await rm(path, { force: true });
  }
}

/**
 * Holds the settings of an output against those of the run that began it, which stand in `<journal>.run.json`.
 * @throws UsageError for an output that was begun with other settings, or not by a batch at all
 */
export async function checkSettings(journal: string, settings: BatchSettings): Promise<void> {
  const path = `${journal}.run.json`;
  const before = await readFile(path, 'utf8')
    .then((text) => JSON.parse(text) as BatchSettings)
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw new UsageError('output_settings', `${path} cannot be read; choose another --out`, {
        cause: error,
      });
    });
  if (before === null) {
    const size = await stat(journal).then(
      (s) => s.size,
      () => 0,
    );
    if (size > 0) {
      throw new UsageError(
        'output_exists',
        `${journal} exists and was not made by a batch (there is no ${path}): choose another --out or move it away`,
      );
    }
    await writeWhole(path, `${JSON.stringify(settings, null, 2)}\n`);
    return;
  }
  for (const name of ['input', 'profile', 'threshold', 'models'] as const) {
    const [was, is] = [JSON.stringify(before[name]), JSON.stringify(settings[name])];
    if (was !== is) {
      throw new UsageError(
        'output_settings',
        `${journal} was begun with ${name} ${was}, this run has ${is}: use the same, or choose another --out`,
      );
    }
  }
}

/** Writes a file so that it is there whole or not at all. */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
