import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { UsageError } from '../errors.ts';
import { type FoundFile, indexOfTree, readIndex } from '../evaluation/data/index-file.ts';
import { readScores } from '../evaluation/data/score-file.ts';
import type { IndexedPicture, Presentation } from '../evaluation/types.ts';
import { expandInputs } from './inputs.ts';

async function* nothing(): AsyncIterable<Uint8Array> {}

/** The pictures below a folder, by names with slashes. */
export async function picturesOf(folder: string): Promise<FoundFile[]> {
  const inputs = await expandInputs([folder], nothing());
  return inputs.map(({ name }) => ({ name: relative(folder, name).split(sep).join('/'), path: name }));
}

/** Reads a text file. @throws {UsageError} reason `unreadable` */
export async function readText(file: string): Promise<string> {
  try {
    return file === '-' ? readFileSync(0, 'utf8') : await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code;
    throw new UsageError('unreadable', `${file} cannot be read: ${why}.`, { cause: error });
  }
}

/** Reads a score file with at least one row. */
export async function scoresOf(file: string): Promise<Presentation[]> {
  const rows = readScores(file, await readText(file));
  if (rows.length === 0) throw new UsageError('empty', `${file}: expected at least one row, found none.`);
  return rows;
}

/** The pictures of a tree or of an index file. */
export async function indexOf(path: string): Promise<IndexedPicture[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) {
    throw new UsageError(
      'unreadable',
      `${path}: expected a folder or an index file (CSV, NDJSON), found neither.`,
    );
  }
  if (found.isDirectory()) return indexOfTree(path, await picturesOf(path));
  const pictures = readIndex(path, await readText(path));
  if (pictures.length === 0)
    throw new UsageError('empty', `${path}: expected at least one picture, found none.`);
  return pictures;
}
