import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { UsageError } from '../faults.ts';
import { readRegular } from '../files/read.ts';
import { isTaken } from '../files/write.ts';
import { escapeHtml } from '../report/html.ts';
import { type RunFile, readRunFile, runFileOf } from './run-file.ts';

/** What a result can be: the rows themselves, or a table made of them. */
export type BatchFormat = 'ndjson' | 'csv' | 'parquet';

/** The files of a batch. */
export interface BatchOutputs {
  /** Where the rows gather. */
  readonly journal: string;
  /** Made of the journal at the end; null where the journal is the result. */
  readonly table: string | null;
  readonly page: string | null;
}

/** An output's name as it stands in `<journal>.run.json`, so that all of them may be moved together. */
export const outputName = (journal: string, path: string) =>
  relative(dirname(resolve(journal)), resolve(path));

/** Whether a page was written by this run; of one of before 0.2, by a run with this result. */
function isPageOf(run: RunFile, page: string, result: string): Promise<boolean> {
  return pageIsOf(run.id ?? `&rarr; <code>${escapeHtml(result)}</code>`, page);
}

/** Whether a page holds the id of this run. */
export async function pageIsOf(id: string, page: string): Promise<boolean> {
  const text = (await readRegular(page, LARGEST_PAGE).catch(() => Buffer.alloc(0))).toString('utf8');
  return text.includes(id);
}

/** Bytes; a page is a hundredth of it. */
const LARGEST_PAGE = 64 * 2 ** 20;

/**
 * Checks that no file would be lost: each output has a name of its own, and what is there under it was made
 * by this very batch.
 * @param input the batch's input; null: standard input
 * @returns the outputs that are there and may be replaced
 * @throws {UsageError} `same_file`, `output_exists`
 */
export async function checkOutputs(
  outputs: BatchOutputs,
  input: string | null,
): Promise<ReadonlySet<string>> {
  const { journal, table, page } = outputs;
  await checkDistinct(outputs, input);
  const earlier = await readRunFile(journal).catch(() => null);
  const own = new Set<string>();
  for (const path of [table, page]) {
    if (path === null || !(await isTaken(path))) continue;
    const known = earlier !== null && (earlier.outputs?.includes(outputName(journal, path)) ?? true);
    const made = known && (path === table || (await isPageOf(earlier, path, table ?? journal)));
    if (!made) {
      const option = path === page ? '--report' : '--out';
      throw new UsageError(
        'output_exists',
        `${path} exists and was not made by this batch: choose another ${option} or move it away`,
      );
    }
    own.add(path);
  }
  return own;
}

/** The path that a name really is, also of a file that is not there yet. */
async function realName(path: string): Promise<string> {
  const whole = resolve(path);
  const real = await realpath(whole).catch(() => null);
  return real ?? join(await realpath(dirname(whole)).catch(() => dirname(whole)), basename(whole));
}

async function checkDistinct({ journal, table, page }: BatchOutputs, input: string | null): Promise<void> {
  const named: [string, string][] = [['the rows', journal]];
  if (table !== null) named.push(['the table', table]);
  if (page !== null) named.push(['the page', page]);
  named.push(['the settings', runFileOf(journal)], ['the lock', `${journal}.lock`]);
  if (input !== null) named.push(['the input', input]);
  const seen = new Map<string, string>();
  for (const [what, path] of named) {
    const real = await realName(path);
    const other = seen.get(real);
    if (other !== undefined) {
      throw new UsageError(
        'same_file',
        `${path} would be ${other} and ${what}: choose another --out or --report`,
      );
    }
    seen.set(real, what);
  }
}
