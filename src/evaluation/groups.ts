import type { ExtraRate } from './measure.ts';
import type { Rate } from './rates.ts';
import type { Described, Presentation } from './types.ts';

/** A field that rows can be divided by. */
export type GroupField = 'group' | 'device' | 'session' | 'subject' | 'fold';

/** The fields that rows can be divided by. */
export const GROUP_FIELDS: readonly GroupField[] = ['group', 'device', 'session', 'subject', 'fold'];

/** Error rates of those who share a value. */
export interface GroupRates {
  readonly value: string;
  readonly bpcer: Rate;
  /** All species pooled. */
  readonly apcer: Rate;
}

/** The two groups furthest apart. The pair is chosen by looking, so chance alone gives some difference. */
export interface LargestDifference {
  readonly low: string;
  readonly high: string;
  readonly difference: number;
  /** Whether the two Clopper-Pearson intervals have no point in common. */
  readonly intervalsApart: boolean;
}

/** Rates by one field. */
export interface Grouping {
  readonly field: GroupField;
  readonly groups: readonly GroupRates[];
  readonly largestDifference: {
    readonly bpcer: LargestDifference | null;
    readonly apcer: LargestDifference | null;
  };
}

const NOT_SAID = '(not said)';

/**
 * Fields that divide the rows: those asked for, or `group` and `device` where they take two values or more.
 */
export function groupFields(rows: readonly Described[], asked: readonly GroupField[]): readonly GroupField[] {
  if (asked.length > 0) return asked;
  return (['group', 'device'] as const).filter(
    (field) => new Set(rows.map((row) => row[field]).filter((v) => v !== null)).size > 1,
  );
}

function valuesOf(rows: readonly Described[], field: GroupField): Map<string, number[]> {
  const found = new Map<string, number[]>();
  rows.forEach((row, i) => {
    const value = row[field] ?? NOT_SAID;
    const members = found.get(value);
    if (members === undefined) found.set(value, [i]);
    else members.push(i);
  });
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The rates to count for a field: BPCER then APCER of each value, in the order of {@link readGroups}. */
export function groupRates(
  rows: readonly Presentation[],
  field: GroupField,
  accepted: (row: number) => boolean | null,
): ExtraRate[] {
  return [...valuesOf(rows, field).values()].flatMap((members) => [
    {
      rows: members.filter((i) => rows[i].label === 'bona-fide'),
      happened: (i: number) => {
        const a = accepted(i);
        return a === null ? null : !a;
      },
    },
    { rows: members.filter((i) => rows[i].label === 'attack'), happened: accepted },
  ]);
}

function largestDifference(groups: readonly GroupRates[], kind: 'bpcer' | 'apcer'): LargestDifference | null {
  const counted = groups
    .filter((group) => group[kind].share !== null)
    .sort((a, b) => a[kind].share! - b[kind].share!);
  if (counted.length < 2) return null;
  const low = counted[0];
  const high = counted[counted.length - 1];
  return {
    low: low.value,
    high: high.value,
    difference: high[kind].share! - low[kind].share!,
    intervalsApart: low[kind].interval![1] < high[kind].interval![0],
  };
}

/** Puts the counted rates of {@link groupRates} back to their values. */
export function readGroups(
  rows: readonly Presentation[],
  field: GroupField,
  rates: readonly Rate[],
): Grouping {
  const groups = [...valuesOf(rows, field).keys()].map((value, k) => ({
    value,
    bpcer: rates[2 * k],
    apcer: rates[2 * k + 1],
  }));
  return {
    field,
    groups,
    largestDifference: {
      bpcer: largestDifference(groups, 'bpcer'),
      apcer: largestDifference(groups, 'apcer'),
    },
  };
}
