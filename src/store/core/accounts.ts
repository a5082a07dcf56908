import { randomBytes } from 'node:crypto';
import type { App, AppLimits, AppPolicy, AppState, SecretPair, SecretSummary } from '../../account/types.ts';
import { isAppid, isSecretId } from '../../account/validate.ts';
import { Fault } from '../../faults.ts';
import type { StoreDatabase } from './database.ts';
import type { Keyring } from './keys/keyring.ts';
import { masterKey, seal, unseal } from './keys/seal.ts';
import { prepared } from './prepared.ts';
import type { AppTable, SecretTable } from './tables.ts';

/** Reading accounts. */
export interface AccountReads {
  findApp(appid: string): Promise<App | null>;
  findSecret(secretId: string): Promise<SecretPair | null>;
  findBucketOwner(bucket: string): Promise<string | null>;
}

/** An app out of its row. */
export function toApp(row: AppTable): App {
  const limits: AppLimits = {
    requestsPerSecond: row.requests_per_second,
    burst: row.burst,
    concurrent: row.concurrent,
    daily: row.daily,
  };
  const policy: AppPolicy = {
    threshold: row.threshold,
    profile: row.profile_name as AppPolicy['profile'],
    capture: row.capture as AppPolicy['capture'],
    review:
      row.review_low === null || row.review_high === null
        ? null
        : { low: row.review_low, high: row.review_high },
  };
  return {
    appid: row.appid,
    name: row.name,
    state: row.state as AppState,
    buckets: JSON.parse(row.buckets) as string[],
    limits,
    policy,
    createdAt: new Date(row.created_at),
  };
}

/** What a pair's row says, apart from its key. */
export function toSummary(row: Omit<SecretTable, 'sealed' | 'key_id'>): SecretSummary {
  return {
    secretId: row.secret_id,
    appid: row.appid,
    enabled: row.enabled !== 0,
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
    createdAt: new Date(row.created_at),
    lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at),
  };
}

/**
 * Decrypt a row's SecretKey.
 * @throws {Fault} `accounts_unavailable` (`master_key_missing`, `secret_unreadable`)
 */
export function openSecret(
  row: Pick<SecretTable, 'secret_id' | 'appid' | 'key_id' | 'sealed'>,
  keyring: Keyring,
): string {
  const key = keyring.find(row.key_id);
  if (key === null) {
    throw new Fault(
      'accounts_unavailable',
      'master_key_missing',
      `the SecretKey of ${row.secret_id} is encrypted under the master key ${row.key_id}, which is not at hand`,
    );
  }
  try {
    return unseal(bytesOf(row.sealed), key, { appid: row.appid, secretId: row.secret_id });
  } catch (cause) {
    throw new Fault(
      'accounts_unavailable',
      'secret_unreadable',
      `the stored SecretKey of ${row.secret_id} does not decrypt under its master key: its row was changed or damaged`,
      { cause },
    );
  }
}

function bytesOf(blob: Uint8Array | ArrayBuffer): Uint8Array {
  return blob instanceof Uint8Array ? blob : new Uint8Array(blob);
}

/** A pair that nobody owns, decrypted when a SecretId is unknown, so that both cases cost the same. */
function decoy(): () => void {
  const key = masterKey(randomBytes(32));
  const whose = { appid: '0', secretId: 'nobody' };
  const sealed = seal('nobody nobody nobody nobody nob', key, whose);
  return () => void unseal(sealed, key, whose);
}

const appRow = prepared<{ readonly appid: string }, AppTable>((db, { appid }) =>
  db.selectFrom('app').selectAll().where('appid', '=', appid),
);

const secretRow = prepared<{ readonly secretId: string }, SecretTable>((db, { secretId }) =>
  db.selectFrom('secret').selectAll().where('secret_id', '=', secretId),
);

export function createAccountReads(database: StoreDatabase, keyring: Keyring): AccountReads {
  const decryptDecoy = decoy();
  return {
    async findApp(appid) {
      // A text that cannot be an appid is looked up as another that cannot, at the same cost.
      const asked = isAppid(appid) ? appid : '';
      const [row] = await database.read('accounts_unavailable', (db) => appRow(db, { appid: asked }));
      return row === undefined ? null : toApp(row);
    },
    async findSecret(secretId) {
      const asked = isSecretId(secretId) ? secretId : '';
      const [row] = await database.read('accounts_unavailable', (db) => secretRow(db, { secretId: asked }));
      if (row === undefined) {
        decryptDecoy();
        return null;
      }
      return { ...toSummary(row), secretKey: openSecret(row, keyring) };
    },
    async findBucketOwner(bucket) {
      if (!/^[A-Za-z0-9._-]{1,64}$/.test(bucket)) return null;
      const row = await database.read('accounts_unavailable', (db) =>
        db
          .selectFrom('app_bucket')
          .select('appid')
          .where('bucket', '=', bucket)
          .orderBy('appid')
          .limit(1)
          .executeTakeFirst(),
      );
      return row?.appid ?? null;
    },
  };
}
