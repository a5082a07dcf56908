import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError, WeightsError } from '../weights/error.ts';
import { type FetchTarball, npmFetcher } from '../weights/npm.ts';
import { OTHER_PACKAGE, takeFiles } from '../weights/unpack.ts';
import { hashFile } from '../weights/verify.ts';
import { clearStale, openWorkFolder } from '../weights/work-folder.ts';
import { loadNativeLock, NATIVE_DIR, type NativeFile, type NativeLock } from './lock.ts';

/** What {@link pullNative} is told; every part but the platforms has a default. */
export interface PullNativeOptions {
  /** Names as `linux-x64`; files of other platforms are removed. */
  readonly platforms: readonly string[];
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
 * Brings the inference library into place: the files of `platforms` out of the npm package that the lock names, each checked by
 * SHA-256. The package is not a dependency, because its install script downloads from outside the registry and because it carries
 * every platform's files: no script of it runs here. What is there and right is left alone; a file appears under its name only
 * whole and verified.
 *
 * @throws {WeightsError} when the package cannot be fetched, is not the one of the lock, or the disk refuses.
 */
export async function pullNative(options: PullNativeOptions): Promise<PulledNative> {
  const { platforms, dir = NATIVE_DIR, fetchTarball = npmFetcher() } = options;
  const lock = options.lock ?? (await loadNativeLock(dir));
  const spec = `${lock.package}@${lock.version}`;
  const root = join(dir, lock.package);
  const wanted = lock.files.filter(({ platform }) => platform === undefined || platforms.includes(platform));
  await clearStale(dir);
  await removeOthers(root, new Set(['package.json', ...wanted.map(({ path }) => path)]));
  const missing: NativeFile[] = [];
  for (const file of wanted) if (!(await isRight(join(root, file.path), file))) missing.push(file);
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
