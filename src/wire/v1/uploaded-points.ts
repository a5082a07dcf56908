import { createHash } from 'node:crypto';
import type { NewOwnPoints, OwnPoints } from '../../console/own-points.ts';
import { UsageError } from '../../faults.ts';
import type { OperatingTable } from './operating-points.ts';
import { readOwnTable } from './own-operating-points.ts';

/** The tables in the order in which they count: the one that was uploaded, then those of the server. */
export function tablesOf(
  own: OwnPoints | null,
  tables: readonly OperatingTable[],
): readonly OperatingTable[] {
  return own === null ? tables : [JSON.parse(own.text) as OperatingTable, ...tables];
}

/**
 * An upload as it is kept: the file of `livestill evaluate --operating-points`, or the JSON beside a report,
 * which has the same points in it.
 * @throws {UsageError} `bad_operating_points` naming what is wrong
 */
export function readUpload(value: unknown, by: string): NewOwnPoints {
  const file = fileOf(value);
  const table = readOwnTable('the file', JSON.stringify(file));
  checkPoints(table);
  const text = JSON.stringify(table);
  const { profile, points, data } = table;
  const summary = {
    sha256: createHash('sha256').update(text).digest('hex'),
    profile,
    points: points.length,
    data: data.description,
  };
  return { text, by, summary };
}

function fileOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse('the file holds no JSON object');
  const given = value as Readonly<Record<string, unknown>>;
  const file = Object.hasOwn(given, 'operatingPoints') ? given.operatingPoints : given;
  if (typeof file !== 'object' || file === null) throw refuse('"operatingPoints" is no object');
  const { format, points, system } = file as Readonly<Record<string, unknown>>;
  if (points === undefined && Object.hasOwn(given, 'bpcer'))
    throw refuse('this is a summary, which has no operating points in it');
  if (format === undefined || points === undefined)
    throw refuse('this is some other JSON: it has no "format" and "points"');
  const profile = (system as { readonly profile?: unknown } | null | undefined)?.profile;
  if (profile === null)
    throw refuse(
      'it was measured on a file of scores, so that nobody knows which profile they are of; measure pictures',
    );
  return file;
}

/** @throws {UsageError} `bad_operating_points` */
function checkPoints({ points }: OperatingTable): void {
  if (points.length === 0) throw refuse('no point has a measured share on both sides');
  points.forEach((point, i) => {
    if (i > 0 && point.threshold <= points[i - 1].threshold)
      throw refuse(`point ${i + 1}: the thresholds do not ascend (${point.threshold})`);
    for (const side of ['apcer', 'bpcer'] as const) {
      const { rate, interval } = point[side];
      if (interval === null) continue;
      const { low, high } = interval;
      // Shares and bounds may differ in their last digit.
      const isAround = low >= 0 && high <= 1 && low <= rate + 1e-9 && rate <= high + 1e-9;
      if (!isAround) throw refuse(`point ${i + 1}: the interval of ${side} does not lie around its share`);
    }
  });
}

function refuse(what: string): UsageError {
  return new UsageError(
    'bad_operating_points',
    `${what}. Expected the file of --operating-points of "livestill evaluate", or the JSON beside its report`,
  );
}
