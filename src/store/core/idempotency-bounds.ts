import type { IdempotencyBounds } from '../../account/api-key/idempotency.ts';

/**
 * What an answer costs beside its texts, in bytes: token, fingerprint, numbers, the row itself and its places
 * in the indexes (measured with 100,000 rows: 330 bytes a row).
 */
export const ROW_OVERHEAD = 330;

/** Under this appid the sum over all apps stands in `idempotency_share`; an appid is digits. */
export const EVERY_APP = '';

/**
 * What is kept at most where nothing else is said: 2 GB of kept answers are more than a day of 20 requests a
 * second.
 */
export const DEFAULT_BOUNDS: IdempotencyBounds = {
  rowsPerApp: 200_000,
  bytesPerApp: 256 * 1024 * 1024,
  rows: 1_000_000,
  bytes: 1024 * 1024 * 1024,
};
