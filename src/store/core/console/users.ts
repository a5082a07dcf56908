import type { Kysely, Transaction } from 'kysely';
import type { Role } from '../../../console/permissions.ts';
import type {
  ConsoleAdmin,
  ConsoleUser,
  NewUser,
  StoredUser,
  UserChange,
  UserKey,
} from '../../../console/types.ts';
import { UsageError } from '../../../faults.ts';
import type { AdminAction } from '../../../ledger/admin.ts';
import { openSecret } from '../accounts.ts';
import type { NoteChange } from '../admin-log.ts';
import { changeAccounts, type StoreDatabase } from '../database.ts';
import { encryptingKey } from '../keys/key-in-use.ts';
import type { Keyring } from '../keys/keyring.ts';
import { type MasterKey, seal } from '../keys/seal.ts';
import type { Tables } from '../tables.ts';
import { dropKeysOf } from './admin-key-rows.ts';
import type { ConsoleUserTable } from './tables.ts';

type Db = Transaction<Tables>;

/** Under which names a TOTP secret is encrypted. */
const whose = (userId: string) => ({ appid: 'console', secretId: userId });

/** Names are the same whatever the case of their letters. */
export const nameKey = (name: string): string => name.trim().normalize('NFKC').toLowerCase();

/** A user out of its row and the number of its passkeys. */
export function toUser(row: ConsoleUserTable, passkeys: number): ConsoleUser {
  return {
    id: row.id,
    name: row.name,
    role: row.role as Role,
    enabled: row.enabled !== 0,
    hasPassword: row.password !== null,
    totp: row.totp_sealed !== null,
    passkeys,
    provider: row.issuer,
    createdAt: new Date(row.created_at),
    lastSignInAt: row.last_sign_in_at === null ? null : new Date(row.last_sign_in_at),
  };
}

/** How many passkeys a user has. */
export async function passkeysOf(db: Kysely<Tables>, userId: string): Promise<number> {
  const row = await db
    .selectFrom('console_passkey')
    .select((eb) => eb.fn.countAll().as('n'))
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return Number(row?.n ?? 0);
}

/** Reads users. */
export function createUserReads(database: StoreDatabase, keyring: Keyring) {
  return {
    listUsers: () =>
      database.read('accounts_unavailable', async (db): Promise<readonly ConsoleUser[]> => {
        const rows = await db.selectFrom('console_user').selectAll().orderBy('name_key').execute();
        const counted = await db
          .selectFrom('console_passkey')
          .select((eb) => ['user_id', eb.fn.countAll().as('n')])
          .groupBy('user_id')
          .execute();
        const passkeys = new Map(counted.map((one) => [one.user_id, Number(one.n)]));
        return rows.map((row) => toUser(row, passkeys.get(row.id) ?? 0));
      }),
    hasUsers: () =>
      database.read(
        'accounts_unavailable',
        async (db) =>
          (await db.selectFrom('console_user').select('id').limit(1).executeTakeFirst()) !== undefined,
      ),
    findUser: (by: UserKey) =>
      database.read('accounts_unavailable', async (db): Promise<StoredUser | null> => {
        const row = await userRow(db, by);
        if (row === undefined) return null;
        const user = toUser(row, await passkeysOf(db, row.id));
        return { user, password: row.password, totpSecret: totpSecretOf(row, keyring) };
      }),
    takeTotpStep: (userId: string, step: number) =>
      database.write('accounts_unavailable', async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('console_user')
          .set({ totp_step: step })
          .where('id', '=', userId)
          .where((eb) => eb.or([eb('totp_step', 'is', null), eb('totp_step', '<', step)]))
          .executeTakeFirst();
        return Number(numUpdatedRows) > 0;
      }),
  };
}

function userRow(db: Kysely<Tables>, by: UserKey): Promise<ConsoleUserTable | undefined> {
  let query = db.selectFrom('console_user').selectAll();
  if ('id' in by) query = query.where('id', '=', by.id);
  else if ('name' in by) query = query.where('name_key', '=', nameKey(by.name));
  else query = query.where('issuer', '=', by.identity.issuer).where('subject', '=', by.identity.subject);
  return query.executeTakeFirst();
}

