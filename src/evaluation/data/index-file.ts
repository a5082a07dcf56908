import { dirname, resolve } from 'node:path';
import { UsageError } from '../../faults.ts';
import type { FilePath } from '../../files/name.ts';
import { count } from '../../report/count.ts';
import type { IndexedPicture } from '../types.ts';
import { describedBy, textField } from './fields.ts';
import { badFile, readTable } from './table-file.ts';

/**
 * Reads an index of pictures: CSV with a heading, or NDJSON, with `path` and `label`, and where known
 * `species`, `subject`, `device`, `session`, `group`, `fold`. Relative paths start at the folder of the
 * index.
 *
 * @throws {UsageError} reason `bad_index` with file and line.
 */
export function readIndex(file: string, text: string): IndexedPicture[] {
  const seen = new Map<string, number>();
  return readTable(file, text).map((record) => {
    const place = { file, line: record.line };
    const name = textField(record, 'path', place);
    if (name === null) throw badFile(place, 'the field path is missing');
    const path = resolve(dirname(file), name);
    const before = seen.get(path);
    if (before !== undefined) {
      throw badFile(
        place,
        `${JSON.stringify(name)} stands in line ${before} already; name each picture once`,
      );
    }
    seen.set(path, record.line);
    return { ...describedBy(record, name, place), path };
  });
}

const TREE = `bona-fide/…        pictures of live people
  attack/<species>/… pictures of attacks, one folder a species (print, replay, …)`;

/** A file below a folder, its path relative to that folder with slashes. */
export interface FoundFile {
  readonly name: string;
  readonly path: FilePath;
}

/**
 * Makes an index of a folder tree `bona-fide/…`, `attack/<species>/…`. Subjects and devices cannot be told
 * from a tree.
 *
 * @param files the pictures below the folder.
 * @throws {UsageError} reason `bad_tree` when the tree is another one or empty.
 */
export function indexOfTree(folder: string, files: readonly FoundFile[]): IndexedPicture[] {
  const base = { subject: null, session: null, device: null, group: null, fold: null, inTree: true } as const;
  const pictures: IndexedPicture[] = [];
  const strangers: string[] = [];
  for (const { name, path } of files) {
    const [first, second, ...rest] = name.split('/');
    if (first === 'bona-fide' && second !== undefined) {
      pictures.push({ ...base, id: name, path, label: 'bona-fide', species: null });
    } else if (first === 'attack' && rest.length > 0) {
      pictures.push({ ...base, id: name, path, label: 'attack', species: second });
    } else strangers.push(name);
  }
  if (strangers.length > 0 || pictures.length === 0) {
    const found =
      strangers.length > 0
        ? `${count(strangers.length, 'picture')} that ${strangers.length === 1 ? 'lies' : 'lie'} elsewhere, such as ${strangers[0]}`
        : 'no pictures';
    throw new UsageError(
      'bad_tree',
      `${folder}: expected\n  ${TREE}\nfound ${found}. Move them, or give an index file (CSV or NDJSON with path and label).`,
    );
  }
  return pictures;
}
