import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../faults.ts';
import { type Claim, claimOutput } from './claim.ts';
import { exportRows } from './export.ts';
import { journalRows } from './journal.ts';
import { pageIsOf } from './outputs.ts';
import { readRunFile, runFileOf } from './run-file.ts';
import { groupKey } from './together.ts';
import type { BatchRow, TogetherPart } from './types.ts';

/** What was taken out of a batch's results. */
export interface BatchErasure {
  /** Where the rows gather. */
  readonly journal: string;
  readonly rows: number;
  /** Tables that were made anew without the rows. */
  readonly remade: readonly string[];
  /** Pages that were deleted: they may show the picture, and the same `batch` command makes them again. */
  readonly deleted: readonly string[];
  /** Files with names that the batch uses and with a content that is not its own any more: look at them. */
  readonly unsure: readonly string[];
}

/** The results of a batch, claimed so that no batch writes to them meanwhile. */
export interface ErasableBatch {
  readonly journal: string;
  /** How many rows hold one of these pictures, by SHA-256 in lower case. */
  count(pictures: ReadonlySet<string>): Promise<number>;
  /** Takes those rows out: the file is exchanged in one step. */
  erase(pictures: ReadonlySet<string>): Promise<BatchErasure>;
  release(): Promise<void>;
}

/**
 * Opens the results of a batch for erasure.
 * @param out what was `--out` of the batch
 * @throws {UsageError} `no_batch` when a batch made no such file, `output_in_use` while one writes to it
 */
export async function openErasable(out: string): Promise<ErasableBatch> {
  const journal = await journalOf(out);
  const claim: Claim = await claimOutput(journal);
  return {
    journal,
    async count(pictures) {
      let rows = 0;
      const isGoing = await goingFrom(journal, pictures);
      for await (const { row } of journalRows(journal)) if (isGoing(row)) rows++;
      return rows;
    },
    async erase(pictures) {
      await claim.confirm();
      const rows = await exchange(journal, pictures);
      return { journal, rows, ...(rows === 0 ? NOTHING : await followUp(journal)) };
    },
    release: () => claim.release(),
  };
}

const NOTHING = { remade: [], deleted: [], unsure: [] } as const;

/** Also the row of a group that one of them is in: it has the picture's hash, and was made of it. */
const isOf = ({ sha256, together }: BatchRow, pictures: ReadonlySet<string>): boolean =>
  [sha256, ...(together?.hashes ?? [])].some((hash) => hash !== null && pictures.has(hash));

/**
 * Which rows go: also the row of a group of wrong size, whose key names its first picture. It need not
 * stand behind that one: rows are written as they are done.
 */
async function goingFrom(
  journal: string,
  pictures: ReadonlySet<string>,
): Promise<(row: BatchRow) => boolean> {
  const keys = new Set<string>();
  for await (const { row } of journalRows(journal))
    if (row.group !== undefined && row.together === undefined && isOf(row, pictures))
      keys.add(groupKey(row.key));
  return (row) =>
    isOf(row, pictures) || (row.together !== undefined && isMisfit(row.together) && keys.has(row.key));
}

/** Too few or too many pictures: none of them has part in the row. */
const isMisfit = ({ stills }: TogetherPart): boolean => stills.length === 0;

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isFile(),
    () => false,
  );

async function journalOf(out: string): Promise<string> {
  for (const journal of [out, `${out}.ndjson`]) {
    if ((await isThere(runFileOf(journal))) && (await isThere(journal))) return journal;
  }
  throw new UsageError(
    'no_batch',
    `${out} is not what "livestill batch --out" made: expected it, or ${out}.ndjson, with a file .run.json beside it`,
  );
}

/**
 * Writes the rows that stay into a new file, byte by byte as they are, and gives it the journal's name. How
 * many went.
 */
async function exchange(journal: string, pictures: ReadonlySet<string>): Promise<number> {
  const isGoing = await goingFrom(journal, pictures);
  const temporary = `${journal}.erase-${process.pid}.tmp`;
  const from = await open(journal, 'r');
  try {
    const { mode } = await from.stat();
    const to = await open(temporary, 'w', mode & 0o777);
    let gone = 0;
    let at = 0;
    let kept = 0;
    try {
      for await (const { row, end } of journalRows(journal)) {
        if (isGoing(row)) {
          await copyRange(from, to, kept, at);
          kept = end;
          gone++;
        }
        at = end;
      }
      await refuseDamage(from, journal, at);
      await copyRange(from, to, kept, at);
      await to.sync();
    } finally {
      await to.close();
    }
    if (gone === 0) return 0;
    await rename(temporary, journal);
    await syncFolder(dirname(resolve(journal)));
    return gone;
  } finally {
    await from.close();
    await rm(temporary, { force: true });
  }
}

/**
 * Behind the last whole row there may be a part of one, which a batch cuts off too; a whole line that is no
 * row hides those behind it.
 * @throws {UsageError} `batch_damaged` when there is such a line
 */
async function refuseDamage(from: FileHandle, journal: string, at: number): Promise<void> {
  const { bytesRead, buffer } = await from.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, at);
  if (!buffer.subarray(0, bytesRead).includes('\n')) return;
  throw new UsageError(
    'batch_damaged',
    `${journal} holds a line that is no row, from byte ${at} on, and what is behind it cannot be searched: correct or remove that line; nothing was erased from it`,
  );
}

const CHUNK_BYTES = 1 << 20;

async function copyRange(from: FileHandle, to: FileHandle, begin: number, end: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, end - begin)));
  for (let at = begin; at < end; ) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return;
    await to.writeFile(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  await folder?.sync().catch(() => {});
  await folder?.close();
}

/** What a batch made of its rows: tables are made anew; pages, which show pictures, are deleted. */
async function followUp(journal: string): Promise<Omit<BatchErasure, 'journal' | 'rows'>> {
  const base = journal.replace(/\.ndjson$/, '');
  // Until 0.1 it was not kept which files were made of the rows.
  const likely = [base, `${base}.html`].filter((path) => path !== journal).map((path) => basename(path));
  const { outputs = likely, id } = await readRunFile(journal);
  const found = { remade: [] as string[], deleted: [] as string[], unsure: [] as string[] };
  for (const name of outputs) {
    const path = join(dirname(journal), name);
    if (!(await isThere(path))) continue;
    const format = await formatOfTable(path, journal);
    if (format !== null) {
      await exportRows(journal, format, path, true);
      found.remade.push(path);
    } else if (id !== undefined && (await pageIsOf(id, path))) {
      await rm(path);
      found.deleted.push(path);
    } else found.unsure.push(path);
  }
  return found;
}

/**
 * The table of a journal has its name without the end; what it is shows in its first bytes. Null: the file is
 * none.
 */
async function formatOfTable(path: string, journal: string): Promise<'csv' | 'parquet' | null> {
  if (`${resolve(path)}.ndjson` !== resolve(journal)) return null;
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === 'PAR1' ? 'parquet' : 'csv';
  } finally {
    await file.close();
  }
}
