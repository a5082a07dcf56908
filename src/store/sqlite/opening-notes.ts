import type { AuditKey } from '../../ledger/checkpoint.ts';
import { changesBy, type NoteChange } from '../core/admin-log.ts';
import type { StoreDatabase } from '../core/database.ts';
import { getMeta, RESTORED_KEY, type RestoreNote } from '../core/meta.ts';
import type { Migrated } from '../core/migrated.ts';
import { findEnd } from './chain-end.ts';
import { gapOf, recordGap } from './gap.ts';

/**
 * What happened to the data folder as a whole, into the log of changes: a restore since it was last open,
 * rows that were lost by it, and an update of its tables.
 * @throws {Fault} `state_unavailable` when it cannot be written
 */
export async function noteOpening(
  database: StoreDatabase,
  key: AuditKey,
  note: NoteChange,
  migrated: Migrated | null,
): Promise<void> {
  await noteRestore(database);
  await closeGap(database, key, note);
  if (migrated === null) return;
  const { steps, backup } = migrated;
  await database.write('state_unavailable', (db) =>
    note(db, { action: 'store.migrate', target: '', before: null, after: { steps, backup } }),
  );
}

/**
 * A restore works on a database that is not open, perhaps with the tables of an older version: its entry is
 * written at the next opening.
 */
async function noteRestore(database: StoreDatabase): Promise<void> {
  if ((await database.read('state_unavailable', (db) => getMeta(db, RESTORED_KEY))) === undefined) return;
  await database.write('state_unavailable', async (db) => {
    const text = await getMeta(db, RESTORED_KEY);
    if (text === undefined) return;
    const { actor, file, ...after } = JSON.parse(text) as RestoreNote;
    await changesBy(actor, findEnd)(db, { action: 'store.restore', target: file, before: null, after });
    await db.deleteFrom('meta').where('key', '=', RESTORED_KEY).execute();
  });
}

/**
 * After a restore the numbers of rows go on behind what was replaced: the chain says so, and so does the log
 * of changes.
 */
async function closeGap(database: StoreDatabase, key: AuditKey, note: NoteChange): Promise<void> {
  if ((await database.read('state_unavailable', (db) => gapOf(db))) === null) return;
  await database.write('state_unavailable', async (db) => {
    const rows = await recordGap(db, key);
    if (rows > 0) await note(db, { action: 'ledger.gap', target: '', before: null, after: { rows } });
  });
}
