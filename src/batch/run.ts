import { Fault, type FaultArea } from '../faults.ts';
import type { Judge } from '../fleet/types.ts';
import type { Judgement, Profile } from '../liveness/types.ts';
import type { OnLeftOut } from '../picture/decode/candidate.ts';
import { codeOf } from '../wire/legacy/codes/codes.ts';
import type { Journal } from './journal.ts';
import type { Keys } from './key-set.ts';
import { type ResultMemory, sha256Of } from './reuse.ts';
import type { BatchItem, BatchRow, BatchSource } from './types.ts';

/** What is behind the rows of one run. */
export interface BatchTask {
  readonly source: BatchSource;
  readonly judge: Judge;
  readonly journal: Journal;
  /** Keys that earlier runs have judged. */
  readonly done: Keys;
  readonly profile: Profile;
  readonly threshold: number;
  /** Gives equal pictures the same judgement; null: every picture is judged. */
  readonly memory: ResultMemory | null;
  /** Pictures that are read or judged at the same moment. */
  readonly atOnce: number;
  /** Called with every row once it is written. */
  readonly onRow: (row: BatchRow) => void;
  /** Called with every file of the source that is not judged. */
  readonly onLeftOut?: OnLeftOut;
  /** Aborted: no more pictures are begun; those in work are finished and written. */
  readonly signal: AbortSignal;
}

/** Failures of the engine are tried once more, where the picture can be read again. */
const ATTEMPTS = 2;
const FAILED_AREAS: ReadonlySet<FaultArea> = new Set<FaultArea>(['engine', 'internal']);

/** Six digits are more than any of these measures is good for, and make rows a third shorter. */
const short = (value: number) => Number(value.toPrecision(6));

/** The row of a judged picture whose bytes have this SHA-256. */
export function rowOf(
  item: Pick<BatchItem, 'key' | 'picture'>,
  sha256: string,
  judgement: Judgement,
): BatchRow {
  const { box } = judgement.face ?? {};
  const noFace = judgement.verdict === 'no_face';
  return {
    key: item.key,
    picture: item.picture,
    sha256,
    sameAs: null,
    code: codeOf(noFace ? 'no_face' : null),
    failure: null,
    message: noFace ? judgement.reasons[0].text : 'OK',
    verdict: judgement.verdict,
    score: judgement.score,
    review: judgement.review,
    rawScore: judgement.rawScore,
    liveProbability: judgement.liveProbability === null ? null : short(judgement.liveProbability),
    threshold: judgement.threshold,
    profile: judgement.profile,
    faceCount: judgement.faceCount,
    width: judgement.width,
    height: judgement.height,
    box: box === undefined ? null : [short(box.left), short(box.top), short(box.right), short(box.bottom)],
    reasons: judgement.reasons.map((r) => r.code),
    quality: Object.fromEntries(judgement.quality.map((q) => [q.name, short(q.value)])),
  };
}

/** The row of a picture that was not judged, and why. */
export function failedRow(
  item: Pick<BatchItem, 'key' | 'picture'>,
  task: Pick<BatchTask, 'threshold' | 'profile'>,
  sha256: string | null,
  fault: Fault,
): BatchRow {
  return {
    key: item.key,
    picture: item.picture,
    sha256,
    sameAs: null,
    code: codeOf(fault.kind),
    failure: fault.reason,
    message: fault.message,
    verdict: null,
    score: null,
    review: null,
    rawScore: null,
    liveProbability: null,
    threshold: task.threshold,
    profile: task.profile,
    faceCount: null,
    width: null,
    height: null,
    box: null,
    reasons: [],
    quality: {},
  };
}

/** Reads a picture; one that cannot be read is no reason to stop, storage that does not answer is. */
async function readItem(item: BatchItem): Promise<Uint8Array | Fault> {
  try {
    return await item.read(new AbortController().signal);
  } catch (error) {
    if (error instanceof Fault && error.kind !== 'storage_unavailable') return error;
    throw error;
  }
}

/** Judges one picture; every way in which that can fail is a row too. */
async function judgeItem(
  item: BatchItem,
  task: BatchTask,
  bytes: Uint8Array,
  hash: string,
): Promise<BatchRow> {
  const { judge, profile, threshold, source } = task;
  for (let attempt = 1, picture = bytes, sha256 = hash; ; attempt++) {
    try {
      return rowOf(item, sha256, await judge.judge(picture, { profile, threshold }));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // A picture that cost its worker has been tried on a second one already.
      const worker = error.reason === 'worker_crashed' || error.reason === 'worker_stuck';
      const again = FAILED_AREAS.has(error.area) && !worker && attempt < ATTEMPTS && !source.sequential;
      if (!again) return failedRow(item, task, sha256, error);
      const read = await readItem(item);
      if (read instanceof Fault) return failedRow(item, task, null, read);
      // The judge was given the memory; what is there now may be another picture.
      picture = read;
      sha256 = sha256Of(read);
    }
  }
}

/**
 * Judges every picture of the source that is not done yet, several at once, and writes a row for each. Ends
 * early when told to by `signal`; throws what makes going on senseless: a broken input, an output that cannot
 * be written.
 */
export async function runBatch(task: BatchTask): Promise<void> {
  const { source, journal, done, memory, signal, atOnce } = task;
  const working = new Set<Promise<void>>();
  let failure: unknown;

  const write = async (row: BatchRow) => {
    await journal.append(row);
    task.onRow(row);
    return row;
  };
  const work = async (item: BatchItem, bytes: Uint8Array | Fault) => {
    if (bytes instanceof Fault) {
      await write(failedRow(item, task, null, bytes));
      return;
    }
    const sha256 = sha256Of(bytes);
    const make = async () => write(await judgeItem(item, task, bytes, sha256));
    if (memory === null) {
      await make();
      return;
    }
    const equal = await memory.rowOrMake(sha256, make);
    if (equal === null) return;
    await write({ ...equal, key: item.key, picture: item.picture, sameAs: equal.key });
  };
  try {
    for await (const item of source.items(task.onLeftOut)) {
      if (signal.aborted || failure !== undefined) break;
      if (done.has(item.key)) continue;
      const bytes = readItem(item);
      if (source.sequential) await bytes;
      const job: Promise<void> = bytes
        .then((read) => work(item, read))
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => working.delete(job));
      working.add(job);
      if (working.size >= atOnce) await Promise.race(working);
    }
  } finally {
    await Promise.all(working);
  }
  if (failure !== undefined) throw failure;
}
