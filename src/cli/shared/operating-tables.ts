import { readFile } from 'node:fs/promises';
import type { Config } from '../../config/load.ts';
import { UsageError } from '../../faults.ts';
import { readBuiltInCards } from '../../liveness/built-in.ts';
import { type OperatingTable, publishedTables } from '../../wire/v1/operating-points.ts';
import { readOwnTable } from '../../wire/v1/own-operating-points.ts';

/**
 * The operator's own measurement first, where there is one, then those of the cards.
 *
 * @throws {UsageError} `bad_operating_points`
 */
export async function operatingTables({
  operatingPoints,
}: Pick<Config, 'operatingPoints'>): Promise<readonly OperatingTable[]> {
  const published = publishedTables(await readBuiltInCards());
  return operatingPoints === null ? published : [await loadOwnTable(operatingPoints), ...published];
}

async function loadOwnTable(file: string): Promise<OperatingTable> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(
      'bad_operating_points',
      `${file}: the operating points cannot be read (${(cause as Error).message})`,
      { cause },
    );
  });
  return readOwnTable(file, text);
}
