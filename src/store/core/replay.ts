import { sql } from 'kysely';
import type { ReplayStore } from '../../account/types.ts';
import type { StoreDatabase } from './database.ts';
import { getMeta, putMeta } from './meta.ts';

/**
 * A used signature is kept this long after its end, in ms: a clock that was set back for a while does not
 * revive it.
 */
const GRACE = 3_600_000;
/** How often forgotten signatures are looked for, in ms, and how many go at once. */
const SWEEP_EVERY = 60_000;
const SWEEP_SIZE = 1000;
/** After so many new ones they are looked for as well: more go than come, however many come. */
const sweepAfter = SWEEP_SIZE / 2;

/** Whether signatures may have been used before another memory takes over. */
export interface SignatureMemory {
  /** Whether one that still counts stands here, or another memory has begun before (`noteElsewhere`). */
  hasSignatures(): Promise<boolean>;
  /** Notes that used signatures are remembered elsewhere from now on. */
  noteElsewhere(): Promise<void>;
}

/** Under this key in `meta` stands since when used signatures are remembered elsewhere. */
const ELSEWHERE_KEY = 'signatures_elsewhere';

/** The durable memory of single-use signatures; ended ones are dropped along the way. */
export function createReplay(database: StoreDatabase): ReplayStore & SignatureMemory {
  let sweptAt = 0;
  let added = 0;
  return {
    hasSignatures: () =>
      database.read('state_unavailable', async (db) => {
        if ((await getMeta(db, ELSEWHERE_KEY)) !== undefined) return true;
        const used = db
          .selectFrom('used_signature')
          .select('digest')
          .where('until', '>', Date.now() - GRACE);
        return (await used.limit(1).executeTakeFirst()) !== undefined;
      }),
    noteElsewhere: () =>
      database.write('state_unavailable', (db) => putMeta(db, ELSEWHERE_KEY, new Date().toISOString())),
    isUsed: (digest) =>
      database.read('state_unavailable', async (db) => {
        const found = db.selectFrom('used_signature').select('digest').where('digest', '=', digest);
        return (await found.executeTakeFirst()) !== undefined;
      }),
    async remember(digest, until) {
      const now = Date.now();
      added += 1;
      const sweep = now - sweptAt > SWEEP_EVERY || added >= sweepAfter;
      if (sweep) {
        sweptAt = now;
        added = 0;
      }
      // Old is what this machine's clock and the caller's both call old: no single clock that runs ahead
      // makes it forget.
      const old = Math.min(now, until.getTime()) - GRACE;
      return database.write('state_unavailable', async (db) => {
        if (sweep) {
          await sql`delete from used_signature where digest in
            (select digest from used_signature where until < ${old} order by until limit ${SWEEP_SIZE})`.execute(
            db,
          );
        }
        const { numInsertedOrUpdatedRows } = await db
          .insertInto('used_signature')
          .values({ digest, until: until.getTime() })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        return (numInsertedOrUpdatedRows ?? 0n) > 0n;
      });
    },
  };
}
