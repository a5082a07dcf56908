import type { Kysely } from 'kysely';
import type { OwnPoints, OwnPointsAdmin, OwnPointsStore } from '../../console/own-points.ts';
import type { NoteChange } from './admin-log.ts';
import { changeAccounts, type StoreDatabase } from './database.ts';
import { getMeta, putMeta } from './meta.ts';
import type { Tables } from './tables.ts';

/** Under this key in `meta` stand the operating points of this installation. */
const OWN_POINTS_KEY = 'operating_points';

interface Kept {
  readonly text: string;
  readonly at: number;
  readonly by: string;
  readonly summary: Readonly<Record<string, unknown>>;
}

/** Reads the operating points of this installation. */
export function createOwnPointsReads(database: StoreDatabase): OwnPointsStore {
  return {
    findOwnPoints: () =>
      database.read('accounts_unavailable', async (db): Promise<OwnPoints | null> => {
        const kept = await find(db);
        return kept === null ? null : { text: kept.text, at: new Date(kept.at), by: kept.by };
      }),
  };
}

/** Changes the operating points of this installation. */
export function createOwnPointsAdmin(database: StoreDatabase, note: NoteChange): OwnPointsAdmin {
  return {
    setOwnPoints: (points) =>
      changeAccounts(database, async (db) => {
        const before = await find(db);
        if (points === null) await db.deleteFrom('meta').where('key', '=', OWN_POINTS_KEY).execute();
        else await putMeta(db, OWN_POINTS_KEY, JSON.stringify({ ...points, at: Date.now() } satisfies Kept));
        await note(db, {
          action: points === null ? 'operating_points.remove' : 'operating_points.set',
          target: '',
          before: before?.summary ?? null,
          after: points?.summary ?? null,
        });
      }),
  };
}

async function find(db: Kysely<Tables>): Promise<Kept | null> {
  const text = await getMeta(db, OWN_POINTS_KEY);
  return text === undefined ? null : (JSON.parse(text) as Kept);
}
