import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect } from 'vitest';
import { Fault } from '../../faults.ts';
import type { LeftOut } from '../../picture/decode/candidate.ts';
import type { BatchSource } from '../types.ts';

/** A folder of the tests of a file, removed after them. */
export interface OddFolder {
  /** A path in it. */
  at(...names: string[]): string;
  /** A new file in it. */
  put(name: string, content: string | Uint8Array): Promise<string>;
  /** A new folder in it. */
  fresh(): Promise<string>;
}

/** Makes that folder before the tests of the file. */
export function oddFolder(): OddFolder {
  let folder: string;
  let n = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'livestill-odd-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const at = (...names: string[]) => join(folder, ...names);
  return {
    at,
    async put(name, content) {
      const path = at(`${n++}-${name}`);
      await writeFile(path, content);
      return path;
    },
    async fresh() {
      const path = at(`folder-${n++}`);
      await mkdir(path);
      return path;
    },
  };
}

/** A signal that never comes. */
export const never = new AbortController().signal;
/** How a source is opened that reads no standard input and fetches nothing. */
export const options = {
  stdin: Readable.from([]) as unknown as NodeJS.ReadableStream,
  downloader: null,
  signal: never,
};

/** What a source gives, by key, and what it leaves out, by name. */
export async function walked(source: BatchSource) {
  const given: Record<string, string> = {};
  const left: Record<string, LeftOut['why']> = {};
  const keys: string[] = [];
  for await (const item of source.items((one) => (left[one.name] = one.why))) {
    keys.push(item.key);
    given[item.key] = await item.read(never).then(
      (bytes) => Buffer.from(bytes).toString('latin1').slice(0, 12),
      (error: unknown) => {
        if (error instanceof Fault) return `${error.kind} ${error.reason}`;
        throw error;
      },
    );
  }
  expect(new Set(keys).size).toBe(keys.length);
  expect(await source.count(never)).toBe(keys.length);
  await source.close();
  return { given, left };
}

/** Begins as a JPEG does. */
export const JPEG = Buffer.from('\xff\xd8\xff\xe0 a jpeg', 'latin1');
/** Begins as a HEIC file does. */
export const HEIC = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic')]);
/** Begins as a TIFF file does, which is not judged. */
export const TIFF = Buffer.from('II*\0 a tiff', 'latin1');
/** A name in GBK, which is no UTF-8. */
export const GBK = Buffer.from([0xd5, 0xc5, 0xc8, 0xfd, 0x2e, 0x6a, 0x70, 0x67]);
