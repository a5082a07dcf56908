import { join } from 'node:path';
import { Kysely, Migrator } from 'kysely';
import type { Tables } from '../../core/tables.ts';
import { type Connection, openConnection } from '../connection.ts';
import { DATABASE_FILE } from '../database.ts';
import { LibsqlDialect } from '../dialect.ts';
import { MIGRATIONS } from '../migrations.ts';

/**
 * The database of a data folder as an earlier version left it: the tables after the step `upTo`, filled by
 * `fill`, closed when this resolves.
 */
export async function oldDatabase(
  dataDir: string,
  upTo: string,
  fill: (connection: Connection) => void,
): Promise<void> {
  const connection = openConnection(join(dataDir, DATABASE_FILE), 1000);
  const db = new Kysely<Tables>({ dialect: new LibsqlDialect(connection, { lockWaitMs: 1000 }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateTo(upTo);
  if (error !== undefined) throw error;
  connection.begin();
  fill(connection);
  connection.commit();
  await db.destroy();
}
