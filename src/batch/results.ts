import { UsageError } from '../faults.ts';
import { writeWhole, writeWholeNew } from '../files/write.ts';
import { exportRows } from './export.ts';
import type { BatchFormat, BatchOutputs } from './outputs.ts';
import { type PageFacts, reportPage } from './page.ts';
import type { BatchSummary } from './summary.ts';
import { thumbnailsOf } from './thumbnails.ts';
import type { BatchSource } from './types.ts';

/** What is made of the rows at the end. */
export interface Results {
  readonly outputs: BatchOutputs;
  /** Outputs of this very batch that are there and are replaced. */
  readonly own: ReadonlySet<string>;
  readonly format: BatchFormat;
  readonly summary: BatchSummary;
  readonly facts: PageFacts;
  readonly source: BatchSource;
  readonly thumbnails: boolean;
  readonly signal: AbortSignal;
}

/**
 * Writes table and page; the table only of a batch that is complete.
 * @throws {UsageError} `output_exists` when somebody else made such a file since the batch began
 */
export async function writeResults(results: Results): Promise<void> {
  const { outputs, own, format, summary, facts, source, signal } = results;
  const { journal, table, page } = outputs;
  if (facts.complete && table !== null && format !== 'ndjson') {
    if (!(await exportRows(journal, format, table, own.has(table)))) throw madeMeanwhile(table, journal);
  }
  if (page === null) return;
  const wanted = results.thumbnails && facts.complete;
  const text = reportPage(
    summary,
    facts,
    wanted ? await thumbnailsOf(source, summary.nearest, signal) : null,
  );
  if (own.has(page)) await writeWhole(page, text);
  else if (!(await writeWholeNew(page, text))) throw madeMeanwhile(page, journal);
}

function madeMeanwhile(path: string, journal: string): UsageError {
  return new UsageError(
    'output_exists',
    `${path} was made by somebody else meanwhile and was left alone; the rows are in ${journal}. Move it away and run the command again.`,
  );
}
