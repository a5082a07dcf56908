import { join } from 'node:path';
import { openConnection } from '../connection.ts';

const recordColumns = [
  'kind',
  'requests',
  'api',
  'http',
  'version',
  'profile',
  'threshold',
  'policy_version_id',
  'live_probability',
  'face_count',
  'quality',
  'reference',
  'salt',
  'hash',
];
const recordTables = [
  'policy_version',
  'admin_log',
  'chain_head',
  'chain_checkpoint',
  'chain_tombstone',
  'audit_key',
];

const laterTables = [
  'session',
  'webhook',
  'console_user',
  'console_session',
  'console_ticket',
  'console_failure',
  'console_passkey',
  'admin_key',
  'score_day',
];

/** Undoes what came after the step `0021-ledger-still`. */
export const AFTER_LEDGER_STILL: readonly string[] = [
  'alter table webhook drop column traceparent',
  'alter table admin_key drop column made_by',
  'alter table console_session drop column proven_at',
];

/** Undoes what came with the step `0011-review` and after it. */
export const BEFORE_REVIEW: readonly string[] = [
  'drop trigger ledger_still_added',
  'drop table ledger_still',
  ...['time', 'actor', 'action', 'actor_action', 'target'].map((by) => `drop index admin_log_by_${by}`),
  'drop index ledger_for_review_by_app',
  'drop table review_mark',
  'drop index ledger_for_review',
  ...laterTables.map((name) => `drop table ${name}`),
  'alter table ledger drop column review',
  'alter table app drop column review_low',
  'alter table app drop column review_high',
];

/**
 * Takes the tables of a closed data folder back to what they were before the step `0004-idempotency-shares`.
 */
export function toOlderTables(dataDir: string): void {
  const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  for (const undo of [
    ...BEFORE_REVIEW,
    'drop trigger app_profile_added',
    'drop trigger app_profile_changed',
    'alter table app drop column profile_name',
    'alter table app drop column capture',
    'drop trigger idempotency_added',
    'drop trigger idempotency_changed',
    'drop trigger idempotency_dropped',
    'drop table idempotency_share',
    'drop index idempotency_by_app',
    'alter table idempotency drop column at',
    'alter table idempotency drop column bytes',
    'drop index ledger_by_reference',
    'drop index ledger_by_picture',
    ...recordColumns.map((name) => `alter table ledger drop column ${name}`),
    ...recordTables.map((name) => `drop table ${name}`),
    "delete from kysely_migration where name >= '0004'",
  ]) {
    connection.script(undo);
  }
  connection.close();
}
