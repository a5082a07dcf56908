import { group, integer, maybeInteger, maybeText } from './kinds.ts';

/** Batches that several machines work on (`livestill worker`). */
export const BATCH_SETTINGS = {
  batch: group('Batches that several machines work on; they need PostgreSQL as the store.', {
    picturesDir: maybeText({
      default: null,
      isPath: true,
      description:
        'The folder that the paths of batches are read below, on every worker: a shared one. null: batches have urls alone.',
    }),
    leaseMs: integer(1000, 3_600_000, {
      default: 30_000,
      unit: 'ms',
      description:
        'For how long a chunk stays with a worker that gives no sign of life; then another one takes what is left of it.',
    }),
    adminPort: maybeInteger(0, 65535, {
      default: null,
      description:
        'Admin port of `livestill worker` (`/healthz`, `/readyz`, `/metrics`; no console), at the address `adminHost`. 0 takes a free one. null: it opens no port.',
    }),
    retentionDays: maybeInteger(1, 36_500, {
      default: 30,
      description:
        'Batches that are done or cancelled go after this many days, with their lists and results; the ledger keeps its rows. null: they stay.',
    }),
    webhookSecret: maybeText({
      default: null,
      isSecret: true,
      environmentOnly: true,
      description:
        'A key of its own for the webhooks of batches, the same for all apps (HMAC-SHA256). null: they are signed as those of sessions, with the secret that the app has by `webhook.secret`; without that one too, batches take no webhook.',
    }),
  }),
};
