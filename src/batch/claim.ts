import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { UsageError } from '../faults.ts';
import { writeWhole } from '../files/write.ts';
import { DEFAULT_CAPTURE } from '../liveness/quality/capture.ts';
import { readRunFile, runFileOf } from './run-file.ts';

/** What decides a row; a batch goes on only with the same. */
export interface BatchSettings {
  readonly input: string;
  readonly profile: string;
  readonly threshold: number;
  /** Absent: `lenient`, as in batches that were begun before there were presets. */
  readonly capture?: string;
  /** Name and SHA-256 of every network. */
  readonly models: readonly string[];
}

/** An output that this process alone writes to. */
export interface Claim {
  /**
   * To be asked before the first write.
   * @throws {UsageError} `output_in_use` when another process took over the same left lock at the same moment
   */
  confirm(): Promise<void>;
  /** Takes the lock away, where it is still this process's. */
  release(): Promise<void>;
}

const holderSchema = Type.Object({
  pid: Type.Integer(),
  host: Type.String(),
  token: Type.Optional(Type.String()),
});

/** The process that writes to an output, as its lock says. */
type Holder = Readonly<Static<typeof holderSchema>>;

async function holderOf(path: string): Promise<Holder | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Check(holderSchema, value) ? value : null;
  } catch {
    return null;
  }
}

const inUse = (journal: string, path: string, holder: Holder | null) =>
  new UsageError(
    'output_in_use',
    `process ${holder?.pid ?? '(unknown)'} on ${holder?.host ?? 'this machine'} is writing to ${journal}; wait for it, or remove ${path} if it is gone`,
  );

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
 * Claims the output for this process with a file `<journal>.lock`. One left by a process of this machine that
 * is gone is taken over.
 * @throws {UsageError} `output_in_use` when another process is writing to it, or may be
 */
export async function claimOutput(journal: string): Promise<Claim> {
  const path = `${journal}.lock`;
  const own: Holder = { pid: process.pid, host: hostname(), token: randomUUID() };
  const isOwn = async () => (await holderOf(path))?.token === own.token;
  for (let attempt = 0; ; attempt++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(JSON.stringify(own));
      await file.close();
      return {
        async confirm() {
          if (!(await isOwn())) throw inUse(journal, path, await holderOf(path));
        },
        async release() {
          if (await isOwn()) await rm(path, { force: true });
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 2) throw error;
    }
    const holder = await holderOf(path);
    if (holder !== null && (holder.host !== hostname() || isAlive(holder.pid)))
      throw inUse(journal, path, holder);
    await rm(path, { force: true });
  }
}

/**
 * Compares the settings of an output with those of the run that began it, which stand in
 * `<journal>.run.json`.
 * @param outputs the names of the files that this run makes of the journal, see `outputName`
 * @returns the id of the run that began it
 * @throws {UsageError} when the output was begun with other settings, or not by a batch at all
 */
export async function checkSettings(
  journal: string,
  settings: BatchSettings,
  outputs: readonly string[] = [],
): Promise<string> {
  const path = runFileOf(journal);
  const before = await readRunFile(journal).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new UsageError('output_settings', `${path} cannot be read; choose another --out`, { cause: error });
  });
  if (before === null) {
    const info = await stat(journal).catch(() => null);
    if (info !== null && (info.size > 0 || !info.isFile())) {
      throw new UsageError(
        'output_exists',
        `${journal} exists and was not made by a batch (there is no ${path}): choose another --out or move it away`,
      );
    }
    const id = randomUUID();
    await writeWhole(path, `${JSON.stringify({ ...settings, outputs, id }, null, 2)}\n`);
    return id;
  }
  const lenient = { capture: DEFAULT_CAPTURE };
  const [begun, now] = [
    { ...lenient, ...before },
    { ...lenient, ...settings },
  ];
  for (const name of ['input', 'profile', 'threshold', 'capture', 'models'] as const) {
    const [was, is] = [JSON.stringify(begun[name]), JSON.stringify(now[name])];
    if (was !== is) {
      throw new UsageError(
        'output_settings',
        `${journal} was begun with ${name} ${was}, this run has ${is}: use the same, or choose another --out`,
      );
    }
  }
  const all = [...new Set([...(before.outputs ?? []), ...outputs])];
  if (all.length === before.outputs?.length && before.id !== undefined) return before.id;
  const id = before.id ?? randomUUID();
  await writeWhole(path, `${JSON.stringify({ ...settings, outputs: all, id }, null, 2)}\n`);
  return id;
}
