import type { Described } from '../types.ts';

/** What pictures are taken together as one unit when chance is estimated. */
export type ClusterKind = 'subject' | 'session' | 'picture';

/** Rows gathered by who or what they show. */
export interface Clusters {
  readonly kind: ClusterKind;
  readonly n: number;
  /** For each row, its cluster. */
  readonly of: Int32Array;
}

/** The coarsest unit that every row of the set names. */
export function coarsestKind(rows: readonly Described[]): ClusterKind {
  if (rows.length > 0 && rows.every((row) => row.subject !== null)) return 'subject';
  if (rows.length > 0 && rows.every((row) => row.session !== null)) return 'session';
  return 'picture';
}

/** The unit a row belongs to; a row without the field stands alone. */
export function clusterKey(row: Described, kind: ClusterKind): string {
  const name = kind === 'subject' ? row.subject : kind === 'session' ? row.session : null;
  return name === null ? `picture\u0000${row.id}` : `${kind}\u0000${name}`;
}

/** Gathers rows into clusters. */
export function cluster(rows: readonly Described[], kind: ClusterKind): Clusters {
  const numbers = new Map<string, number>();
  const of = Int32Array.from(rows, (row) => {
    const key = clusterKey(row, kind);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  });
  return { kind, n: numbers.size, of };
}
