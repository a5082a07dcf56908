import { facade } from './core/facade.ts';
import type { Store, StoreOptions } from './core/types.ts';
import { openBackend as openPostgres } from './postgres/open.ts';
import { openBackend } from './sqlite/open.ts';
import { openRemoteBackend } from './sqlite/thread/remote.ts';

export type { PostgresSettings } from './core/postgres-settings.ts';
export type { Store, StoreOptions } from './core/types.ts';
export { postgresSettings, shownAddress } from './postgres/settings.ts';

/** After how long a call of the store's thread is given up, in ms. */
const ANSWER_WITHIN_MS = 5000;

/**
 * Open the store: the accounts, the memory of single-use signatures, the daily counts and the ledger, in the
 * file of the data folder or in a PostgreSQL database.
 *
 * @throws {UsageError} `data_missing` when `create` is false and there is no data folder
 * @throws {Fault} `accounts_unavailable` when it cannot be used: `master_key_missing`, `master_key_wrong`,
 * `master_key_exposed`, `master_key_malformed`, `store_locked`, `store_corrupt`, `store_newer`, …; the
 * message says what to do
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const {
    dataDir,
    create,
    masterKey,
    auditKey,
    actor,
    sync,
    lockWaitMs,
    idempotency,
    migrationBackups,
    node,
  } = options;
  const plain = Object.fromEntries(
    Object.entries({
      create,
      masterKey,
      auditKey,
      actor,
      sync,
      lockWaitMs,
      idempotency,
      migrationBackups,
      node,
    }).filter(([, value]) => value !== undefined),
  );
  const onTrouble = options.onTrouble ?? (() => {});
  const backendOptions = { dataDir, ...plain };
  const { postgres } = options;
  if (postgres !== undefined) {
    const events = { onTrouble, onMigrated: options.onMigrated };
    const { backend, rates, batches } = await openPostgres({ ...backendOptions, postgres }, events);
    return facade(backend, onTrouble, { rates, batches });
  }
  const backend =
    options.thread === false
      ? await openBackend(backendOptions, { onTrouble, onMigrated: options.onMigrated })
      : await openRemoteBackend({
          backend: backendOptions,
          answerWithinMs: options.answerWithinMs ?? ANSWER_WITHIN_MS,
          onTrouble,
          onMigrated: options.onMigrated,
        });
  return facade(backend, onTrouble);
}
