import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create, Parser, type ReadEntry } from 'tar';
import { UsageError } from '../../../faults.ts';
import { syncFile } from './files.ts';

/** What stands in a backup's `manifest.json`. */
export interface BackupManifest {
  /** Of this layout; a reader refuses a higher one. */
  readonly format: number;
  /** ISO time. */
  readonly createdAt: string;
  readonly why: 'asked' | 'before a migration';
  /** Version of livestill that made it. */
  readonly livestill: string | null;
  /** Migrations that its tables have been through. */
  readonly migrations: readonly string[];
  readonly apps: number;
  readonly ledgerRows: number;
  /** Highest number that the ledger has given out. */
  readonly lastLedgerId: number;
  /** ISO time of the newest ledger row. */
  readonly newestRowAt: string | null;
  /** Names of the master keys that its SecretKeys are encrypted under. */
  readonly masterKeys: readonly string[];
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** Everything of a manifest but the files, which are added when they are packed. */
export type ManifestFacts = Omit<BackupManifest, 'format' | 'files'>;

const FORMAT = 1;
const MANIFEST_NAME = 'manifest.json';
/** The database's name in a backup, and the master keys'. */
export const ARCHIVE_NAMES = { database: 'livestill.sqlite', keys: 'master.key' } as const;
/** Longest manifest that is read, in bytes. */
const LONGEST_MANIFEST = 1024 * 1024;

/** SHA-256 of a file, hex. */
async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Packs the files of `folder` into the tar archive `to` (made new, mode 600, on disk when this resolves): the
 * manifest first, then the database, then the keys if they are there.
 */
export async function packBackup(
  folder: string,
  facts: ManifestFacts,
  withKeys: boolean,
  to: string,
): Promise<BackupManifest> {
  const names = withKeys ? [ARCHIVE_NAMES.database, ARCHIVE_NAMES.keys] : [ARCHIVE_NAMES.database];
  const files: Record<string, { bytes: number; sha256: string }> = {};
  for (const name of names) {
    const path = join(folder, name);
    files[name] = { bytes: statSync(path).size, sha256: await hashOf(path) };
  }
  const manifest: BackupManifest = { format: FORMAT, ...facts, files };
  writeFileSync(join(folder, MANIFEST_NAME), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
  closeSync(openSync(to, 'wx', 0o600));
  await pipeline(
    create({ cwd: folder, portable: true }, [MANIFEST_NAME, ...names]) as unknown as NodeJS.ReadableStream,
    createWriteStream(to, { flags: 'r+' }),
  );
  syncFile(to);
  return manifest;
}

const damaged = (file: string, what: string, cause?: unknown): UsageError =>
  new UsageError('backup_damaged', `${file} is damaged or no backup of livestill: ${what}`, { cause });

/**
 * Unpacks a backup into the empty `folder` and compares every file with the manifest; without a folder it
 * only compares.
 * @throws {UsageError} `backup_unreadable`, `backup_damaged`, `backup_newer`
 */
export async function unpackBackup(file: string, folder: string | null): Promise<BackupManifest> {
  const writing: Promise<unknown>[] = [];
  const found = new Map<string, { bytes: number; sha256: Promise<string> }>();
  let text: Promise<Buffer> | undefined;
  let odd: string | undefined;
  const onReadEntry = (entry: ReadEntry) => {
    const { path: name, type, size } = entry;
    const isFile = type === 'File' || type === 'OldFile';
    if (isFile && name === MANIFEST_NAME && text === undefined && size <= LONGEST_MANIFEST) {
      text = entry.concat().then((bytes) => Buffer.from(bytes));
      writing.push(text);
    } else if (isFile && isArchiveName(name) && !found.has(name)) {
      const hash = createHash('sha256');
      const passing = async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          yield chunk;
        }
      };
      const target =
        folder === null
          ? new Writable({ write: (_chunk, _encoding, next) => next() })
          : createWriteStream(join(folder, name), { flags: 'wx', mode: 0o600 });
      const source = entry as unknown as AsyncIterable<Buffer>;
      const done = pipeline(source, passing, target).then(() => hash.digest('hex'));
      writing.push(done);
      found.set(name, { bytes: size, sha256: done });
    } else {
      odd ??= name;
      entry.resume();
    }
  };
  try {
    const parser = new Parser({ strict: true, onReadEntry });
    await pipeline(createReadStream(file), parser as unknown as NodeJS.WritableStream);
    await Promise.all(writing);
  } catch (cause) {
    await Promise.allSettled(writing);
    const { code, syscall, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC')
      throw new UsageError('backup_no_room', `there is no room to unpack ${file}`, { cause });
    if (syscall === 'open' || code === 'EISDIR') {
      throw new UsageError('backup_unreadable', `${file} cannot be read (${message})`, { cause });
    }
    throw damaged(file, message, cause);
  }
  if (odd !== undefined) throw damaged(file, `unexpected entry ${JSON.stringify(odd.slice(0, 100))}`);
  if (text === undefined) throw damaged(file, `${MANIFEST_NAME} is missing`);
  const manifest = parseManifest(file, (await text).toString('utf8'));
  await compare(file, manifest, found);
  if (folder !== null) for (const name of found.keys()) syncFile(join(folder, name));
  return manifest;
}

/** What was in the archive, and what its manifest says. */
async function compare(
  file: string,
  manifest: BackupManifest,
  found: ReadonlyMap<string, { readonly bytes: number; readonly sha256: Promise<string> }>,
): Promise<void> {
  const wanted = Object.keys(manifest.files).sort().join();
  if (wanted !== [...found.keys()].sort().join()) throw damaged(file, `expected ${wanted} in it`);
  for (const [name, { bytes, sha256 }] of found) {
    const said = manifest.files[name];
    if (said?.bytes !== bytes || said.sha256 !== (await sha256)) {
      throw damaged(file, `${name} does not have the SHA-256 that the manifest says`);
    }
  }
}

function isArchiveName(name: string): name is (typeof ARCHIVE_NAMES)[keyof typeof ARCHIVE_NAMES] {
  return name === ARCHIVE_NAMES.database || name === ARCHIVE_NAMES.keys;
}

function parseManifest(file: string, text: string): BackupManifest {
  let manifest: BackupManifest;
  try {
    manifest = JSON.parse(text) as BackupManifest;
  } catch (cause) {
    throw damaged(file, `${MANIFEST_NAME} is not JSON`, cause);
  }
  if (typeof manifest?.format !== 'number') throw damaged(file, `${MANIFEST_NAME} names no format`);
  if (manifest.format > FORMAT) {
    throw new UsageError(
      'backup_newer',
      `${file} was made by a newer livestill: restore it with that version`,
    );
  }
  const { files } = manifest;
  if (typeof files !== 'object' || files === null || files[ARCHIVE_NAMES.database] === undefined) {
    throw damaged(file, `${MANIFEST_NAME} names no database`);
  }
  return manifest;
}

/** The text of the master keys that lie unpacked in `folder`; null where there are none. */
export function unpackedKeys(folder: string, manifest: BackupManifest): string | null {
  return manifest.files[ARCHIVE_NAMES.keys] === undefined
    ? null
    : readFileSync(join(folder, ARCHIVE_NAMES.keys), 'utf8');
}
