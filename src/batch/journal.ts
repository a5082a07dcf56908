import { type FileHandle, open } from 'node:fs/promises';
import { reportedScore } from '../liveness/reported-score.ts';
import type { Verdict } from '../liveness/types.ts';
import type { BatchRow } from './types.ts';

/** What was found in the file of an earlier run. */
export interface Recovered {
  readonly rows: number;
  /** Bytes cut off behind the last whole row: what a kill or a power cut left of one. */
  readonly cut: number;
}

function rowOf(line: Buffer): BatchRow | null {
  try {
    const row = JSON.parse(line.toString('utf8')) as BatchRow | null;
    return typeof row?.key === 'string' ? asNow(row) : null;
  } catch {
    return null;
  }
}

/**
 * A row as it is written now. Until 0.1 rows had no `rawScore`, and `score` was the raw one, of pictures that
 * were not judged too; until 0.2 they had no `review`.
 */
function asNow(row: BatchRow): BatchRow {
  if (row.review === undefined) return { ...withRawScore(row), review: null };
  return withRawScore(row);
}

function withRawScore(row: BatchRow): BatchRow {
  if (row.rawScore !== undefined) return row;
  const { key, picture, sha256, sameAs, code, failure, message, verdict, score, ...rest } = row;
  const reported = reportedScore(verdict as Verdict | null, score);
  return {
    key,
    picture,
    sha256,
    sameAs,
    code,
    failure,
    message,
    verdict,
    score: reported,
    ...rest,
    rawScore: score,
  };
}

/** Bytes read at once. */
const CHUNK = 1 << 20;
const LINE_END = 10;
const ROW_BEGINS = '{'.charCodeAt(0);

/**
 * The rows of a journal, with the place in the file where each ends; stops at the first line that is no whole
 * row. All are read through one buffer, which holds a megabyte, or the longest row.
 */
export async function* journalRows(
  path: string,
): AsyncGenerator<{ readonly row: BatchRow; readonly end: number }> {
  const file = await open(path);
  try {
    let buffer = Buffer.allocUnsafe(CHUNK);
    let held = 0;
    for (let at = 0; ; ) {
      if (held === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(held)]);
      const { bytesRead } = await file.read(buffer, held, buffer.length - held);
      if (bytesRead === 0) return;
      const data = buffer.subarray(0, held + bytesRead);
      let from = 0;
      for (let to = data.indexOf(LINE_END, held); to >= 0; to = data.indexOf(LINE_END, from)) {
        const row = rowOf(data.subarray(from, to));
        if (row === null) return;
        from = to + 1;
        yield { row, end: at + from };
      }
      // Garbage may have no line end for as long as the file is.
      if (from < data.length && data[from] !== ROW_BEGINS) return;
      held = data.copy(buffer, 0, from);
      at += from;
    }
  } finally {
    await file.close();
  }
}

/**
 * Goes through the file of an earlier run, tells `each` row, and cuts off what lies behind the last whole
 * one. A file that does not exist has no rows.
 */
export async function recover(path: string, each: (row: BatchRow) => void): Promise<Recovered> {
  let file: FileHandle;
  try {
    file = await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { rows: 0, cut: 0 };
    throw error;
  }
  try {
    let rows = 0;
    let whole = 0;
    for await (const { row, end } of journalRows(path)) {
      each(row);
      rows++;
      whole = end;
    }
    const { size } = await file.stat();
    if (size > whole) {
      await file.truncate(whole);
      await file.sync();
    }
    return { rows, cut: size - whole };
  } finally {
    await file.close();
  }
}

/** The output file, open for more rows. */
export interface Journal {
  /**
   * Resolves when the row was handed to the operating system: from then on a killed process does not lose it.
   */
  append(row: BatchRow): Promise<void>;
  /** Writes what is left, syncs to disk, closes. */
  close(): Promise<void>;
}

/** How often rows are synced to the disk: a power cut costs at most this much work, a kill none. */
export const SYNC_EVERY_MS = 1000;

/**
 * Opens the output for appending. Rows that come while others are written go out together, one `write` after
 * the other; every second the file is synced. The first failure (a full disk) is thrown from every call after
 * it.
 */
export async function openJournal(path: string, syncEveryMs = SYNC_EVERY_MS): Promise<Journal> {
  const file = await open(path, 'a');
  let lines: string[] = [];
  let writing: Promise<void> | null = null;
  let synced = performance.now();
  let failure: unknown;

  const drain = async () => {
    // Rows of the same moment go together.
    await Promise.resolve();
    const text = lines.join('');
    lines = [];
    await file.appendFile(text);
    if (performance.now() - synced >= syncEveryMs) {
      await file.datasync();
      synced = performance.now();
    }
  };
  const flush = async (): Promise<void> => {
    // Whoever comes while a write is on its way waits for the one after it, which takes all rows of the
    // meantime.
    while (writing !== null) await writing.catch(() => {});
    if (failure !== undefined) throw failure;
    if (lines.length === 0) return;
    writing = drain();
    try {
      await writing;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      writing = null;
    }
  };

  return {
    append(row) {
      lines.push(`${JSON.stringify(row)}\n`);
      return flush();
    },
    async close() {
      try {
        await flush();
        await file.sync();
      } finally {
        await file.close();
      }
    },
  };
}
