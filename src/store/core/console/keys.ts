import { type Kysely, sql } from 'kysely';
import type {
  ConsoleAdmin,
  ConsoleStore,
  Passkey,
  RecentUse,
  StoredPasskey,
} from '../../../console/types.ts';
import { UsageError } from '../../../faults.ts';
import { canonicalNetwork } from '../../../networks.ts';
import type { NoteChange } from '../admin-log.ts';
import { changeAccounts, type StoreDatabase } from '../database.ts';
import type { Tables } from '../tables.ts';
import { dropAdminKey, toAdminKey } from './admin-key-rows.ts';
import type { AdminKeyTable, ConsolePasskeyTable } from './tables.ts';
import { needOwnSignIn, needUser } from './users.ts';

type KeyReads = Pick<
  ConsoleStore,
  | 'listPasskeys'
  | 'findPasskey'
  | 'usePasskey'
  | 'listAdminKeys'
  | 'findAdminKey'
  | 'touchAdminKey'
  | 'recentUse'
>;

/** Reads passkeys and admin keys. */
export function createKeyReads(database: StoreDatabase): KeyReads {
  return {
    listPasskeys: (userId) =>
      database.read('accounts_unavailable', async (db) => {
        const rows = await db
          .selectFrom('console_passkey')
          .selectAll()
          .where('user_id', '=', userId)
          .orderBy('created_at')
          .execute();
        return rows.map(toPasskey);
      }),
    findPasskey: (id) =>
      database.read('accounts_unavailable', async (db) => {
        const row = await db
          .selectFrom('console_passkey')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst();
        return row === undefined ? null : toPasskey(row);
      }),
    usePasskey: (id, counter, now) =>
      database.write('accounts_unavailable', async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('console_passkey')
          .set({ counter, last_used_at: now.getTime() })
          .where('id', '=', id)
          // Keys that are kept on several devices count nothing: always 0.
          .where((eb) => (counter === 0 ? eb('counter', '=', 0) : eb('counter', '<', counter)))
          .executeTakeFirst();
        return Number(numUpdatedRows) > 0;
      }),
    listAdminKeys: () =>
      database.read('accounts_unavailable', async (db) => {
        const rows = await db.selectFrom('admin_key').selectAll().orderBy('created_at').execute();
        return rows.map(toAdminKey);
      }),
    findAdminKey: (keyId) =>
      database.read('accounts_unavailable', async (db) => {
        const row = await adminKeyRow(db, keyId);
        return row === undefined ? null : { ...toAdminKey(row), digest: row.digest };
      }),
    touchAdminKey: (keyId, now) =>
      database.write('accounts_unavailable', async (db) => {
        await db
          .updateTable('admin_key')
          .set({ last_used_at: now.getTime() })
          .where('key_id', '=', keyId)
          .execute();
      }),
    recentUse: (appid, since) =>
      database.read('state_unavailable', (db) => recentUse(db, appid, since.getTime())),
  };
}

