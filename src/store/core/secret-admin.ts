import type { Transaction } from 'kysely';
import type { AccountAdmin, NewSecret, SecretSummary } from '../../account/types.ts';
import { checkNewSecret } from '../../account/validate.ts';
import { UsageError } from '../../faults.ts';
import { openSecret, toSummary } from './accounts.ts';
import type { NoteChange } from './admin-log.ts';
import { needOpenApp, unknownApp } from './app-rows.ts';
import { reencryptTotp } from './console/users.ts';
import { type Change, changeAccounts, type StoreDatabase } from './database.ts';
import { activeKeyId, encryptingKey, useKey } from './keys/key-in-use.ts';
import type { Keyring } from './keys/keyring.ts';
import { seal } from './keys/seal.ts';
import type { SecretTable, Tables } from './tables.ts';

type Db = Transaction<Tables>;

/** The part of `AccountAdmin` that is about SecretId and SecretKey. */
export type SecretAdmin = Pick<
  AccountAdmin,
  'addSecret' | 'listSecrets' | 'setSecretEnabled' | 'rotateSecret' | 'rotateMasterKey'
>;

/** Changing pairs. Every change of keys happens under the write lock, the file `master.key` included. */
export function createSecretAdmin(database: StoreDatabase, keyring: Keyring, note: NoteChange): SecretAdmin {
  const change = <T>(work: Change<T>): Promise<T> => changeAccounts(database, work);

  return {
    async addSecret(appid, secret) {
      checkNewSecret(secret);
      return change(async (db) => {
        await needOpenApp(db, appid);
        const after = await insertSecret(db, keyring, appid, secret);
        await note(db, { action: 'key.create', target: after.secretId, before: null, after });
        return after;
      });
    },
    async listSecrets(appid) {
      const [app, rows] = await database.read('accounts_unavailable', async (db) => [
        await db.selectFrom('app').select('appid').where('appid', '=', appid).executeTakeFirst(),
        await db
          .selectFrom('secret')
          .selectAll()
          .where('appid', '=', appid)
          .orderBy('created_at')
          .orderBy('secret_id')
          .execute(),
      ]);
      if (app === undefined) throw unknownApp(appid);
      return rows.map(toSummary);
    },
    setSecretEnabled: (secretId, enabled) =>
      change(async (db) => {
        const before = toSummary(await needSecret(db, secretId));
        const after = await updateSecret(db, secretId, { enabled: enabled ? 1 : 0 });
        await note(db, { action: enabled ? 'key.enable' : 'key.disable', target: secretId, before, after });
        return after;
      }),
    async rotateSecret(secretId, next, oldEndsAt) {
      checkNewSecret(next);
      return change(async (db) => {
        const old = await needSecret(db, secretId);
        await needOpenApp(db, old.appid);
        const end = oldEndsAt.getTime();
        const ended = await updateSecret(db, secretId, {
          expires_at: old.expires_at === null ? end : Math.min(old.expires_at, end),
        });
        const fresh = await insertSecret(db, keyring, old.appid, next);
        const after = { ended, fresh };
        await note(db, { action: 'key.rotate', target: secretId, before: toSummary(old), after });
        return fresh;
      });
    },
    rotateMasterKey: () => rotateMasterKey(database, keyring, note),
  };
}

async function rotateMasterKey(
  database: StoreDatabase,
  keyring: Keyring,
  note: NoteChange,
): Promise<{ keyId: string; reencrypted: number }> {
  const done = await changeAccounts(database, async (db) => {
    const before = (await activeKeyId(db)) ?? null;
    const after = await reencrypt(db, keyring);
    await note(db, { action: 'master_key.rotate', target: '', before, after });
    return after;
  });
  await changeAccounts(database, async (db) => {
    // Only what is committed counts: a rotation that shares this transaction may still be undone, and it
    // cleans up itself.
    const committed = await database.read('accounts_unavailable', activeKeyId);
    if (committed !== undefined && committed === (await activeKeyId(db))) keyring.keepOnly(committed);
  });
  return done;
}

async function needSecret(db: Db, secretId: string): Promise<SecretTable> {
  const row = await db.selectFrom('secret').selectAll().where('secret_id', '=', secretId).executeTakeFirst();
  if (row === undefined) {
    throw new UsageError(
      'secret_unknown',
      `there is no SecretId ${JSON.stringify(secretId)}: "livestill key list" shows those that exist`,
    );
  }
  return row;
}

async function updateSecret(db: Db, secretId: string, columns: Partial<SecretTable>): Promise<SecretSummary> {
  await db.updateTable('secret').set(columns).where('secret_id', '=', secretId).execute();
  return toSummary(await needSecret(db, secretId));
}

/**
 * Add a pair to an app.
 * @throws {UsageError} `secret_exists`
 * @throws {Fault} `accounts_unavailable` (`master_key_missing`)
 */
export async function insertSecret(
  db: Db,
  keyring: Keyring,
  appid: string,
  secret: NewSecret,
): Promise<SecretSummary> {
  const { secretId, secretKey } = secret;
  const known = await db
    .selectFrom('secret')
    .select('secret_id')
    .where('secret_id', '=', secretId)
    .executeTakeFirst();
  if (known !== undefined)
    throw new UsageError('secret_exists', `the SecretId ${secretId} is in use already`);
  const key = await encryptingKey(db, keyring);
  const row: SecretTable = {
    secret_id: secretId,
    appid,
    key_id: key.id,
    sealed: seal(secretKey, key, { appid, secretId }),
    enabled: 1,
    expires_at: null,
    created_at: Date.now(),
    last_used_at: null,
  };
  await db.insertInto('secret').values(row).execute();
  return toSummary(row);
}

async function reencrypt(db: Db, keyring: Keyring): Promise<{ keyId: string; reencrypted: number }> {
  const key = keyring.addNewest();
  const rows = await db.selectFrom('secret').selectAll().where('key_id', '!=', key.id).execute();
  for (const row of rows) {
    const sealed = seal(openSecret(row, keyring), key, { appid: row.appid, secretId: row.secret_id });
    await updateSecret(db, row.secret_id, { sealed, key_id: key.id });
  }
  await reencryptTotp(db, keyring, key);
  await useKey(db, key);
  return { keyId: key.id, reencrypted: rows.length };
}
