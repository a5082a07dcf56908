import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Fault, UsageError } from '../../errors.ts';
import type { Downloader } from '../../picture/types.ts';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';
import { csvRecords } from './csv-records.ts';
import { readPictureFile } from './folder.ts';

/** How a list is read. */
export interface ListOptions {
  /** Relative paths of the list start here. */
  readonly base: string;
  /** What the list is called in messages. */
  readonly name: string;
  /** Null: urls become rows of code -5805. */
  readonly downloader: Downloader | null;
  /** The file goes when the list is closed. */
  readonly temporary?: boolean;
}

/** Members (NDJSON) or columns (CSV) that may name the picture, the first that is there. */
const NAMES = ['path', 'url', 'file', 'picture', 'image'];

function wrong(list: string, row: number, found: string): UsageError {
  return new UsageError(
    'broken_input',
    `${list}, row ${row}: expected a path or url (a member or column ${NAMES.join(', ')}), found ${found}`,
  );
}

function fromJson(line: string, list: string, row: number): string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw wrong(list, row, `no JSON: ${line.slice(0, 80)}`);
  }
  if (typeof value === 'string') return value;
  const members = value as Readonly<Record<string, unknown>> | null;
  const named = NAMES.map((name) => members?.[name]).find((v) => typeof v === 'string' && v !== '');
  if (named === undefined) throw wrong(list, row, line.slice(0, 80));
  return named as string;
}

async function* csvPictures(path: string, list: string): AsyncGenerator<string> {
  const stream = createReadStream(path, 'utf8') as AsyncIterable<string>;
  let column = -1;
  let row = 0;
  for await (const fields of csvRecords(stream)) {
    if (column < 0) {
      const header = fields.map((f) => f.trim().toLowerCase());
      column = header.indexOf(NAMES.find((name) => header.includes(name)) ?? '');
      if (column < 0) throw wrong(list, 1, `the header ${fields.join(',').slice(0, 80)}`);
      continue;
    }
    row++;
    const value = fields[column] ?? '';
    if (value === '') throw wrong(list, row + 1, fields.join(',').slice(0, 80));
    yield value;
  }
}

async function* linePictures(path: string, list: string): AsyncGenerator<string> {
  const lines = createInterface({
    input: createReadStream(path, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  let row = 0;
  for await (const line of lines) {
    row++;
    const text = row === 1 ? line.replace(/^\ufeff/, '') : line;
    if (text.trim() === '') continue;
    yield /^\s*[{"]/.test(text) ? fromJson(text, list, row) : text;
  }
}

function reader(picture: string, options: ListOptions): (signal: AbortSignal) => Promise<Uint8Array> {
  if (!/^https?:\/\//i.test(picture)) {
    const path = resolve(options.base, picture);
    return (signal) => readPictureFile(path, signal);
  }
  return async (signal) => {
    if (options.downloader === null) throw new Fault(-5805, 'downloads_off', 'Downloads are switched off.');
    if (!URL.canParse(picture)) throw new Fault(-5805, 'bad_url', 'This is no url.');
    return options.downloader.download(new URL(picture), signal);
  };
}

/**
 * The pictures that a list names, in its order: CSV with a header (by the file's extension), else a line each, as JSON (an object or
 * a string) or as it stands. The key is the place in the list and the text, so a picture may stand in it more than once.
 */
export function openList(path: string, options: ListOptions): BatchSource {
  const pictures = extname(options.name).toLowerCase() === '.csv' ? csvPictures : linePictures;
  async function* items(): AsyncGenerator<BatchItem> {
    let place = 0;
    try {
      for await (const picture of pictures(path, options.name)) {
        place++;
        yield { key: `${place}:${picture}`, picture, read: reader(picture, options) };
      }
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const { message } = error as Error;
      throw new UsageError('broken_input', `${options.name} cannot be read: ${message}`, { cause: error });
    }
  }
  return {
    kind: 'list',
    sequential: false,
    items,
    count: (signal) => countOf(pictures(path, options.name), signal),
    close: async () => {
      if (options.temporary === true) await rm(path, { force: true });
    },
  };
}
