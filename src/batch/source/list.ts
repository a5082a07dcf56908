import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { extname } from 'node:path';
import { Fault, UsageError } from '../../faults.ts';
import { absolutePath, type FilePath, nameText, pathOf } from '../../files/name.ts';
import { readPictureFile } from '../../picture/file.ts';
import type { Downloader } from '../../picture/types.ts';
import { CsvError, csvRecords } from '../../report/csv.ts';
import { isS3 } from '../../storage/place.ts';
import { readObject } from '../../storage/read.ts';
import type { ObjectStore } from '../../storage/types.ts';
import { KeySet } from '../key-set.ts';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';
import { linesOf, textChunks } from './list-text.ts';
import { nameReader } from './zip-name.ts';

/** How a list is read. */
export interface ListOptions {
  /** Relative paths of the list start here. */
  readonly base: FilePath;
  /** What the list is called in messages. */
  readonly name: string;
  /** Null: urls become rows of code -5805. */
  readonly downloader: Downloader | null;
  /** Null: rows with `s3://` are refused. */
  readonly objects: ObjectStore | null;
  /** The file goes when the list is closed. */
  readonly temporary?: boolean;
}

/** Members (NDJSON) or columns (CSV) that may name the picture, the first that is there. */
const NAMES = ['path', 'url', 'file', 'picture', 'image'];
/** The member or column with the name of the group. */
const GROUP = 'group';

/** A picture as a list names it. */
interface Listed {
  readonly line: number;
  readonly path: FilePath;
  readonly group?: string;
}

function broken(list: string, line: number, message: string): UsageError {
  return new UsageError('broken_input', `${list}, line ${line}: ${message}`);
}

function wrong(list: string, line: number, found: string): UsageError {
  const expected = `expected a path or url (a member or column ${NAMES.join(', ')})`;
  return broken(list, line, `${expected}, found ${found}`);
}

function fromJson(text: string, list: string, line: number): Listed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong(list, line, `no JSON: ${text.slice(0, 80)}`);
  }
  if (typeof value === 'string' && value !== '') return { line, path: value };
  const members = value as Readonly<Record<string, unknown>> | null;
  const named = NAMES.map((name) => members?.[name]).find((v) => typeof v === 'string' && v !== '');
  if (named === undefined) throw wrong(list, line, text.slice(0, 80));
  const group = members?.[GROUP] ?? '';
  if (typeof group !== 'string' && typeof group !== 'number')
    throw broken(list, line, `expected a text as ${GROUP}, found ${JSON.stringify(group).slice(0, 80)}`);
  return { line, path: named as string, ...(group === '' ? {} : { group: String(group) }) };
}

/** Bytes that were read one character each. */
const fieldPath = (field: string) => pathOf(Buffer.from(field, 'latin1'));
const shown = (fields: readonly string[]) =>
  fields
    .map((field) => nameText(Buffer.from(field, 'latin1')))
    .join(',')
    .slice(0, 80);

/** What divides the fields, where it is not the comma. */
function hint(fields: readonly string[]): string {
  return fields.length === 1 && /[;\t]/.test(fields[0]) ? '; divide the fields by commas' : '';
}

async function* csvPictures(path: FilePath, list: string): AsyncGenerator<Listed> {
  let column = -1;
  let groupColumn = -1;
  let columns = 0;
  try {
    for await (const { line, fields } of csvRecords(textChunks(createReadStream(path), list))) {
      if (column < 0) {
        const header = fields.map((f) => f.trim().toLowerCase());
        column = header.indexOf(NAMES.find((name) => header.includes(name)) ?? '');
        groupColumn = header.indexOf(GROUP);
        columns = fields.length;
        if (column < 0) throw wrong(list, line, `the header ${shown(fields)}${hint(fields)}`);
        continue;
      }
      // Spreadsheets write rows that were emptied.
      if (fields.every((field) => field === '')) continue;
      if (fields.length !== columns) {
        const counts = `expected ${columns} fields as in the header, found ${fields.length}`;
        throw broken(list, line, `${counts}: ${shown(fields)}`);
      }
      const value = fields[column];
      if (value === '') throw wrong(list, line, shown(fields));
      const group = groupColumn < 0 ? '' : nameText(Buffer.from(fields[groupColumn], 'latin1'));
      yield { line, path: fieldPath(value), ...(group === '' ? {} : { group }) };
    }
  } catch (error) {
    if (error instanceof CsvError) throw broken(list, error.line, error.message);
    throw error;
  }
}

