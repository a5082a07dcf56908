import type { Logger } from 'pino';
import type { IdempotencyBounds } from '../../account/api-key/idempotency.ts';
import { type Config, configForRecord } from '../../config/load.ts';
import { type Retention, startRetention } from '../../ledger/retention.ts';
import { openStore, redisSettings, type Store } from '../../store/open.ts';
import { storeOptionsOf } from '../shared/open-store.ts';
import { version } from '../shared/version.ts';

/** Opens the store as the configuration says; its troubles stand in the log. */
export function openStoreOf(config: Config, log: Logger): Promise<Store> {
  return openStore({
    ...storeOptionsOf(config),
    redis: redisSettings(config.redis, config.signature),
    idempotency: idempotencyBounds(config),
    onMigrated: (migrated) =>
      log.warn({ event: 'migrated', ...migrated }, 'the tables of an older version were brought up to date'),
    onTrouble: (err) => log.error({ event: 'store_trouble', err }, 'trouble with the store'),
  });
}

function idempotencyBounds({ idempotency }: Config): IdempotencyBounds {
  const { maxRowsPerApp, maxMbPerApp, maxRows, maxMb } = idempotency;
  const bytes = (mb: number) => mb * 1024 * 1024;
  return { rowsPerApp: maxRowsPerApp, bytesPerApp: bytes(maxMbPerApp), rows: maxRows, bytes: bytes(maxMb) };
}

/**
 * The log of changes has the settings of each start beside those of the start before, so that a change of
 * them stands out.
 */
export async function noteStart({ chains }: Store, config: Config): Promise<void> {
  const action = 'service.start';
  const [last] = await chains.adminLog(1, { action });
  const after = { version, config: configForRecord(config) };
  await chains.note({ action, target: '', before: last?.after ?? null, after });
}

/** Lets go of batches that are over for so many days; how many rows went. */
async function purgeBatches({ batches }: Store, days: number | null, time: number): Promise<number> {
  if (batches === null || days === null) return 0;
  const before = new Date(time - days * 86_400_000);
  for (let gone = 0; ; ) {
    const some = await batches.purge(before);
    gone += some;
    if (some === 0) return gone;
  }
}

/** Deletes old records as the configuration says; what it finds and does stands in the log. */
export function startRetentionOf(config: Config, log: Logger, store: Store): Retention {
  const days = config.ledger.retentionDays;
  return startRetention({
    ledger: store.ledger,
    upkeep: store.upkeep,
    sweepMore: (time) => purgeBatches(store, config.batch.retentionDays, time),
    days,
    clock: () => Date.now(),
    evenClock: () => performance.now(),
    onPruned: (rows, others) =>
      log.info({ event: 'ledger_pruned', rows, others, days }, 'old records deleted'),
    onClock: ({ time, wall, jump }, seen) =>
      log[seen === 'jumped' ? 'error' : 'warn'](
        {
          event: seen === 'jumped' ? 'clock_jump' : 'clock_behind',
          recordTime: new Date(time),
          clock: new Date(wall),
          jump,
        },
        seen === 'jumped'
          ? 'the clock jumped, or the service did not run for long: nothing is deleted in this round; check the clock'
          : 'the clock had jumped ahead: old records are deleted by a record time that comes after it by a day an hour',
      ),
    onTrouble: (err) => log.error({ event: 'ledger_prune_failed', err }, 'old records not deleted'),
  });
}
