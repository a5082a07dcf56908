import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError, WeightsError } from '../weights/error.ts';
import { type FetchTarball, npmFetcher } from '../weights/npm.ts';
import { OTHER_PACKAGE, takeFiles } from '../weights/unpack.ts';
import { hashFile } from '../weights/verify.ts';
import { clearStale, openWorkFolder } from '../weights/work-folder.ts';
import {
  loadNativeLock,
  NATIVE_DIR,
  type NativeFile,
  type NativeLock,
  OWN_PLATFORM,
  platformsOf,
} from './lock.ts';

/** What {@link pullNative} is told; every part but the platforms has a default. */
export interface PullNativeOptions {
  /** Names as `linux-x64`; files of other platforms are removed. */
  readonly platforms: readonly string[];
  /** Whether files of other platforms stay. */
  readonly keepOthers?: boolean;
  /** Default: the package's own `native/`. */
  readonly dir?: string;
  /** Default: the one in `dir`. */
  readonly lock?: NativeLock;
  /** Default: the npm client. */
  readonly fetchTarball?: FetchTarball;
}

/** What a pull did. */
export interface PulledNative {
  /** `name@version` of the package that the files come from. */
  readonly spec: string;
  readonly files: number;
  /** Of them fetched now. */
  readonly fetched: number;
}

/**
 * Brings the inference library into place: the files of `platforms` out of the npm package that the lock
 * names, each checked by SHA-256. The package is not a dependency, because its install script downloads from
 * outside the registry and because it carries every platform's files: no script of it runs here. What is
 * there and right is left alone; a file appears under its name only whole and verified.
 *
 * @throws {WeightsError} when the package cannot be fetched, is not the one of the lock, or the disk refuses
 */
export async function pullNative(options: PullNativeOptions): Promise<PulledNative> {
  const { platforms, dir = NATIVE_DIR, fetchTarball = npmFetcher() } = options;
  const lock = options.lock ?? (await loadNativeLock(dir));
  const spec = `${lock.package}@${lock.version}`;
  const root = join(dir, lock.package);
  const wanted = lock.files.filter(({ platform }) => platform === undefined || platforms.includes(platform));
  await clearStale(dir);
  const kept = options.keepOthers === true ? lock.files : wanted;
  await removeOthers(root, new Set(['package.json', ...kept.map(({ path }) => path)]));
  const missing = await wrongFiles(root, wanted);
  try {
    if (missing.length > 0) await fetchFiles(dir, root, lock, missing, fetchTarball);
    // The folder lies inside a package of ES modules, its files are CommonJS.
    const { package: name, version, licence: license } = lock;
    await writeFile(
      join(root, 'package.json'),
      `${JSON.stringify({ name, version, license, private: true, type: 'commonjs' }, null, 2)}\n`,
    );
  } catch (error) {
    throw diskError(error, dir, lock.tarballSize);
  }
  return { spec, files: wanted.length, fetched: missing.length };
}

/** What {@link pullOwnLibrary} is told; every part has a default. */
export interface PullOwnLibraryOptions {
  /** Default: the package's own `native/`. */
  readonly dir?: string;
  /** Default: this machine's. */
  readonly platform?: string;
  /** Archives that were brought along: then nothing is fetched. */
  readonly from?: readonly string[];
  /** Default: the npm client. */
  readonly fetchTarball?: FetchTarball;
  /** Called before the package is fetched: its name with the version, and bytes. */
  readonly onFetch?: (spec: string, bytes: number) => void;
}

/** This platform's inference library after {@link pullOwnLibrary}. */
export interface OwnLibrary {
  readonly spec: string;
  readonly platform: string;
  /**
   * `absent`: not among the archives that were brought along; `no build`: it does not exist for this
   * platform.
   */
  readonly action: 'kept' | 'fetched' | 'absent' | 'no build';
  /** The archives of `from` that are not the library's. */
  readonly others: readonly string[];
}

