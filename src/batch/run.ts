import { Fault, type FaultArea } from '../faults.ts';
import type { Judge } from '../fleet/types.ts';
import { judgeTogether } from '../liveness/stills/together.ts';
import type { Judgement, Profile } from '../liveness/types.ts';
import type { OnLeftOut } from '../picture/decode/candidate.ts';
import { type Unit, unitsOf } from './groups.ts';
import type { Journal } from './journal.ts';
import type { Keys } from './key-set.ts';
import { type ResultMemory, sha256Of } from './reuse.ts';
import { failedRow, rowOf } from './row.ts';
import { failedGroupRow, groupKey, groupRow, misfitRow } from './together.ts';
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

/** Reads a picture; one that cannot be read is no reason to stop, storage that does not answer is. */
async function readItem(item: BatchItem): Promise<Uint8Array | Fault> {
  try {
    return await item.read(new AbortController().signal);
  } catch (error) {
    if (error instanceof Fault && error.kind !== 'storage_unavailable') return error;
    throw error;
  }
}

/** A picture with its row. */
interface JudgedItem {
  readonly row: BatchRow;
  /** The judgement, or why there is none. */
  readonly found: Judgement | Fault;
}

/** Judges one picture; every way in which that can fail is a row too. */
async function judgeItem(
  item: BatchItem,
  task: BatchTask,
  bytes: Uint8Array,
  { hash, still }: { readonly hash: string; readonly still: boolean },
): Promise<JudgedItem> {
  const { judge, profile, threshold, source } = task;
  const options = { profile, threshold, ...(still ? { still } : {}) };
  for (let attempt = 1, picture = bytes, sha256 = hash; ; attempt++) {
    try {
      const found = await judge.judge(picture, options);
      return { row: rowOf(item, sha256, found), found };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // A picture that cost its worker has been tried on a second one already.
      const worker = error.reason === 'worker_crashed' || error.reason === 'worker_stuck';
      const again = FAILED_AREAS.has(error.area) && !worker && attempt < ATTEMPTS && !source.sequential;
      if (!again) return { row: failedRow(item, task, sha256, error), found: error };
      const read = await readItem(item);
      if (read instanceof Fault) return { row: failedRow(item, task, null, read), found: read };
      // The judge was given the memory; what is there now may be another picture.
      picture = read;
      sha256 = sha256Of(read);
    }
  }
}

/** The rows of a group, the group's own one last; a still after the other, so that few are in memory. */
async function judgeGroup(
  group: string,
  items: readonly BatchItem[],
  task: BatchTask,
): Promise<readonly BatchRow[]> {
  const judged: JudgedItem[] = [];
  for (const item of items) {
    const bytes = await readItem(item);
    judged.push(
      bytes instanceof Fault
        ? { row: failedRow(item, task, null, bytes), found: bytes }
        : await judgeItem(item, task, bytes, { hash: sha256Of(bytes), still: true }),
    );
  }
  const rows = judged.map(({ row }) => row);
  const stills: { judgement: Judgement; sha256: string; thumbnail: Float32Array | null }[] = [];
  for (const { row, found } of judged) {
    if (found instanceof Fault) return [...rows, failedGroupRow(group, task, rows, found)];
    stills.push({ judgement: found, sha256: row.sha256 ?? '', thumbnail: found.still?.thumbnail ?? null });
  }
  return [...rows, groupRow(group, rows, judgeTogether(stills))];
}

/** Judges one picture, or takes the result of an equal one. */
async function workOnOne(item: BatchItem, bytes: Uint8Array | Fault, task: BatchTask, write: Write) {
  if (bytes instanceof Fault) {
    await write([failedRow(item, task, null, bytes)]);
    return;
  }
  const sha256 = sha256Of(bytes);
  const make = async () => {
    const { row } = await judgeItem(item, task, bytes, { hash: sha256, still: false });
    await write([row]);
    return row;
  };
  if (task.memory === null) {
    await make();
    return;
  }
  const equal = await task.memory.rowOrMake(sha256, make);
  if (equal === null) return;
  const { group: _, key, picture: __, ...result } = equal;
  const named = {
    key: item.key,
    picture: item.picture,
    ...(item.group === undefined ? {} : { group: item.group }),
  };
  await write([{ ...named, ...result, sameAs: key }]);
}

/** Writes rows together: a killed process leaves all of them or, but for a torn write, none. */
type Write = (rows: readonly BatchRow[]) => Promise<void>;

function workOn(
  unit: Unit<BatchItem>,
  task: BatchTask,
  write: Write,
): { begun: Promise<unknown>; done: Promise<void> } {
  if (unit.kind === 'one') {
    const bytes = readItem(unit.item);
    return { begun: bytes, done: bytes.then((read) => workOnOne(unit.item, read, task, write)) };
  }
  const { group } = unit;
  const done =
    unit.kind === 'misfit'
      ? write([misfitRow(group, task, unit.first.key, unit.count)])
      : judgeGroup(group, unit.items, task).then((rows) =>
          write(rows.filter(({ key }) => !task.done.has(key))),
        );
  return { begun: done, done };
}

/** Whether all rows of a unit are there. */
function isDone(unit: Unit<BatchItem>, { done }: BatchTask): boolean {
  if (unit.kind === 'one') return done.has(unit.item.key);
  const first = unit.kind === 'misfit' ? unit.first : unit.items[0];
  if (first === undefined || !done.has(groupKey(first.key))) return false;
  return unit.kind === 'misfit' || unit.items.every(({ key }) => done.has(key));
}

/**
 * Judges every picture of the source that is not done yet, several at once, and writes a row for each, one
 * more for each group. Ends early when told to by `signal`; throws what makes going on senseless: a broken
 * input, an output that cannot be written.
 */
export async function runBatch(task: BatchTask): Promise<void> {
  const { source, journal, signal, atOnce } = task;
  const working = new Set<Promise<void>>();
  let failure: unknown;

  const write: Write = async (rows) => {
    await Promise.all(rows.map((row) => journal.append(row)));
    rows.forEach(task.onRow);
  };
  try {
    for await (const unit of unitsOf(source.items(task.onLeftOut))) {
      if (signal.aborted || failure !== undefined) break;
      if (isDone(unit, task)) continue;
      const { begun, done } = workOn(unit, task, write);
      const job: Promise<void> = done
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => working.delete(job));
      working.add(job);
      // A failure is the job's to tell.
      if (source.sequential) await begun.catch(() => {});
      if (working.size >= atOnce) await Promise.race(working);
    }
  } finally {
    await Promise.all(working);
  }
  if (failure !== undefined) throw failure;
}