async function* linePictures(path: FilePath, list: string): AsyncGenerator<Listed> {
  for await (const { line, bytes } of linesOf(createReadStream(path), list)) {
    const found = pathOf(bytes);
    const text = typeof found === 'string' ? found : bytes.toString('latin1');
    if (text.trim() === '') continue;
    if (!/^\s*[{"]/.test(text)) yield { line, path: found };
    else if (typeof found === 'string') yield fromJson(found, list, line);
    else throw wrong(list, line, 'JSON that is not UTF-8');
  }
}

/**
 * Refuses a group that comes again after another: its pictures could not be judged together while the list is
 * read.
 */
async function* withWholeGroups(pictures: AsyncIterable<Listed>, list: string): AsyncGenerator<Listed> {
  const ended = new KeySet();
  let current: string | undefined;
  for await (const picture of pictures) {
    const { line, group } = picture;
    if (group !== current) {
      if (current !== undefined) ended.add(current);
      if (group !== undefined && ended.has(group)) {
        throw broken(
          list,
          line,
          `the ${GROUP} ${group.slice(0, 80)} comes again: the pictures of a group stand one after the other. Sort the list by it, or rename the ${GROUP} column where it means something else`,
        );
      }
      current = group;
    }
    yield picture;
  }
}

const decodedName = nameReader();

function isMissing(error: unknown): boolean {
  return error instanceof Fault && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

function reader(picture: FilePath, options: ListOptions): (signal: AbortSignal) => Promise<Uint8Array> {
  if (typeof picture === 'string' && isS3(picture))
    return (signal) => readObject(options.objects, picture, signal);
  if (typeof picture !== 'string' || !/^https?:\/\//i.test(picture)) {
    const path = absolutePath(options.base, picture);
    if (typeof picture === 'string') return (signal) => readPictureFile(path, signal);
    return async (signal) => {
      try {
        return await readPictureFile(path, signal);
      } catch (error) {
        // A list that was saved in another encoding than the names have on this machine.
        const decoded = absolutePath(options.base, decodedName(picture));
        if (!isMissing(error)) throw error;
        return readPictureFile(decoded, signal).catch((second: unknown) => {
          throw isMissing(second) ? error : second;
        });
      }
    };
  }
  return async (signal) => {
    if (options.downloader === null)
      throw new Fault('download_refused', 'downloads_off', 'Downloads are switched off.');
    if (!URL.canParse(picture)) throw new Fault('download_refused', 'bad_url', 'This is no url.');
    return options.downloader.download(new URL(picture), signal);
  };
}

/**
 * The pictures that a list names, in its order: CSV with a header (by the file's extension), else a line
 * each, as JSON (an object or a string) or as it stands. The key is the place in the list and the text, so a
 * picture may stand in it more than once.
 */
export function openList(path: FilePath, options: ListOptions): BatchSource {
  const isCsv = extname(options.name).toLowerCase() === '.csv';
  async function* pictures(): AsyncGenerator<Listed> {
    try {
      const listed = isCsv ? csvPictures(path, options.name) : linePictures(path, options.name);
      yield* withWholeGroups(listed, options.name);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const { message } = error as Error;
      throw new UsageError('broken_input', `${options.name} cannot be read: ${message}`, { cause: error });
    }
  }
  async function* items(): AsyncGenerator<BatchItem> {
    let place = 0;
    for await (const { path, group } of pictures()) {
      place++;
      const picture = typeof path === 'string' ? path : nameText(path);
      const grouped = group === undefined ? {} : { group };
      yield { key: `${place}:${picture}`, picture, ...grouped, read: reader(path, options) };
    }
  }
  return {
    kind: 'list',
    sequential: false,
    items,
    count: (signal) => countOf(pictures(), signal),
    close: async () => {
      if (options.temporary === true) await rm(path, { force: true });
    },
  };
}
