import { failedGroupRow, groupRow, hashOfAll, misfitRow } from '../batch/together.ts';
import type { BatchRow } from '../batch/types.ts';
import { Fault } from '../faults.ts';
import { judgeTogether, type Together } from '../liveness/stills/together.ts';
import {
  type ChunkApp,
  decideRow,
  type GroupDecision,
  judgeRow,
  outcomeOf,
  type RowDecision,
  type RowDeps,
  type RowSeen,
  type RowTask,
  resultOf,
  rowOfDecision,
  settingsOf,
  type Tried,
  wasThere,
} from './judge-row.ts';
import type { ChunkRow, RowResult } from './types.ts';

/**
 * Judges a picture, or the stills of a group, whose own row is the last one: see `unitsOfRows`. Every way in
 * which that can fail is a result too, but for trouble of the storage that other rows would have as well.
 * @throws {Fault} `storage_unavailable`
 * @throws {DOMException} AbortError when `signal` aborts
 */
export async function judgeUnit(
  deps: RowDeps,
  task: RowTask,
  unit: readonly ChunkRow[],
  signal: AbortSignal,
  seen?: RowSeen,
): Promise<readonly RowResult[]> {
  const last = unit.at(-1);
  if (last === undefined) return [];
  if (last.stills === undefined) return [await judgeRow(deps, last, task, signal, seen)];
  const { group = '' } = last;
  const stills = unit.slice(0, -1);
  if (stills.length === 0) {
    const firstKey = last.key.slice(last.key.indexOf(':') + 1);
    const row = misfitRow(group, settingsOf(deps, task), firstKey, last.stills);
    return [resultOf(last, 'refused', row, null)];
  }
  const startedAt = performance.now();
  const decisions: Tried[] = [];
  // One after the other: other lanes of the chunk keep the workers busy, and few pictures are in memory.
  for (const row of stills) decisions.push(await decideRow(deps, { row, task, still: true }, signal, seen));
  const made = decisions.map((one) => rowOfDecision(deps, one, task));
  const own = { lease: task.lease, row: last, rules: task.rules, startedAt };
  const { decision, row } = decideGroup(
    deps,
    own,
    decisions,
    made.map(({ row }) => row),
    task,
  );
  const outcome = outcomeOf(decision.fault);
  const isRecorded = outcome !== 'failed' && decisions.some(wasThere);
  return [
    ...made.map(({ outcome, row }, at) => resultOf(stills[at] as ChunkRow, outcome, row, null)),
    resultOf(last, outcome, row, isRecorded ? deps.recordOfGroup({ decision, stills: decisions }) : null),
  ];
}

type Own = Pick<RowDecision, 'lease' | 'row' | 'rules' | 'startedAt'>;

/** The decision on a group: the first still without a judgement keeps it from one. */
function decideGroup(
  deps: RowDeps,
  own: Own,
  stills: readonly RowDecision[],
  rows: readonly BatchRow[],
  chunkApp: ChunkApp,
): { readonly decision: GroupDecision['decision']; readonly row: BatchRow } {
  const { group = '' } = own.row;
  const picture = pictureOf(stills);
  const fault = stills.find((one) => one.fault !== null)?.fault ?? null;
  const together = fault === null ? togetherOf(stills) : null;
  if (together === null) {
    const why = fault ?? new Fault('internal', 'unknown', 'a still has no judgement');
    return {
      decision: { ...own, picture, judgement: null, fault: why },
      row: failedGroupRow(group, settingsOf(deps, chunkApp), rows, why),
    };
  }
  return {
    decision: { ...own, picture, judgement: together.judgement, fault: null },
    row: groupRow(group, rows, together),
  };
}

function togetherOf(stills: readonly RowDecision[]): Together | null {
  const judged = stills.flatMap(({ judgement, picture }) =>
    judgement === null || picture === null
      ? []
      : [{ judgement, sha256: picture.sha256, thumbnail: judgement.still?.thumbnail ?? null }],
  );
  return judged.length === stills.length ? judgeTogether(judged) : null;
}

/** All pictures as one, as in the ledger's rows of calls with several stills; null where one was not had. */
function pictureOf(stills: readonly RowDecision[]): RowDecision['picture'] {
  const pictures = stills.flatMap(({ picture }) => picture ?? []);
  if (pictures.length < stills.length) return null;
  return {
    bytes: pictures.reduce((sum, { bytes }) => sum + bytes, 0),
    sha256: hashOfAll(pictures.map(({ sha256 }) => sha256)),
  };
}
