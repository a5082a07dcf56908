import { UsageError } from '../../faults.ts';

/** What a store that is no PostgreSQL database is refused with. */
export function needsPostgres(): UsageError {
  return new UsageError(
    'batches_need_postgres',
    'batches of several machines need a PostgreSQL database as the store: set LIVESTILL_STORE (docs/run/postgres.md). On one machine "livestill batch LIST --out FILE" needs none',
  );
}
