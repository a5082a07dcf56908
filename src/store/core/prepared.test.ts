import { join } from 'node:path';
import fc from 'fast-check';
import { Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openConnection } from '../sqlite/connection.ts';
import { LibsqlDialect } from '../sqlite/dialect.ts';
import { temporaryFolder } from '../test-support/temp-store.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

async function database(): Promise<Kysely<Tables>> {
  const connection = openConnection(join(await temporaryFolder(), 'prepared.sqlite'), 100);
  const db = new Kysely<Tables>({ dialect: new LibsqlDialect(connection, { lockWaitMs: 0 }) });
  await db.schema
    .createTable('meta')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text')
    .execute();
  return db;
}

describe('a statement built once', () => {
  it('is run with the values of each call, wherever they stand, and gives the rows of that call', async () => {
    let built = 0;
    const add = prepared<{ readonly name: string; readonly value: string }>((db, { name, value }) => {
      built++;
      return db
        .insertInto('meta')
        .values({ value, key: name })
        .onConflict((on) => on.column('key').doUpdateSet({ value }));
    });
    const find = prepared<{ readonly name: string }, { value: string }>((db, { name }) =>
      db.selectFrom('meta').select('value').where('key', '=', name).where('value', '!=', 'never'),
    );
    const db = await database();
    const known = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[a-z']{0,3}$/),
        fc.stringMatching(/^[ -~]{0,20}$/),
        async (name, value) => {
          fc.pre(value !== 'never');
          await add(db, { name, value });
          known.set(name, value);
          for (const [asked, kept] of known)
            expect(await find(db, { name: asked })).toEqual([{ value: kept }]);
        },
      ),
      { numRuns: 30 },
    );
    expect(await find(db, { name: 'nobody' })).toEqual([]);
    expect(built).toBe(1);
    await db.destroy();
  });
});
