import { join } from 'node:path';
import { openConnection } from '../sqlite.ts';

/** Takes the tables of a closed data folder back to what they were before the step `0004-idempotency-shares`. */
export function toOlderTables(dataDir: string): void {
  const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  for (const undo of [
    'drop trigger idempotency_added',
    'drop trigger idempotency_changed',
    'drop trigger idempotency_dropped',
    'drop table idempotency_share',
    'drop index idempotency_by_app',
    'alter table idempotency drop column at',
    'alter table idempotency drop column bytes',
    "delete from kysely_migration where name >= '0004'",
  ]) {
    connection.script(undo);
  }
  connection.close();
}
