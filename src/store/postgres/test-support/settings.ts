import type { PostgresSettings } from '../../core/postgres-settings.ts';

/**
 * How a test reaches a database; long times: a busy machine is no trouble. Tests of trouble bring short ones.
 */
export function settingsFor(url: string, parts: Partial<PostgresSettings> = {}): PostgresSettings {
  return {
    url,
    password: null,
    caFile: null,
    poolSize: 5,
    connectTimeoutMs: 60_000,
    statementTimeoutMs: 60_000,
    migrateAtStart: true,
    ...parts,
  };
}