function totpSecretOf(row: ConsoleUserTable, keyring: Keyring): string | null {
  if (row.totp_sealed === null || row.totp_key_id === null) return null;
  const { appid, secretId } = whose(row.id);
  const sealed = { secret_id: secretId, appid, key_id: row.totp_key_id, sealed: row.totp_sealed };
  return openSecret(sealed, keyring);
}

/** Encrypts the TOTP secrets under a new master key. */
export async function reencryptTotp(db: Db, keyring: Keyring, key: MasterKey): Promise<void> {
  const rows = await db
    .selectFrom('console_user')
    .selectAll()
    .where('totp_key_id', 'is not', null)
    .where('totp_key_id', '!=', key.id)
    .execute();
  for (const row of rows) {
    const secret = totpSecretOf(row, keyring);
    if (secret === null) continue;
    await db
      .updateTable('console_user')
      .set({ totp_sealed: seal(secret, key, whose(row.id)), totp_key_id: key.id })
      .where('id', '=', row.id)
      .execute();
  }
}

/** Changes users. */
export function createUserAdmin(
  database: StoreDatabase,
  keyring: Keyring,
  note: NoteChange,
): Pick<ConsoleAdmin, 'addUser' | 'changeUser' | 'removeUser'> {
  return {
    addUser: (user, onlyFirst = false) =>
      changeAccounts(database, async (db) => {
        if (onlyFirst) await needNone(db);
        if (user.identity !== undefined && (await userRow(db, { identity: user.identity })) !== undefined)
          throw new UsageError('user_exists', 'that account of the provider has a user already');
        await needFree(db, user.name, null);
        const row = newRow(user);
        await db.insertInto('console_user').values(row).execute();
        const after = toUser(row, 0);
        await note(db, { action: 'user.create', target: user.id, before: null, after });
        return after;
      }),
    changeUser: (id, change, keepSession = null) =>
      changeAccounts(database, async (db) => {
        const before = await needUser(db, id);
        if (change.password != null || change.totpSecret != null) needOwnSignIn(before);
        if (change.name !== undefined) await needFree(db, change.name, id);
        if ((change.role ?? 'administrator') !== 'administrator' || change.enabled === false)
          await needOther(db, before);
        const passkeys = await passkeysOf(db, id);
        const columns = await changed(db, keyring, id, change);
        if (Object.keys(columns).length > 0)
          await db.updateTable('console_user').set(columns).where('id', '=', id).execute();
        if (change.dropPasskeys === true)
          await db.deleteFrom('console_passkey').where('user_id', '=', id).execute();
        if (endsSessions(change)) await dropSessions(db, id, keepSession);
        const after = toUser(await needUser(db, id), await passkeysOf(db, id));
        await note(db, {
          action: actionOf(change),
          target: id,
          before: toUser(before, passkeys),
          after,
        });
        if (change.keepAdminKeys !== true && losesKeys(before, change)) await dropKeysOf(db, note, id);
        return after;
      }),
    removeUser: (id, keepAdminKeys = false) =>
      changeAccounts(database, async (db) => {
        const row = await needUser(db, id);
        await needOther(db, row);
        const before = toUser(row, await passkeysOf(db, id));
        for (const table of ['console_session', 'console_ticket', 'console_passkey'] as const)
          await db.deleteFrom(table).where('user_id', '=', id).execute();
        await db.deleteFrom('console_user').where('id', '=', id).execute();
        await note(db, { action: 'user.remove', target: id, before, after: null });
        if (!keepAdminKeys) await dropKeysOf(db, note, id);
      }),
  };
}

function newRow(user: NewUser): ConsoleUserTable {
  return {
    id: user.id,
    name: user.name.trim(),
    name_key: nameKey(user.name),
    role: user.role,
    enabled: 1,
    password: user.password,
    totp_sealed: null,
    totp_key_id: null,
    totp_step: null,
    created_at: Date.now(),
    last_sign_in_at: null,
    issuer: user.identity?.issuer ?? null,
    subject: user.identity?.subject ?? null,
  };
}

