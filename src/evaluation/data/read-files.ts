import { stat } from 'node:fs/promises';
import { UsageError } from '../../faults.ts';
import { pathOfArgument, pathText, utf8Of } from '../../files/name.ts';
import { whyUnreadable } from '../../files/read.ts';
import { readText as readWhole } from '../../files/read-text.ts';
import type { OnLeftOut } from '../../picture/decode/candidate.ts';
import { picturesIn } from '../../picture/inputs.ts';
import type { IndexedPicture, Presentation } from '../types.ts';
import { indexOfTree, readIndex } from './index-file.ts';
import { readScores } from './score-file.ts';

/** Bytes of a text file at most: about what one text can hold. */
const LONGEST_TEXT = 500 * 2 ** 20;

/**
 * Reads a text file, a pipe or standard input (`-`).
 * @throws {UsageError} `unreadable` when it cannot be read
 */
export async function readText(file: string): Promise<string> {
  const path = pathOfArgument(file);
  const name = pathText(path);
  const bytes = await readWhole(path, LONGEST_TEXT).catch((cause: unknown) => {
    throw new UsageError('unreadable', `${name} cannot be read: ${whyUnreadable(cause)}.`, { cause });
  });
  const text = utf8Of(bytes);
  if (text !== null) return text;
  throw new UsageError('unreadable', `${name} cannot be read: it is not UTF-8. Save it as UTF-8.`);
}

/** Reads a score file with at least one row. */
export async function scoresOf(file: string, ignoreQuality: boolean): Promise<Presentation[]> {
  const rows = readScores(file, await readText(file), ignoreQuality);
  if (rows.length === 0) throw new UsageError('empty', `${file}: expected at least one row, found none.`);
  return rows;
}

/** The pictures of a tree or of an index file. */
export async function indexOf(argument: string, onLeftOut: OnLeftOut): Promise<IndexedPicture[]> {
  const folder = pathOfArgument(argument);
  const path = pathText(folder);
  const found = await stat(folder).catch(() => null);
  if (found === null) {
    throw new UsageError(
      'unreadable',
      `${path}: expected a folder or an index file (CSV, NDJSON), found neither.`,
    );
  }
  if (found.isDirectory()) return indexOfTree(path, await picturesIn(folder, onLeftOut));
  const pictures = readIndex(path, await readText(argument));
  if (pictures.length === 0)
    throw new UsageError('empty', `${path}: expected at least one picture, found none.`);
  return pictures;
}
