import { type Kysely, sql, type Transaction } from 'kysely';
import { Fault } from '../../../faults.ts';
import { getMeta, putMeta } from '../meta.ts';
import type { Tables } from '../tables.ts';
import type { Keyring } from './keyring.ts';
import type { MasterKey } from './seal.ts';

/** Under this key in `meta` stands the name of the master key that everything is encrypted under. */
const ACTIVE_KEY = 'master_key';

/**
 * Names of the master keys that pairs and TOTP secrets are encrypted under: from key to key through the
 * index, not through every pair.
 */
export async function usedKeyIds(db: Kysely<Tables>): Promise<readonly string[]> {
  const { rows } = await sql<{ key_id: string }>`with recursive used (key_id) as (
      select min(key_id) from secret
      union all
      select (select min(key_id) from secret where key_id > used.key_id) from used where used.key_id is not null
    )
    select key_id from used where key_id is not null
    union select totp_key_id from console_user where totp_key_id is not null`.execute(db);
  return rows.map((row) => row.key_id);
}

/** Name of the master key in use; undefined while nothing is encrypted. */
export function activeKeyId(db: Kysely<Tables>): Promise<string | undefined> {
  return getMeta(db, ACTIVE_KEY);
}

/** Say which master key everything is encrypted under from now on. */
export function useKey(db: Transaction<Tables>, key: MasterKey): Promise<void> {
  return putMeta(db, ACTIVE_KEY, key.id);
}

/**
 * The key that everything else is encrypted under; the newest when nothing is yet.
 * @throws {Fault} `accounts_unavailable` (`master_key_missing`)
 */
export async function encryptingKey(db: Transaction<Tables>, keyring: Keyring): Promise<MasterKey> {
  const id = await activeKeyId(db);
  if (id === undefined) {
    const { newest } = keyring;
    await useKey(db, newest);
    return newest;
  }
  const key = keyring.find(id);
  if (key !== null) return key;
  throw new Fault(
    'accounts_unavailable',
    'master_key_missing',
    `the data folder uses the master key ${id}, which is not at hand`,
  );
}