async function changed(
  db: Db,
  keyring: Keyring,
  id: string,
  { name, role, enabled, password, totpSecret }: UserChange,
): Promise<Partial<ConsoleUserTable>> {
  const totp = async () => {
    if (totpSecret == null) return { totp_sealed: null, totp_key_id: null, totp_step: null };
    const key = await encryptingKey(db, keyring);
    return { totp_sealed: seal(totpSecret, key, whose(id)), totp_key_id: key.id, totp_step: null };
  };
  return {
    ...(name === undefined ? {} : { name: name.trim(), name_key: nameKey(name) }),
    ...(role === undefined ? {} : { role }),
    ...(enabled === undefined ? {} : { enabled: enabled ? 1 : 0 }),
    ...(password === undefined ? {} : { password }),
    ...(totpSecret === undefined ? {} : await totp()),
  };
}

/** What the log of changes calls it: a password or a secret stands in no entry, so the name must tell. */
function actionOf({ password, totpSecret, dropPasskeys, role, enabled, name }: UserChange): AdminAction {
  const isAccount = role !== undefined || enabled !== undefined || name !== undefined;
  if (dropPasskeys === true && password === undefined) return 'user.second_factor_off';
  if (dropPasskeys === true || (password === null && !isAccount)) return 'user.reset';
  if (password !== undefined && !isAccount) return 'user.password';
  if (totpSecret !== undefined && !isAccount) return totpSecret === null ? 'user.totp_off' : 'user.totp_on';
  return 'user.change';
}

/** Changes after which whoever was signed in has to sign in again. */
function endsSessions({ role, enabled, password, totpSecret, dropPasskeys }: UserChange): boolean {
  return (
    role !== undefined ||
    enabled === false ||
    password !== undefined ||
    totpSecret !== undefined ||
    dropPasskeys === true
  );
}

/** Changes after which a user may no longer make admin keys, nor have those that the user made. */
function losesKeys(before: ConsoleUserTable, { role, enabled }: UserChange): boolean {
  const isDemoted = role !== undefined && role !== 'administrator' && before.role === 'administrator';
  return isDemoted || enabled === false;
}

/** Ends the sessions of a user but one; how many. */
export async function dropSessions(db: Db, userId: string, except: string | null): Promise<number> {
  let query = db.deleteFrom('console_session').where('user_id', '=', userId);
  if (except !== null) query = query.where('id', '!=', except);
  const { numDeletedRows } = await query.executeTakeFirst();
  return Number(numDeletedRows);
}

/** @throws {UsageError} `user_unknown` */
export async function needUser(db: Kysely<Tables>, id: string): Promise<ConsoleUserTable> {
  const row = await db.selectFrom('console_user').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined)
    throw new UsageError(
      'user_unknown',
      'there is no such user: "livestill user list" shows those that exist',
    );
  return row;
}

/**
 * Whoever a provider signs in has no second way in: it would go on when the provider no longer knows them.
 * @throws {UsageError} `user_of_provider`
 */
export function needOwnSignIn({ name, issuer }: ConsoleUserTable): void {
  if (issuer !== null)
    throw new UsageError(
      'user_of_provider',
      `${name} signs in at ${issuer}: passwords, codes and passkeys are managed there`,
    );
}

async function needFree(db: Db, name: string, id: string | null): Promise<void> {
  const row = await db
    .selectFrom('console_user')
    .select('id')
    .where('name_key', '=', nameKey(name))
    .executeTakeFirst();
  if (row !== undefined && row.id !== id)
    throw new UsageError('user_exists', `there is a user ${JSON.stringify(name.trim())} already`);
}

async function needNone(db: Db): Promise<void> {
  const row = await db.selectFrom('console_user').select('id').limit(1).executeTakeFirst();
  if (row !== undefined)
    throw new UsageError('setup_done', 'there is a user already: an administrator adds others');
}

/** Somebody must be left who can administer. */
async function needOther(db: Db, row: ConsoleUserTable): Promise<void> {
  if (row.role !== 'administrator' || row.enabled === 0) return;
  const other = await db
    .selectFrom('console_user')
    .select('id')
    .where('role', '=', 'administrator')
    .where('enabled', '=', 1)
    .where('id', '!=', row.id)
    .limit(1)
    .executeTakeFirst();
  if (other === undefined)
    throw new UsageError(
      'last_administrator',
      `${row.name} is the only administrator: make another user one first`,
    );
}
