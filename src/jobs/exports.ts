import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asFault, UsageError } from '../faults.ts';
import { isS3, placeOf, textOf } from '../storage/place.ts';
import type { ObjectPlace, ObjectStore } from '../storage/types.ts';
import { writeResultsFile } from './results.ts';
import type { BatchStatus, BatchStore } from './types.ts';

/** Tries of writing the results of one batch at most. */
const MOST_TRIES = 12;
/** The pause after the first try that failed, in ms; twice as long after each one more, … */
const FIRST_PAUSE_MS = 10_000;
/** … up to this. */
const LONGEST_PAUSE_MS = 3_600_000;
/** For so long results that are being written are nobody else's without a sign of life, in ms. */
const HOLD_MS = 60_000;

/** What results are written as, by the end of the key. */
const FORMATS = {
  ndjson: 'application/x-ndjson',
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8',
} as const;

/** A form of results. */
export type ResultFormat = keyof typeof FORMATS;

/**
 * Where the results of a batch go: a key that ends in .ndjson, .parquet or .csv, or a folder
 * (`s3://bucket/folder/`), in which they are called `BATCHID.ndjson`.
 * @throws {UsageError} `results`
 */
export function checkResults(text: string): string {
  const place = isS3(text) ? placeOf(text) : null;
  const isFolder = place !== null && (place.key === '' || place.key.endsWith('/'));
  if (place === null || !(isFolder || formatOf(place.key) !== null)) {
    throw new UsageError(
      'results',
      `expected s3://bucket/folder/, or s3://bucket/key with .ndjson, .parquet or .csv at the end; found ${text}`,
    );
  }
  return textOf(place);
}

/** The form that a key's end tells; null where it tells none. */
export function formatOf(key: string): ResultFormat | null {
  const [, end = ''] = /\.(ndjson|parquet|csv)$/i.exec(key) ?? [];
  return end === '' ? null : (end.toLowerCase() as ResultFormat);
}

/** The object that the results of a batch are, where they go to `text`. */
export function resultObject(text: string, batchId: string): ObjectPlace {
  const place = placeOf(text);
  if (place === null) throw new UsageError('results', `${text} names no object`);
  const { bucket, key } = place;
  return key === '' || key.endsWith('/') ? { bucket, key: `${key}${batchId}.ndjson` } : place;
}

/** What results are written with. */
export interface ExportDeps {
  readonly batches: BatchStore;
  readonly objects: ObjectStore;
  readonly pollMs: number;
  readonly onWritten: (status: BatchStatus, ended: 'written' | 'given_up' | 'retry', why: string) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Writes results that are due, one batch after the other, until `stop` aborts. */
export async function runExports(deps: ExportDeps, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const isBusy = await exportOne(deps, stop).catch((error: unknown) => {
      if (!stop.aborted) deps.onTrouble(error);
      return false;
    });
    if (!isBusy) await sleep(deps.pollMs, undefined, { signal: stop }).catch(() => {});
  }
}

/**
 * Writes the results that are due; false where none are. What `stop` breaks off is another worker's.
 * @param only the results of this batch
 */
export async function exportOne(
  deps: Omit<ExportDeps, 'pollMs' | 'onTrouble'>,
  stop: AbortSignal,
  only?: string,
): Promise<boolean> {
  const { batches } = deps;
  const due = await batches.takeExport(HOLD_MS, only);
  if (due === null) return false;
  const { status, tries } = due;
  const { batchId } = status;
  const beat = setInterval(() => {
    // Where the store does not answer, the hold ends by itself.
    batches.holdExport(batchId, HOLD_MS).catch(() => {});
  }, HOLD_MS / 3);
  try {
    const place = resultObject(status.results ?? '', batchId);
    await writeObjectOf(deps, batchId, place, stop);
    await batches.finishExport(due, 'written', null);
    deps.onWritten(status, 'written', textOf(place));
  } catch (error) {
    if (stop.aborted) {
      await batches.finishExport(due, 0, status.resultsFailure).catch(() => {});
      return false;
    }
    const why = error instanceof UsageError ? error.message : asFault(error).message;
    const isLast = error instanceof UsageError || tries >= MOST_TRIES;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
    await batches.finishExport(due, isLast ? 'given_up' : pause, why);
    deps.onWritten(status, isLast ? 'given_up' : 'retry', why);
  } finally {
    clearInterval(beat);
  }
  return true;
}

/**
 * Writes the results of a batch as an object. One that is there already is replaced by none but the same
 * batch's.
 * @throws {UsageError} `output_exists`
 * @throws {Fault} `storage_unavailable`, `state_unavailable`
 */
export async function writeObjectOf(
  { batches, objects }: Pick<ExportDeps, 'batches' | 'objects'>,
  batchId: string,
  place: ObjectPlace,
  signal: AbortSignal,
): Promise<void> {
  const format = formatOf(place.key) ?? 'ndjson';
  const there = await objects.find(place, signal);
  if (there !== null && there.mark !== batchId) {
    throw new UsageError(
      'output_exists',
      `${textOf(place)} exists and is not of this batch: choose another place or move it away`,
    );
  }
  const folder = await mkdtemp(join(tmpdir(), 'livestill-results-'));
  try {
    const file = join(folder, `results.${format}`);
    await writeResultsFile(batches, batchId, file, format);
    await objects.write(place, file, { contentType: FORMATS[format], mark: batchId }, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
