import type { Transaction } from 'kysely';
import type { Role } from '../../../console/permissions.ts';
import type { AdminKey } from '../../../console/types.ts';
import type { NoteChange } from '../admin-log.ts';
import type { Tables } from '../tables.ts';
import type { AdminKeyTable } from './tables.ts';

/** A row of the table as everything else knows it. */
export function toAdminKey(row: AdminKeyTable): AdminKey {
  return {
    keyId: row.key_id,
    name: row.name,
    role: row.role as Role,
    networks: JSON.parse(row.networks) as string[],
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    createdAt: new Date(row.created_at),
    lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at),
    madeBy: row.made_by,
  };
}

/** Removes an admin key. */
export async function dropAdminKey(
  db: Transaction<Tables>,
  note: NoteChange,
  row: AdminKeyTable,
): Promise<void> {
  await db.deleteFrom('admin_key').where('key_id', '=', row.key_id).execute();
  const before = toAdminKey(row);
  await note(db, { action: 'admin_key.remove', target: row.key_id, before, after: null });
}

/** Removes the admin keys that a user made, each with an entry in the log of changes. */
export async function dropKeysOf(db: Transaction<Tables>, note: NoteChange, userId: string): Promise<void> {
  const rows = await db
    .selectFrom('admin_key')
    .selectAll()
    .where('made_by', '=', userId)
    .orderBy('created_at')
    .execute();
  for (const row of rows) await dropAdminKey(db, note, row);
}
