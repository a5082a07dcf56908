import { group, integer, maybeInteger, oneOf } from './kinds.ts';

/** What is kept of requests, and the log. */
export const RECORD_SETTINGS = {
  ledger: group('The record of every judged request.', {
    retentionDays: maybeInteger(1, 36_500, {
      default: null,
      unit: 'days',
      description: 'Rows older than this are deleted; null: kept until `livestill ledger prune`.',
    }),
    sync: oneOf(['full', 'normal'], {
      default: 'full',
      description:
        '`full`: a row survives a power cut before its reply leaves. `normal`: only the end of the process.',
    }),
  }),
  backup: group('Backups of the data folder: docs/run/backup.md.', {
    beforeMigration: integer(0, 100, {
      default: 3,
      description:
        'How many backups are kept in the folder `backups` of the data folder of those that are made before a new version changes its ' +
        'tables; they go with the records when `ledger.retentionDays` is over. 0: none is made.',
    }),
  }),
  idempotency: group(
    'The memory of requests with an `Idempotency-Key`. An app beyond its share loses its own oldest answers before 24 hours are over; where all ' +
      'together are too many, the app that has most does. No other app loses any.',
    {
      maxRowsPerApp: integer(1, 100_000_000, {
        default: 200_000,
        description: 'Answers and requests in progress kept for one app.',
      }),
      maxMbPerApp: integer(1, 1_000_000, {
        default: 256,
        unit: 'MB',
        description: 'What they may take in the database.',
      }),
      maxRows: integer(1, 1_000_000_000, {
        default: 1_000_000,
        description: 'Kept for all apps together.',
      }),
      maxMb: integer(1, 10_000_000, {
        default: 1024,
        unit: 'MB',
        description: 'What all together may take in the database.',
      }),
    },
  ),
  logLevel: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'From which severity on the log is written.',
  }),
  logFormat: oneOf(['auto', 'json', 'human'], {
    default: 'auto',
    description:
      'How the log is written: one JSON object a line, or short lines for people; `auto` is `human` on a terminal and `json` elsewhere.',
  }),
};
