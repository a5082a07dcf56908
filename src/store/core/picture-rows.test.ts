import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StillRecord } from '../../ledger/types.ts';
import type { Store } from '../open.ts';
import { AFTER_LEDGER_STILL } from '../sqlite/test-support/older-tables.ts';
import {
  inSql,
  ownChain,
  someExplanation,
  someRow,
  tamper,
  temporaryFolder,
  temporaryStore,
} from '../test-support/temp-store.ts';

const hash = (letter: string): string => letter.repeat(64);

const someStill = (letter: string): StillRecord => ({
  sha256: hash(letter),
  bytes: 10,
  source: 'bytes',
  verdict: 'live',
  rawScore: 93,
});

/** Each row's request id, with the letters of its stills; one letter: a picture alone. */
const ROWS: Readonly<Record<string, string>> = { alone: 'a', two: 'ab', same: 'cac', other: 'bd', last: 'e' };

async function filled(dataDir?: string): Promise<Store> {
  const store = await temporaryStore(dataDir === undefined ? {} : { dataDir });
  for (const [at, [requestId, letters]] of Object.entries(ROWS).entries()) {
    const stills = [...letters].map(someStill);
    await store.ledger.append(
      someRow({
        requestId,
        at: new Date(Date.UTC(2026, 10, 1, 0, at)),
        // The hash over all of them: no picture's own.
        pictureSha256: stills.length === 1 ? hash(letters) : hash(String(at)),
        explanation: someExplanation(stills.length === 1 ? {} : { stills }),
      }),
    );
  }
  return store;
}

async function found({ ledger }: Store, pictureSha256: string): Promise<string[]> {
  const names: string[] = [];
  for await (const row of ledger.read({ pictureSha256 })) names.push(row.requestId);
  const latest = await ledger.latest({ pictureSha256 }, 10);
  expect(latest.map(({ requestId }) => requestId).reverse()).toEqual(names);
  expect(await ledger.count({ pictureSha256 })).toBe(names.length);
  const searched = await ledger.search({ pictureSha256 }, null, 10);
  expect(searched.rows.map(({ requestId }) => requestId).reverse()).toEqual(names);
  return names;
}

describe('the SHA-256 of a picture', () => {
  it('finds the rows on it alone, and those of which it is a still, each once', async () => {
    const store = await filled();
    expect(await found(store, hash('a'))).toEqual(['alone', 'two', 'same']);
    expect(await found(store, hash('b'))).toEqual(['two', 'other']);
    expect(await found(store, hash('c'))).toEqual(['same']);
    expect(await found(store, hash('e'))).toEqual(['last']);
    // By that over all stills, as before.
    expect(await found(store, hash('3'))).toEqual(['other']);
    for (const none of [hash('f'), '', '%', '"', 'a']) expect(await found(store, none)).toEqual([]);
  });

  it('is narrowed by the rest of a search, and found a page at a time', async () => {
    const store = await filled();
    const pictureSha256 = hash('a');
    const page = async (filter: object, before: { at: Date; id: number } | null = null) => {
      const { rows, next } = await store.ledger.search({ pictureSha256, ...filter }, before, 2);
      return { names: rows.map(({ requestId }) => requestId), next };
    };
    const first = await page({});
    expect(first.names).toEqual(['same', 'two']);
    expect((await page({}, first.next)).names).toEqual(['alone']);
    expect((await page({ verdict: 'attack' })).names).toEqual([]);
    expect((await page({ requestId: 'two', verdict: 'live' })).names).toEqual(['two']);
    expect((await page({ appid: '1000002' })).names).toEqual([]);
    expect((await page({ until: new Date(Date.UTC(2026, 10, 1, 0, 1)) })).names).toEqual(['alone']);
  });

  it('erases the rows of which it is a still, with what they are found by, and no others', async () => {
    const dataDir = await temporaryFolder();
    const store = await filled(dataDir);
    const erased = await store.chains.erase({ pictureSha256: hash('c') });
    expect(erased.tombstones).toHaveLength(1);
    expect(await store.ledger.count({})).toBe(4);
    expect((await store.chains.erase({ pictureSha256: hash('b') })).tombstones).toHaveLength(2);
    expect(await found(store, hash('a'))).toEqual(['alone']);
    expect(await found(store, hash('d'))).toEqual([]);
    expect(await store.chains.verify(ownChain())).toMatchObject({ verified: 2, erased: 3, fault: null });
    await store.close();
    for (const file of inSql({ sqlite: 'livestill.sqlite livestill.sqlite-wal', postgres: '' }).split(' ')) {
      for (const gone of ['b', 'c', 'd']) {
        const content = contentOf(join(dataDir, file));
        expect(content).not.toContain(hash(gone));
        expect(content).not.toContain(Buffer.from(hash(gone), 'hex').toString('latin1'));
      }
    }
  });

  it('finds rows no more that retention took', async () => {
    const store = await filled();
    expect(await store.ledger.prune(new Date(Date.UTC(2026, 10, 1, 0, 3)))).toBe(3);
    expect(await found(store, hash('a'))).toEqual([]);
    expect(await found(store, hash('b'))).toEqual(['other']);
  });

  it('finds rows of a version that did not know where each still was', async () => {
    const dataDir = await temporaryFolder();
    await (await filled(dataDir)).close();
    await tamper(
      dataDir,
      inSql({
        // Its steps are in one order: those behind go too.
        sqlite: [
          'drop trigger ledger_still_added',
          ...AFTER_LEDGER_STILL,
          "delete from kysely_migration where name >= '0021'",
        ].join(';'),
        postgres: `drop trigger ledger_still_added on ledger; drop function livestill_ledger_still;
          delete from kysely_migration where name like '%-ledger-still'`,
      }),
      'drop table ledger_still',
    );
    const store = await temporaryStore({ dataDir });
    expect(await found(store, hash('a'))).toEqual(['alone', 'two', 'same']);
    expect(await found(store, hash('b'))).toEqual(['two', 'other']);
  });
});

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
