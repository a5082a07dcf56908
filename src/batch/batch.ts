import { absolutePath, pathText } from '../files/name.ts';
import { type Fleet, startFleet } from '../fleet/fleet.ts';
import { fleetSize } from '../fleet/memory.ts';
import { DEFAULT_CAPTURE } from '../liveness/quality/capture.ts';
import { createLeftOutTally } from '../picture/left-out.ts';
import { count } from '../report/count.ts';
import { isS3 } from '../storage/place.ts';
import { checkSettings, claimOutput } from './claim.ts';
import { openJournal, recover } from './journal.ts';
import { KeySet } from './key-set.ts';
import { type BatchOutputs, checkOutputs, outputName } from './outputs.ts';
import { PlaceSet } from './place-set.ts';
import { createProgress } from './progress.ts';
import { type BatchEnd, type BatchEvents, type BatchRequest, outputsOf } from './request.ts';
import { writeResults } from './results.ts';
import { createResultMemory } from './reuse.ts';
import { runBatch } from './run.ts';
import { openSource } from './source/open.ts';
import { createTally, originOf } from './summary.ts';
import type { BatchSource } from './types.ts';

/** Rows near the threshold that the report shows. */
const NEAREST = 24;
/** Pictures read ahead, so that no worker waits for a disk. */
const AHEAD = 2;

/**
 * Begins a batch, or goes on with the one that began these outputs, and writes table and page at its end.
 * Nothing is written where no picture was found.
 * @throws {UsageError} when the input or an output cannot be used, or the outputs were begun with other
 * settings
 * @throws {FleetError} when no worker can be started
 * @throws {unknown} `signal.reason` when it was aborted before the first picture
 */
export async function judgeBatch(request: BatchRequest, events: BatchEvents): Promise<BatchEnd> {
  const { argument, path, stdin, downloader, objects, signal, zipNames } = request;
  const outputs = outputsOf(request);
  const own = await checkOutputs(outputs, argument === '-' || isS3(argument) ? null : argument);
  const claim = await claimOutput(outputs.journal);
  let source: BatchSource | undefined;
  let fleet: Fleet | undefined;
  try {
    source = await openSource(path, { stdin, downloader, objects, signal, zipNames });
    fleet = await startWorkers(request, events);
    await claim.confirm();
    if (fleet.lacking !== null && request.profile === undefined) events.lacking(fleet.profile, fleet.lacking);
    return await judgeAll({ request, events, outputs, own, source, fleet });
  } finally {
    await source?.close();
    await fleet?.close();
    await claim.release();
  }
}

function startWorkers(request: BatchRequest, { note }: BatchEvents): Promise<Fleet> {
  const { profile, capture, threshold, packs, modelsDir } = request;
  return startFleet({
    ...fleetSize({ workers: request.workers }),
    queueWaitMs: Number.POSITIVE_INFINITY,
    engine: {
      threshold,
      packs,
      ...(profile === undefined ? {} : { profile }),
      ...(capture === undefined ? {} : { capture }),
      ...(modelsDir === undefined ? {} : { modelsDir }),
    },
    onTrouble: (error) => note(`livestill: ${error.message}`),
  });
}

/** A batch whose input and workers are there. */
interface Started {
  readonly request: BatchRequest;
  readonly events: BatchEvents;
  readonly outputs: BatchOutputs;
  /** Outputs of this very batch that are there and are replaced. */
  readonly own: ReadonlySet<string>;
  readonly source: BatchSource;
  readonly fleet: Fleet;
}

async function judgeAll(started: Started): Promise<BatchEnd> {
  const { request, outputs, own, source, fleet } = started;
  const { signal, thumbnails, out, format, version } = request;
  const input = pathText(request.path);
  const models = fleet.models.map((m) => `${m.name} ${m.sha256}`);
  const run = await checkRun(started, models);
  const judged = await judgeRest(started);
  const { summary, leftOut } = judged;
  const complete = !signal.aborted;
  if (!complete || judged.finished > 0) {
    const { profile } = fleet;
    const { capture = DEFAULT_CAPTURE } = request;
    await writeResults({
      outputs,
      own,
      format,
      summary,
      facts: { input, output: out, profile, capture, models, version, run, complete, leftOut: leftOut.lines },
      source,
      thumbnails,
      signal,
    });
  }
  return { input, outputs, complete, ...judged };
}

/** The id of the run; see `checkSettings`. */
function checkRun({ request, outputs, fleet }: Started, models: readonly string[]): Promise<string> {
  const { argument, path, threshold, capture = DEFAULT_CAPTURE } = request;
  const { journal, table, page } = outputs;
  const made = [table, page].filter((file) => file !== null);
  return checkSettings(
    journal,
    {
      input: argument === '-' || isS3(argument) ? argument : pathText(absolutePath(process.cwd(), path)),
      profile: fleet.profile,
      threshold,
      capture,
      models,
    },
    made.map((file) => outputName(journal, file)),
  );
}

/** Judges what earlier runs have not, and counts. */
async function judgeRest({ request, events, outputs, source, fleet }: Started) {
  const { threshold, signal } = request;
  const tally = createTally(threshold, NEAREST);
  const leftOut = createLeftOutTally();
  const done = source.kind === 'list' ? new PlaceSet() : new KeySet();
  const { cut } = await recover(outputs.journal, (row) => {
    done.add(row.key);
    tally.add(row);
  });
  const before = tally.summary().rows;
  if (before > 0) events.note(`livestill: ${count(before, 'picture')} judged already; going on.`);
  if (cut > 0) events.note(`livestill: cut off ${count(cut, 'byte')} of a row that was not whole.`);
  let finished = before;
  let reused = 0;
  const counter = countBeside(source, signal);
  const progress = events.progress === null ? null : createProgress(events.progress, before);
  const journal = await openJournal(outputs.journal);
  const begun = performance.now();
  try {
    await runBatch({
      source,
      judge: fleet,
      journal,
      done,
      profile: fleet.profile,
      threshold,
      memory: request.reuse ? createResultMemory() : null,
      atOnce: fleet.workers + AHEAD,
      signal,
      onLeftOut: leftOut.add,
      onRow: (row) => {
        tally.add(row);
        if (row.together !== undefined) return;
        finished++;
        if (originOf(row) === 'reused') reused++;
        progress?.update(finished, counter.total);
      },
    });
  } finally {
    progress?.stop();
    await journal.close();
  }
  const seconds = (performance.now() - begun) / 1000;
  return { before, finished, reused, seconds, summary: tally.summary(), leftOut: leftOut.counts() };
}

/** Counts a source's pictures beside the work; `total` is null until that is done. */
function countBeside(source: BatchSource, signal: AbortSignal): { total: number | null } {
  const counter: { total: number | null } = { total: null };
  // A broken input is reported by the walk that judges.
  source.count(signal).then(
    (total) => {
      counter.total = total;
    },
    () => {},
  );
  return counter;
}
