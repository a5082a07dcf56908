import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UsageError } from '../../errors.ts';
import type { Downloader } from '../../picture/types.ts';
import type { BatchSource } from '../types.ts';
import { openFolder } from './folder.ts';
import { openList } from './list.ts';
import { openTar } from './tar.ts';
import { openZip } from './zip.ts';

export interface SourceOptions {
  readonly stdin: NodeJS.ReadableStream;
  readonly downloader: Downloader | null;
  /** Ends the reading of standard input. */
  readonly signal: AbortSignal;
}

/**
 * Opens what a batch is to judge: a folder, a zip, a tar (told by content), a list (any other file), or `-`, a list on standard
 * input, which is kept in a temporary file so that it can be counted first.
 *
 * @throws UsageError where there is no such input.
 */
export async function openSource(input: string, options: SourceOptions): Promise<BatchSource> {
  const { downloader } = options;
  if (input === '-') return openSpooled(options);
  const info = await stat(input).catch((cause: unknown) => {
    throw new UsageError('no_input', `expected a folder, zip, tar, list or -, found nothing at ${input}`, {
      cause,
    });
  });
  if (info.isDirectory()) return openFolder(input);
  switch (await kindOf(input)) {
    case 'zip':
      return openZip(input);
    case 'tar':
      return openTar(input);
    case 'picture':
      throw new UsageError(
        'no_list',
        `${input} is a single picture: give a folder or a list, or use livestill score`,
      );
    case 'list':
      return openList(input, { base: dirname(input), name: input, downloader });
  }
}

async function openSpooled({ stdin, downloader, signal }: SourceOptions): Promise<BatchSource> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-batch-'));
  const path = join(folder, 'list');
  try {
    await pipeline(stdin, createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const list = openList(path, { base: process.cwd(), name: 'standard input', downloader });
  return { ...list, close: () => rm(folder, { recursive: true, force: true }) };
}

/** The first bytes of a zip's first entry, and of a zip without any. */
const ZIP = ['PK\x03\x04', 'PK\x05\x06'];
/** JPEG, PNG, WebP. A bitmap's `BM` could as well begin a path. */
const PICTURE = ['\xff\xd8\xff', '\x89PNG', 'RIFF'];

/** By the file's first bytes; what is none of these is a list. */
async function kindOf(path: string): Promise<'zip' | 'tar' | 'picture' | 'list'> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    const head = buffer.subarray(0, bytesRead).toString('latin1');
    if (ZIP.some((magic) => head.startsWith(magic))) return 'zip';
    if (head.startsWith('\x1f\x8b') || head.slice(257, 262) === 'ustar') return 'tar';
    return PICTURE.some((magic) => head.startsWith(magic)) ? 'picture' : 'list';
  } finally {
    await file.close();
  }
}
