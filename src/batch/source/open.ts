import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../faults.ts';
import { type FilePath, folderOf, pathText } from '../../files/name.ts';
import { openRegular, whyUnreadable } from '../../files/read.ts';
import type { Downloader } from '../../picture/types.ts';
import { isS3, placeOf } from '../../storage/place.ts';
import { storageOff } from '../../storage/read.ts';
import type { ObjectStore } from '../../storage/types.ts';
import type { BatchSource } from '../types.ts';
import { openBucket } from './bucket.ts';
import { openFolder } from './folder.ts';
import { openList } from './list.ts';
import { checkedChunks } from './list-text.ts';
import { openTar } from './tar.ts';
import { openZip } from './zip.ts';

export interface SourceOptions {
  readonly stdin: NodeJS.ReadableStream;
  readonly downloader: Downloader | null;
  /** Null: `s3://` is refused. */
  readonly objects?: ObjectStore | null;
  /** Ends the reading of standard input, and the walk through an archive. */
  readonly signal: AbortSignal;
  /** Encoding of the names in a zip, where they do not tell it themselves: a label of WHATWG, or `cp437`. */
  readonly zipNames?: string | undefined;
}

/**
 * Opens what a batch is to judge: a folder, a zip, a tar (told by content), a list (any other file), a prefix
 * in S3-compatible storage (`s3://bucket/folder/`), or `-`,
 * a list on standard input, which is kept in a temporary file so that it can be counted first.
 *
 * A list is read to its end first: nothing of it is judged where one line is wrong.
 *
 * @throws {UsageError} when there is no such input, or a list is broken
 * @throws {Fault} `storage_unavailable` when a prefix cannot be listed
 */
export async function openSource(input: FilePath, options: SourceOptions): Promise<BatchSource> {
  const { downloader, objects = null, signal } = options;
  if (input === '-') return openSpooled(options);
  if (typeof input === 'string' && isS3(input)) return openPrefix(objects, input);
  const name = pathText(input);
  const info = await stat(input).catch((cause: unknown) => {
    const why = whyUnreadable(cause);
    throw new UsageError(
      'no_input',
      `expected a folder, zip, tar, list or -, found nothing at ${name}: ${why}`,
      {
        cause,
      },
    );
  });
  if (info.isDirectory()) return openFolder(input);
  const kind = await kindOf(input, name);
  switch (kind) {
    case 'zip':
      return openZip(input, { name, names: options.zipNames });
    case 'tar':
    case 'tar.gz':
      return openTar(input, { name, gzip: kind === 'tar.gz', signal });
    case 'picture':
      throw new UsageError(
        'no_list',
        `${name} is a single picture: give a folder or a list, or use livestill score`,
      );
    case 'list':
      return checked(openList(input, { base: folderOf(input), name, downloader, objects }), signal);
  }
}

/** Looks at the first page, so that a wrong bucket or key is told before anything is begun. */
async function openPrefix(objects: ObjectStore | null, text: string): Promise<BatchSource> {
  const place = placeOf(text);
  if (place === null)
    throw new UsageError('no_input', `expected s3://bucket or s3://bucket/folder/, found ${text}`);
  if (objects === null) throw storageOff();
  const source = openBucket(objects, place);
  await source.items()[Symbol.asyncIterator]().next();
  return source;
}

/** A list of which every line is as it should be. */
async function checked(list: BatchSource, signal: AbortSignal): Promise<BatchSource> {
  try {
    await list.count(signal);
    return list;
  } catch (error) {
    await list.close();
    throw error;
  }
}

const STANDARD_INPUT = 'standard input';

async function openSpooled({
  stdin,
  downloader,
  objects = null,
  signal,
}: SourceOptions): Promise<BatchSource> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-batch-'));
  const path = join(folder, 'list');
  try {
    const list = checkedChunks(stdin as AsyncIterable<Buffer>, STANDARD_INPUT);
    await pipeline(list, createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const list = openList(path, { base: process.cwd(), name: STANDARD_INPUT, downloader, objects });
  const source = { ...list, close: () => rm(folder, { recursive: true, force: true }) };
  return checked(source, signal);
}

/** The first bytes of a zip's first entry, and of a zip without any. */
const ZIP = ['PK\x03\x04', 'PK\x05\x06'];
/**
 * JPEG, PNG, WebP; HEIC and AVIF have theirs at the fifth byte. A bitmap's `BM` could as well begin a path.
 */
const PICTURE = ['\xff\xd8\xff', '\x89PNG', 'RIFF'];

/** By the file's first bytes; what is none of these is a list. */
async function kindOf(path: FilePath, name: string): Promise<'zip' | 'tar' | 'tar.gz' | 'picture' | 'list'> {
  const file = await openRegular(path).catch((cause: unknown) => {
    const hint = 'a list can also come on standard input: give -';
    throw new UsageError('no_input', `${name} cannot be read: ${whyUnreadable(cause)}; ${hint}`, { cause });
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    const head = buffer.subarray(0, bytesRead).toString('latin1');
    if (ZIP.some((magic) => head.startsWith(magic))) return 'zip';
    if (head.startsWith('\x1f\x8b')) return 'tar.gz';
    if (head.slice(257, 262) === 'ustar') return 'tar';
    const isPicture = head.startsWith('ftyp', 4) || PICTURE.some((magic) => head.startsWith(magic));
    return isPicture ? 'picture' : 'list';
  } finally {
    await file.close();
  }
}
