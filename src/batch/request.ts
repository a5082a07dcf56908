import { extname } from 'node:path';
import type { Lacking } from '../engine.ts';
import { UsageError } from '../faults.ts';
import type { FilePath } from '../files/name.ts';
import type { CapturePreset, Profile } from '../liveness/types.ts';
import type { LeftOutCounts } from '../picture/left-out.ts';
import type { Downloader } from '../picture/types.ts';
import type { ObjectStore } from '../storage/types.ts';
import type { BatchFormat, BatchOutputs } from './outputs.ts';
import type { BatchSummary } from './summary.ts';

/** What a batch is to do. */
export interface BatchRequest {
  /** As it was given: a path, or `-` for a list on standard input. */
  readonly argument: string;
  readonly path: FilePath;
  readonly stdin: NodeJS.ReadableStream;
  /** The result: the rows, or the table made of them. */
  readonly out: string;
  readonly format: BatchFormat;
  /** The page beside it; true: under the name of `out`, false: none. */
  readonly page: string | boolean;
  readonly threshold: number;
  readonly profile: Profile | undefined;
  readonly capture: CapturePreset | undefined;
  readonly workers: number | undefined;
  readonly modelsDir: string | undefined;
  readonly packs: readonly string[];
  readonly zipNames: string | undefined;
  /** Judge one of equal pictures only. */
  readonly reuse: boolean;
  readonly thumbnails: boolean;
  readonly version: string;
  readonly downloader: Downloader;
  /** Null: `s3://` is refused. */
  readonly objects: ObjectStore | null;
  /** Aborted: what is being judged is finished, then the batch ends. */
  readonly signal: AbortSignal;
}

/** What a batch says while it runs. */
export interface BatchEvents {
  /** A line for people. */
  note(text: string): void;
  /** Networks are missing: pictures are judged with this profile. */
  lacking(profile: Profile, lacking: Lacking): void;
  /** Where progress is shown; null: nowhere. */
  readonly progress: NodeJS.WriteStream | null;
}

/** How a batch ended. */
export interface BatchEnd {
  readonly input: string;
  readonly outputs: BatchOutputs;
  /** False: it was stopped; the same request goes on. */
  readonly complete: boolean;
  /** Rows of earlier runs, and of all. */
  readonly before: number;
  readonly finished: number;
  /** Rows of this run that have the result of an earlier picture of the same bytes. */
  readonly reused: number;
  readonly seconds: number;
  readonly summary: BatchSummary;
  readonly leftOut: LeftOutCounts;
}

/** The files that a batch writes. */
export function outputsOf({
  out,
  format,
  page,
}: Pick<BatchRequest, 'out' | 'format' | 'page'>): BatchOutputs {
  const beside = `${out.slice(0, out.length - extname(out).length)}.html`;
  return {
    journal: format === 'ndjson' ? out : `${out}.ndjson`,
    table: format === 'ndjson' ? null : out,
    page: page === true ? beside : page === false ? null : page,
  };
}

/**
 * The format that the name of an output tells.
 * @throws {UsageError} `format` when it tells none
 */
export function formatOfName(out: string): BatchFormat {
  const extension = extname(out).toLowerCase();
  if (extension === '.csv') return 'csv';
  if (extension === '.parquet') return 'parquet';
  if (['.ndjson', '.jsonl', '.json'].includes(extension)) return 'ndjson';
  throw new UsageError(
    'format',
    `expected --out to end in .ndjson, .jsonl, .csv or .parquet, found ${out}; or give --format`,
  );
}
