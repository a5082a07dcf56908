import type { Config } from '../config/load.ts';
import { postgresSchema } from '../store/migrate.ts';
import { postgresSettings } from '../store/open.ts';
import { type Check, fail, ok, warn } from './check.ts';

const NAME = 'database';

/** Whether the PostgreSQL database answers, and its tables are those of this version. */
export async function checkPostgres(url: string, config: Config): Promise<Check> {
  try {
    const { missing, unknown, isUsable } = await postgresSchema(postgresSettings(url, config.postgres));
    if (isUsable && unknown.length === 0) return ok(NAME, 'PostgreSQL answers, tables of this version');
    if (isUsable) {
      return warn(
        NAME,
        `PostgreSQL answers, tables of a newer version (${unknown.join(', ')})`,
        'Update this node too.',
      );
    }
    return missing.length > 0
      ? fail(NAME, `PostgreSQL lacks the steps ${missing.join(', ')}`, 'Run "livestill migrate up".')
      : fail(NAME, 'PostgreSQL has tables that this version cannot work with', 'Use the newer version.');
  } catch (error) {
    return fail(NAME, (error as Error).message, 'Check store and postgres.*, and whether the server runs.');
  }
}