/**
 * Brings the inference library of this platform into place where it is missing or wrong, beside those of
 * other platforms: what a package that was packed for another platform lacks. Nothing is written where all is
 * right.
 *
 * @throws {WeightsError} as {@link pullNative} does
 */
export async function pullOwnLibrary(options: PullOwnLibraryOptions = {}): Promise<OwnLibrary> {
  const { dir = NATIVE_DIR, platform = OWN_PLATFORM, from } = options;
  const lock = await loadNativeLock(dir).catch((error: unknown) => {
    const found = (error as Error).message;
    const advice = 'The file belongs to the livestill package: install that version again';
    const expected = 'a valid lock of the inference library';
    const file = join(dir, 'native.lock.json');
    throw new WeightsError({ reason: 'bad_lock', file, expected, found, advice }, error);
  });
  const spec = `${lock.package}@${lock.version}`;
  const others: string[] = [];
  let archive: string | undefined;
  for (const file of from ?? []) {
    const isLibrary = (await hashFile(file).catch(() => '')) === lock.tarballSha256;
    if (isLibrary) archive = file;
    else others.push(file);
  }
  const end = (action: OwnLibrary['action']): OwnLibrary => ({ spec, platform, action, others });
  if (!platformsOf(lock).includes(platform)) return end('no build');
  const wanted = lock.files.filter((file) => file.platform === undefined || file.platform === platform);
  if ((await wrongFiles(join(dir, lock.package), wanted)).length === 0) return end('kept');
  if (from !== undefined && archive === undefined) return end('absent');
  const fetchTarball: FetchTarball =
    archive === undefined ? (options.fetchTarball ?? npmFetcher()) : () => Promise.resolve(archive as string);
  if (archive === undefined) options.onFetch?.(spec, lock.tarballSize);
  await pullNative({ platforms: [platform], keepOthers: true, dir, lock, fetchTarball });
  return end('fetched');
}

async function wrongFiles(root: string, files: readonly NativeFile[]): Promise<NativeFile[]> {
  const wrong: NativeFile[] = [];
  for (const file of files) if (!(await isRight(join(root, file.path), file))) wrong.push(file);
  return wrong;
}

async function isRight(path: string, { size, sha256 }: NativeFile): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() === true && found.size === size && (await hashFile(path)) === sha256;
}

async function removeOthers(root: string, kept: ReadonlySet<string>): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1).replaceAll('\\', '/');
    if (!kept.has(name)) await rm(path, { force: true });
  }
}

async function fetchFiles(
  dir: string,
  root: string,
  lock: NativeLock,
  files: readonly NativeFile[],
  fetchTarball: FetchTarball,
): Promise<void> {
  const { package: name, version, tarballSha256 } = lock;
  const spec = `${name}@${version}`;
  const work = await openWorkFolder(dir);
  try {
    const tarball = await fetchTarball(spec, join(work.path, 'package'));
    const found = await hashFile(tarball);
    if (found !== tarballSha256) throw wrong(`tarball of ${spec}`, tarballSha256, found);
    const contents = await takeFiles(
      tarball,
      files.map(({ path, size, sha256 }) => ({
        name: path,
        package: name,
        version,
        pathInArchive: `package/${path}`,
        size,
        sha256,
      })),
    );
    for (const { path, sha256 } of files) {
      const bytes = contents.get(path)!;
      const hash = createHash('sha256').update(bytes).digest('hex');
      if (hash !== sha256) throw wrong(`${path} in ${spec}`, sha256, hash);
      await place(bytes, join(work.path, 'file'), join(root, path));
    }
  } finally {
    await work.close();
  }
}

function wrong(file: string, expected: string, found: string): WeightsError {
  return new WeightsError({
    reason: 'wrong_hash',
    file,
    expected: `sha256 ${expected}`,
    found: `sha256 ${found}`,
    advice: OTHER_PACKAGE,
  });
}

async function place(bytes: Uint8Array, temporary: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}
