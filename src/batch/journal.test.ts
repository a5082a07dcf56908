import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { journalRows, openJournal, recover } from './journal.ts';
import { madeRow } from './test-support/made.ts';
import type { BatchRow } from './types.ts';

let folder: string;
let n = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-journal-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const fresh = () => join(folder, `${n++}.ndjson`);

async function written(keys: readonly string[]): Promise<string> {
  const path = fresh();
  const journal = await openJournal(path);
  await Promise.all(keys.map((key) => journal.append(madeRow({ key }))));
  await journal.close();
  return path;
}
async function keysOf(path: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { row } of journalRows(path)) keys.push(row.key);
  return keys;
}

describe('journal', () => {
  it('has every row once append has resolved, many at once or one after the other', async () => {
    const path = fresh();
    const journal = await openJournal(path);
    await journal.append(madeRow({ key: 'first' }));
    expect(await keysOf(path)).toEqual(['first']);
    await Promise.all(Array.from({ length: 300 }, (_, i) => journal.append(madeRow({ key: `k${i}` }))));
    expect((await keysOf(path)).length).toBe(301);
    await journal.close();
    expect(new Set(await keysOf(path)).size).toBe(301);
  });

  it('syncs as often as told to', async () => {
    const path = fresh();
    const journal = await openJournal(path, 0);
    for (const key of ['a', 'b']) await journal.append(madeRow({ key }));
    await journal.close();
    expect(await keysOf(path)).toEqual(['a', 'b']);
  });

  it('goes on behind what is there', async () => {
    const path = await written(['a']);
    const journal = await openJournal(path);
    await journal.append(madeRow({ key: 'b' }));
    await journal.close();
    expect(await keysOf(path)).toEqual(['a', 'b']);
  });

  it('keeps keys with line ends, quotes and letters of any script', async () => {
    const keys = ['a\nb', '"', '人.jpg', 'é/🙂', '\\', '\u2028'];
    expect(await keysOf(await written(keys))).toEqual(keys);
  });

  it('finds nothing where there is no file', async () => {
    expect(await recover(fresh(), () => {})).toEqual({ rows: 0, cut: 0 });
  });

  it('cut off anywhere, loses the torn row alone and is whole again', async () => {
    const keys = ['one', 'two', '三', 'four'];
    const path = await written(keys);
    const whole = await readFile(path);
    const ends = [...whole.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (length) => {
        await writeFile(path, whole);
        await truncate(path, length);
        const found: BatchRow[] = [];
        const { rows, cut } = await recover(path, (row) => found.push(row));
        const kept = ends.filter((end) => end <= length);
        expect(found.map((r) => r.key)).toEqual(keys.slice(0, kept.length));
        expect(rows).toBe(kept.length);
        expect(cut).toBe(length - (kept.at(-1) ?? 0));
        expect((await stat(path)).size).toBe(kept.at(-1) ?? 0);
      }),
      { numRuns: 60 },
    );
  });

  it('cuts at zeros that a power cut left, and at what is no row', async () => {
    for (const garbage of [Buffer.alloc(5000), Buffer.from('{"key":7}\n'), Buffer.from('null\n{}\n')]) {
      const path = await written(['kept']);
      await writeFile(path, garbage, { flag: 'a' });
      expect(await recover(path, () => {})).toEqual({ rows: 1, cut: garbage.length });
      expect(await keysOf(path)).toEqual(['kept']);
    }
  });

  it('reads rows that reach over its buffers', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `${i}${'x'.repeat(60_000)}`);
    expect(await keysOf(await written(keys))).toEqual(keys);
  });

  it('tells every caller of a disk that takes no more', async () => {
    const journal = await openJournal('/dev/full');
    await expect(journal.append(madeRow({ key: 'a' }))).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(journal.append(madeRow({ key: 'b' }))).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(journal.close()).rejects.toMatchObject({ code: 'ENOSPC' });
  });
});
