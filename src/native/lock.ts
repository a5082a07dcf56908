import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** One file of the inference library. */
export interface NativeFile {
  /** In the package and in its folder here, with `/`. */
  readonly path: string;
  /** As `linux-x64`; a file without one belongs to all. */
  readonly platform?: string;
  /** Bytes. */
  readonly size: number;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** The parsed `native/native.lock.json`: which files of which package make up the inference library. */
export interface NativeLock {
  readonly package: string;
  readonly version: string;
  /** SPDX identifier. */
  readonly licence: string;
  /** SHA-256 of the package's tarball as the registry serves it. */
  readonly tarballSha256: string;
  /** Bytes of that tarball. */
  readonly tarballSize: number;
  readonly files: readonly NativeFile[];
}

/** The package's own `native/`, beside `src/` or `dist/`. */
export const NATIVE_DIR: string = fileURLToPath(new URL('../../native/', import.meta.url));

/** This machine's platform, as the lock names it. */
export const OWN_PLATFORM: string = `${process.platform}-${process.arch}`;

/**
 * What `npm pack` puts into the package unless told otherwise: the platform that servers run on most. Each
 * further one adds 25 to 45 MB to everybody's installation; elsewhere `livestill models pull` fetches the
 * library once.
 */
export const PACKED_PLATFORMS: readonly string[] = ['linux-x64'];

/** The lock in `dir`. Throws the system's error, or that of JSON. */
export async function loadNativeLock(dir: string = NATIVE_DIR): Promise<NativeLock> {
  return JSON.parse(await readFile(`${dir}/native.lock.json`, 'utf8')) as NativeLock;
}

/** All platforms of a lock. */
export function platformsOf(lock: NativeLock): string[] {
  return [...new Set(lock.files.flatMap(({ platform }) => platform ?? []))];
}

/**
 * The platforms whose files belong into the package or the clone: those named in `PACK_PLATFORMS` (comma
 * between them, or `all`); without it the packed ones where npm packs or publishes, else the machine's own.
 *
 * @throws {RangeError} naming a platform that the lock does not have
 */
export function wantedPlatforms(lock: NativeLock, env: NodeJS.ProcessEnv, own = OWN_PLATFORM): string[] {
  const known = platformsOf(lock);
  const named = env.PACK_PLATFORMS;
  if (named === 'all') return known;
  if (named !== undefined && named !== '') {
    const list = named.split(',').map((name) => name.trim());
    const unknown = list.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new RangeError(
        `PACK_PLATFORMS: expected names out of ${known.join(', ')}, or all; found "${unknown}"`,
      );
    }
    return list;
  }
  const packs = env.npm_command === 'pack' || env.npm_command === 'publish';
  return (packs ? PACKED_PLATFORMS : [own]).filter((platform) => known.includes(platform));
}
