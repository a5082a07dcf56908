import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exportRows } from '../batch/export.ts';
import { UsageError } from '../faults.ts';
import { renameNew } from '../files/write.ts';
import type { BatchStore } from './types.ts';

/** Rows that are read at once. */
const PAGE = 1000;

/** The results of a batch by row, as JSON lines; a page at a time in memory. */
export async function* resultLines(batches: BatchStore, batchId: string): AsyncGenerator<string> {
  for (let after = 0; ; ) {
    const page = await batches.results(batchId, after, PAGE);
    if (page.length > 0) yield page.map(({ result }) => `${result}\n`).join('');
    if (page.length < PAGE) return;
    after = page.at(-1)?.row ?? after;
  }
}

/**
 * Writes the results of a batch into a new file, which has its name once it is whole.
 * @throws {UsageError} `output_exists`
 */
export async function writeResultsFile(
  batches: BatchStore,
  batchId: string,
  path: string,
  format: 'ndjson' | 'csv' | 'parquet',
): Promise<void> {
  const folder = await mkdtemp(join(dirname(path), '.livestill-results-'));
  try {
    const journal = join(folder, 'results.ndjson');
    await pipeline(Readable.from(resultLines(batches, batchId)), createWriteStream(journal, { mode: 0o600 }));
    if (format !== 'ndjson') {
      if (await exportRows(journal, format, path)) return;
    } else {
      const file = await open(journal, 'r+');
      await file.sync();
      await file.close();
      if (await renameNew(journal, path)) return;
    }
    throw new UsageError('output_exists', `${path} exists: choose another --out or move it away`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes the results of a batch to an open stream, no faster than it takes them. */
export async function printResults(
  batches: BatchStore,
  batchId: string,
  stream: NodeJS.WritableStream,
): Promise<void> {
  for await (const text of resultLines(batches, batchId)) {
    if (!stream.write(text)) await once(stream, 'drain');
  }
}
