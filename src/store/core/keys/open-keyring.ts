import { join } from 'node:path';
import { Fault } from '../../../faults.ts';
import type { BackendOptions } from '../backend.ts';
import type { StoreDatabase } from '../database.ts';
import { activeKeyId, usedKeyIds } from './key-in-use.ts';
import { type Keyring, keyringFromFile, keyringFromText } from './keyring.ts';

/**
 * The master keys, once it is sure that they are those of this store.
 * @throws {Fault} `accounts_unavailable` (`master_key_wrong`, `master_key_missing`, `master_key_malformed`,
 * `master_key_exposed`, `master_key_unreadable`)
 */
export async function openKeyring(
  database: StoreDatabase,
  { dataDir, masterKey }: BackendOptions,
): Promise<Keyring> {
  const used = await database.read('accounts_unavailable', async (db) => {
    const active = await activeKeyId(db);
    return new Set([...(await usedKeyIds(db)), ...(active === undefined ? [] : [active])]);
  });
  const fromEnvironment = masterKey !== undefined && masterKey !== '';
  const keyring = fromEnvironment ? keyringFromText(masterKey) : keyringFromFile(dataDir, used.size === 0);
  const missing = [...used].filter((id) => keyring.find(id) === null);
  if (missing.length === 0) return keyring;
  const where = fromEnvironment ? 'LIVESTILL_MASTER_KEY' : `${join(dataDir, 'master.key')}`;
  throw new Fault(
    'accounts_unavailable',
    'master_key_wrong',
    `the SecretKeys of ${dataDir} are encrypted under the master key ${missing.join(', ')}; ${where} holds ${keyring.newest.id}: ` +
      'hand over the key they were made with',
  );
}
