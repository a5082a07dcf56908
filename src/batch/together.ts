import { createHash } from 'node:crypto';
import { Fault } from '../faults.ts';
import { FEWEST_STILLS, MOST_STILLS } from '../liveness/stills/fuse.ts';
import type { Together } from '../liveness/stills/together.ts';
import { failedRow, type RowSettings, rowOf } from './row.ts';
import type { BatchRow, TogetherPart } from './types.ts';

/** How the row of a group is known, by the key of its first picture. */
export const groupKey = (firstKey: string): string => `together:${firstKey}`;

/** The name of several pictures: the hash of their hashes, one a line, as in the ledger. */
export const hashOfAll = (hashes: readonly string[]): string =>
  createHash('sha256').update(hashes.join('\n')).digest('hex');

/** The row of a group whose stills were all judged. @param stills their rows, in order */
export function groupRow(
  group: string,
  stills: readonly Pick<BatchRow, 'key' | 'sha256'>[],
  { fused, consistency, judgement }: Together,
): BatchRow {
  const hashes = stills.map(({ sha256 }) => sha256 ?? '');
  const row = rowOf(itemOfGroup(group, stills[0]?.key ?? ''), hashOfAll(hashes), judgement);
  // The first still that took part has its own row.
  const noPicture = { faceCount: null, width: null, height: null, box: null, quality: {} };
  const { samePosition, sameSize, identical, bySharpness } = consistency;
  return {
    ...row,
    ...noPicture,
    together: {
      ...partOf(stills),
      used: [...fused.used],
      samePosition,
      sameSize,
      identical: identical.map(([a, b]) => [a, b]),
      bySharpness: [...bySharpness],
    },
  };
}

/** The row of a group of which a still has no judgement. */
export function failedGroupRow(
  group: string,
  task: RowSettings,
  stills: readonly Pick<BatchRow, 'key' | 'sha256'>[],
  fault: Fault,
): BatchRow {
  const item = itemOfGroup(group, stills[0]?.key ?? '');
  return { ...failedRow(item, task, null, fault), together: { ...partOf(stills), ...NOT_COMPARED } };
}

/** The row of a group that has too few or too many pictures. */
export function misfitRow(group: string, task: RowSettings, firstKey: string, count: number): BatchRow {
  const fault = new Fault(
    'request_malformed',
    'group_size',
    `a group has ${FEWEST_STILLS} to ${MOST_STILLS} pictures, this one has ${count}; each was judged for itself`,
  );
  const item = itemOfGroup(group, firstKey);
  return { ...failedRow(item, task, null, fault), together: { stills: [], hashes: [], ...NOT_COMPARED } };
}

const NOT_COMPARED = {
  used: [],
  samePosition: null,
  sameSize: null,
  identical: [],
  bySharpness: [],
} as const;

const itemOfGroup = (group: string, firstKey: string) => ({ key: groupKey(firstKey), picture: '', group });

const partOf = (
  stills: readonly Pick<BatchRow, 'key' | 'sha256'>[],
): Pick<TogetherPart, 'stills' | 'hashes'> => ({
  stills: stills.map(({ key }) => key),
  hashes: stills.map(({ sha256 }) => sha256),
});
