import { type Kysely, sql } from 'kysely';
import { run, type Step } from './step.ts';

/**
 * The trace that a batch or a session was asked for in: chunks and webhooks go on with it, on whichever node
 * they are worked on.
 */
export const TRACEPARENT: Step = {
  kind: 'expand',
  async up(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`alter table batch add column traceparent text`,
      sql`alter table webhook add column traceparent text`,
    ]);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    await run(db, [
      sql`alter table webhook drop column traceparent`,
      sql`alter table batch drop column traceparent`,
    ]);
  },
};