/** Changes passkeys and admin keys. */
export function createKeyAdmin(
  database: StoreDatabase,
  note: NoteChange,
): Pick<ConsoleAdmin, 'addPasskey' | 'renamePasskey' | 'removePasskey' | 'addAdminKey' | 'removeAdminKey'> {
  return {
    addPasskey: (passkey) =>
      changeAccounts(database, async (db) => {
        needOwnSignIn(await needUser(db, passkey.userId));
        const row: ConsolePasskeyTable = {
          id: passkey.id,
          user_id: passkey.userId,
          name: passkey.name,
          public_key: passkey.publicKey,
          counter: passkey.counter,
          transports: JSON.stringify(passkey.transports),
          created_at: Date.now(),
          last_used_at: null,
        };
        await db.insertInto('console_passkey').values(row).execute();
        const after = listed(row);
        await note(db, { action: 'user.passkey_add', target: passkey.userId, before: null, after });
        return after;
      }),
    renamePasskey: (userId, id, name) =>
      changeAccounts(database, async (db) => {
        const mine = db.selectFrom('console_passkey').where('id', '=', id).where('user_id', '=', userId);
        const row = await mine.selectAll().executeTakeFirst();
        if (row === undefined) throw new UsageError('passkey_unknown', 'there is no such passkey');
        const after = listed({ ...row, name: name.trim() });
        if (after.name === row.name) return after;
        await db.updateTable('console_passkey').set({ name: after.name }).where('id', '=', id).execute();
        await note(db, {
          action: 'user.passkey_rename',
          target: userId,
          before: { id, name: row.name },
          after: { id, name: after.name },
        });
        return after;
      }),
    removePasskey: (userId, id) =>
      changeAccounts(database, async (db) => {
        const row = await db
          .deleteFrom('console_passkey')
          .where('id', '=', id)
          .where('user_id', '=', userId)
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) throw new UsageError('passkey_unknown', 'there is no such passkey');
        const before = { id: row.id, name: row.name, createdAt: new Date(row.created_at) };
        await note(db, { action: 'user.passkey_remove', target: userId, before, after: null });
      }),
    addAdminKey: (key) =>
      changeAccounts(database, async (db) => {
        const row: AdminKeyTable = {
          key_id: key.keyId,
          name: key.name.trim(),
          role: key.role,
          digest: key.digest,
          networks: JSON.stringify([...new Set(key.networks.map(canonicalNetwork))]),
          expires_at: key.expiresAt?.getTime() ?? null,
          created_at: Date.now(),
          last_used_at: null,
          made_by: key.madeBy,
        };
        await db.insertInto('admin_key').values(row).execute();
        const after = toAdminKey(row);
        await note(db, { action: 'admin_key.create', target: key.keyId, before: null, after });
        return after;
      }),
    removeAdminKey: (keyId) =>
      changeAccounts(database, async (db) => {
        const row = await adminKeyRow(db, keyId);
        if (row === undefined) throw new UsageError('admin_key_unknown', 'there is no such admin key');
        await dropAdminKey(db, note, row);
      }),
  };
}

function adminKeyRow(db: Kysely<Tables>, keyId: string): Promise<AdminKeyTable | undefined> {
  return db.selectFrom('admin_key').selectAll().where('key_id', '=', keyId).executeTakeFirst();
}

/** A passkey without what its signatures are checked against. */
function listed(row: ConsolePasskeyTable): Passkey {
  const { publicKey: _, counter: __, transports: ___, ...passkey } = toPasskey(row);
  return passkey;
}

function toPasskey(row: ConsolePasskeyTable): StoredPasskey {
  return {
    id: row.id,
    userId: row.user_id,
    name: row.name,
    publicKey: row.public_key,
    counter: row.counter,
    transports: JSON.parse(row.transports) as string[],
    createdAt: new Date(row.created_at),
    lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at),
  };
}

/** So many of the newest rows are counted: what a person waits for must not grow with the traffic. */
const COUNTED_ROWS = 20_000;

async function recentUse(db: Kysely<Tables>, appid: string | null, since: number): Promise<RecentUse> {
  const ofApp = appid === null ? sql`` : sql`and appid = ${appid}`;
  const { rows } = await sql<{
    appid: string;
    secret_id: string;
    requests: number | string;
    found: number | string;
  }>`select appid, secret_id, sum(coalesce(requests, 1)) as requests, count(*) as found
    from (select appid, secret_id, requests from ledger where at >= ${since} ${ofApp}
      order by at desc, id desc limit ${COUNTED_ROWS}) as newest
    group by appid, secret_id`.execute(db);
  const apps: Record<string, number> = {};
  const keys: Record<string, number> = {};
  let read = 0;
  for (const row of rows) {
    read += Number(row.found);
    if (row.appid !== '') apps[row.appid] = (apps[row.appid] ?? 0) + Number(row.requests);
    if (row.secret_id !== '') keys[row.secret_id] = (keys[row.secret_id] ?? 0) + Number(row.requests);
  }
  return { apps, keys, isCut: read >= COUNTED_ROWS };
}
