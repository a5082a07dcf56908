import { InvalidArgumentError } from 'commander';
import type { Config } from '../../config/load.ts';
import { UsageError } from '../../faults.ts';
import { OPERATING_NAMES, type OperatingName } from '../../liveness/operating-names.ts';
import type { Profile } from '../../liveness/types.ts';
import type { Store } from '../../store/open.ts';
import type { OperatingTable } from '../../wire/v1/operating-points.ts';
import { tablesOf } from '../../wire/v1/uploaded-points.ts';
import { operatingTables } from '../shared/operating-tables.ts';

/** A threshold as `--threshold` gives it: a number, null for `default`, or the name of an operating point. */
export type GivenThreshold = number | null | OperatingName;

const isName = (text: string): text is OperatingName => (OPERATING_NAMES as readonly string[]).includes(text);

/** Reads a number, `default`, or the name of an operating point. */
export function thresholdOrName(text: string): GivenThreshold {
  if (text === 'default') return null;
  if (isName(text)) return text;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new InvalidArgumentError(`Expected a number, default, or ${OPERATING_NAMES.join(', ')}.`);
  }
  return value;
}

/**
 * The threshold of a name in the first table of the profile that has it: the operator's own measurement
 * comes first.
 *
 * @throws {UsageError} `operating_point_unknown`
 */
export function thresholdNamed(
  name: OperatingName,
  profile: Profile,
  tables: readonly OperatingTable[],
): number {
  const points = tables.filter((table) => table.profile === profile).flatMap((table) => table.points);
  const found = points.find((point) => point.name === name);
  if (found !== undefined) return found.threshold;
  const known = points.filter((point) => point.name !== null);
  const named = [...new Set(known.map((point) => `${point.name} (${point.threshold})`))].join(', ') || 'none';
  throw new UsageError(
    'operating_point_unknown',
    `no operating point "${name}" was measured for the profile ${profile}; named there: ${named}. Measure one with ` +
      '"livestill evaluate PICTURES --operating-points FILE" and upload the file in the console or name it in the setting operatingPoints, or give a number',
  );
}

/**
 * The number behind a given threshold, for the profile that will judge.
 *
 * @throws {UsageError} `operating_point_unknown`
 */
export async function resolveThreshold(
  given: GivenThreshold | undefined,
  profile: Profile,
  { ownPoints }: Pick<Store, 'ownPoints'>,
  config: Config,
): Promise<number | null | undefined> {
  if (typeof given !== 'string') return given;
  const tables = tablesOf(await ownPoints.findOwnPoints(), await operatingTables(config));
  return thresholdNamed(given, profile, tables);
}
