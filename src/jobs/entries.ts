import { groupKey } from '../batch/together.ts';
import { isGroupSize } from '../liveness/stills/fuse.ts';
import type { ChunkEntry, ChunkRow } from './types.ts';

/** A row, to be kept in its chunk. */
export function entryOf({ key, picture, group, stills }: Omit<ChunkRow, 'row'>, row: number): ChunkEntry {
  const plain = key === `${row}:${picture}`;
  if (plain && group === undefined && stills === undefined) return picture;
  return {
    ...(stills === undefined ? { p: picture } : { t: stills }),
    ...(plain ? {} : { k: key }),
    ...(group === undefined ? {} : { g: group }),
  };
}

/** The row that a chunk holds at this place. */
export function rowOfEntry(entry: ChunkEntry, row: number): ChunkRow {
  if (typeof entry === 'string') return { row, key: `${row}:${entry}`, picture: entry };
  const { p: picture = '', k: key = `${row}:${picture}`, g: group, t: stills } = entry;
  return {
    row,
    key,
    picture,
    ...(group === undefined ? {} : { group }),
    ...(stills === undefined ? {} : { stills }),
  };
}

/** The key of the row of a group of wrong size, which names the group's first picture. */
export const keyOfMisfit = (first: ChunkRow): string => groupKey(first.key);

/**
 * Divides rows into what is judged in one go: a picture, or the stills of a group with the group's row behind
 * them. Results of such a unit are written together, so of a chunk that is taken over a unit is there whole
 * or not at all.
 */
export function unitsOfRows(rows: readonly ChunkRow[]): readonly (readonly ChunkRow[])[] {
  const units: ChunkRow[][] = [];
  for (const row of rows) {
    const stills = row.stills !== undefined && isGroupSize(row.stills) ? row.stills : 0;
    const own = units.splice(units.length - stills, stills).flat();
    units.push([...own, row]);
  }
  return units;
}
