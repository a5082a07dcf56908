import { sql, type Transaction } from 'kysely';
import { nextRecordClock } from '../../ledger/record-clock.ts';
import type { Upkeep } from '../../ledger/types.ts';
import { dropConsoleEnded } from './console/sessions.ts';
import type { StoreDatabase } from './database.ts';
import { dropEnded } from './idempotency.ts';
import { putMeta, storedClock } from './meta.ts';
import { dropScores } from './scores.ts';
import { dropSessions } from './sessions.ts';
import type { Tables } from './tables.ts';
import { DAYS_KEPT, daysBefore, dropCounts } from './usage.ts';
import { dropWebhooks } from './webhooks.ts';

/** The store's part of letting go; `sweepSome` is repeated until nothing more goes. */
export interface UpkeepCalls extends Omit<Upkeep, 'sweep'> {
  /** Deletes at most about `limit` rows of each kind; how many went. */
  sweepSome(now: number, limit: number): Promise<number>;
  /** Deletes at most `limit` answers that were made before `before`; how many went. */
  forgetAnswers(before: Date, limit: number): Promise<number>;
}

/**
 * How every table with times in it lets go of them, or why it does not. A test compares this with the tables
 * there are.
 */
export const lettingGo: Readonly<
  Record<
    string,
    'by age' | 'by its own end' | 'kept: an account' | 'kept: the record' | 'kept: the store itself'
  >
> = {
  ledger: 'by age',
  review_mark: 'by age',
  idempotency: 'by its own end',
  used_signature: 'by its own end',
  usage_day: 'by its own end',
  score_day: 'by its own end',
  session: 'by its own end',
  webhook: 'by its own end',
  app: 'kept: an account',
  secret: 'kept: an account',
  api_key: 'kept: an account',
  console_user: 'kept: an account',
  console_passkey: 'kept: an account',
  admin_key: 'kept: an account',
  console_session: 'by its own end',
  console_ticket: 'by its own end',
  console_failure: 'by its own end',
  policy_version: 'kept: the record',
  admin_log: 'kept: the record',
  chain_checkpoint: 'kept: the record',
  chain_tombstone: 'kept: the record',
  audit_key: 'kept: the record',
  kysely_migration: 'kept: the store itself',
};

/**
 * A used signature stays for so long after its end, in ms: more than the record time goes in one look, so
 * that a clock that jumped and was set right soon after does not make a signature usable once more.
 */
const SIGNATURE_GRACE = 3 * 86_400_000;
/**
 * An answer is kept for a day: one that claims to end later than this from now was made by a clock that was
 * ahead, in ms.
 */
const LONGEST_AHEAD = 25 * 3_600_000;
const KEPT_FOR = 24 * 3_600_000;
/** Of several that let go at the same time, one after the other does. */
const SWEEP_LOCK = 'sweep';

/**
 * Letting go of what is over.
 * @param clock where the record clock stands in `meta`
 */
export function createUpkeep(database: StoreDatabase, clock: string): UpkeepCalls {
  return {
    lookAtClock: (now, elapsedMs) =>
      database.write('state_unavailable', async (db) => {
        const before = await storedClock(db, clock);
        const newest = await db
          .selectFrom('ledger')
          .select((eb) => eb.fn.max('at').as('at'))
          .executeTakeFirst();
        const looked = nextRecordClock(before, now, elapsedMs, newest?.at ?? null);
        await putMeta(db, clock, JSON.stringify(looked.clock));
        return looked;
      }),
    lastClock: () => database.read('state_unavailable', (db) => storedClock(db, clock)),
    sweepSome: (now, limit) =>
      database.write(
        'state_unavailable',
        async (db) => {
          const ended = await dropEnded(db, now, limit);
          await shortenFuture(db, now, limit);
          const signatures = await sql`delete from used_signature where digest in
          (select digest from used_signature where until < ${now - SIGNATURE_GRACE} order by until limit ${limit})`.execute(
            db,
          );
          const today = new Date(now).toISOString().slice(0, 10);
          const counts = await dropCounts(db, daysBefore(today, DAYS_KEPT));
          const console = await dropConsoleEnded(db, now, limit);
          const over = (await dropSessions(db, now, limit)) + (await dropWebhooks(db, now, limit));
          const scores = await dropScores(db, now, limit);
          return ended + Number(signatures.numAffectedRows ?? 0) + counts + console + over + scores;
        },
        SWEEP_LOCK,
      ),
    forgetAnswers: (before, limit) =>
      database.write(
        'state_unavailable',
        async (db) => {
          // The end of an answer has an index, and is a day after it was made.
          const { numAffectedRows } =
            await sql`delete from idempotency where (appid, key) in (select appid, key from idempotency
          where until < ${before.getTime() + KEPT_FOR} and at < ${before.getTime()} and http is not null
          limit ${limit})`.execute(db);
          return Number(numAffectedRows ?? 0);
        },
        SWEEP_LOCK,
      ),
  };
}

/**
 * What was made by a clock that was ahead would be kept until that time comes: it is kept for a day from now.
 */
async function shortenFuture(db: Transaction<Tables>, now: number, limit: number): Promise<void> {
  await sql`update idempotency set until = ${now + KEPT_FOR},
    at = case when at > ${now} then ${now} else at end where (appid, key) in
    (select appid, key from idempotency where until > ${now + LONGEST_AHEAD} order by until desc limit ${limit})`.execute(
    db,
  );
}
