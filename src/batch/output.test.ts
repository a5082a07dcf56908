import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeWhole } from '../files/write.ts';
import { parseCsv } from '../report/csv.ts';
import { type BatchSettings, checkSettings, claimOutput } from './claim.ts';
import { exportRows, TABLE_COLUMNS } from './export.ts';
import { openJournal } from './journal.ts';
import { madeRow } from './test-support/made.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-output-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const rows = [
  madeRow({ key: '1:a.jpg', picture: 'a, "b"\nç.jpg', reasons: ['DARK', 'SOFT'], liveProbability: 0.25 }),
  madeRow({ key: '2', verdict: null, score: null, code: -4016, failure: 'corrupt', box: null, quality: {} }),
];

describe('exportRows', () => {
  beforeAll(async () => {
    const journal = await openJournal(at('j.ndjson'));
    for (const row of rows) await journal.append(row);
    await journal.close();
  });
  const expected = rows.map((row) => TABLE_COLUMNS.map((c) => c.value(row)));

  it('writes CSV that reads back', async () => {
    await exportRows(at('j.ndjson'), 'csv', at('t.csv'));
    const records = parseCsv(await readFile(at('t.csv'), 'utf8')).map((record) => record.fields);
    expect(records[0]).toEqual(TABLE_COLUMNS.map((c) => c.name));
    expect(records.slice(1)).toEqual(expected.map((row) => row.map((v) => (v === null ? '' : String(v)))));
  });

  it('writes Parquet that reads back, with its types', async () => {
    await exportRows(at('j.ndjson'), 'parquet', at('t.parquet'));
    const objects = await parquetReadObjects({ file: await asyncBufferFromFile(at('t.parquet')) });
    expect(objects.map((o) => TABLE_COLUMNS.map((c) => o[c.name] ?? null))).toEqual(expected);
    expect(objects[0]).toMatchObject({ score: 95, quality_Sharpness: 100, reasons: 'DARK SOFT' });
  });

  it('leaves nothing half done', async () => {
    await expect(exportRows(at('missing.ndjson'), 'csv', at('never.csv'))).rejects.toThrow();
    const names = await readdir(folder);
    expect(names.filter((name) => name.includes('never') || name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('claimOutput', () => {
  it('keeps a second process away, and is free again afterwards', async () => {
    // Process 1 is there as long as the machine is.
    await writeFile(at('held.lock'), JSON.stringify({ pid: 1, host: hostname() }));
    await expect(claimOutput(at('held'))).rejects.toThrow(/process 1 on .* is writing to/);
    const claim = await claimOutput(at('free'));
    await claim.release();
    await (await claimOutput(at('free'))).release();
  });

  it('takes over from a process that is gone', async () => {
    for (const left of [JSON.stringify({ pid: 2 ** 30, host: hostname() }), '', '{"pid":']) {
      await writeFile(at('stale.lock'), left);
      await (await claimOutput(at('stale'))).release();
    }
  });

  it('that another one took meanwhile is noticed before anything is written, and is left alone', async () => {
    const claim = await claimOutput(at('race'));
    await claim.confirm();
    await writeFile(at('race.lock'), JSON.stringify({ pid: 1, host: hostname(), token: 'other' }));
    await expect(claim.confirm()).rejects.toThrow(/process 1 on .* is writing to/);
    await claim.release();
    expect(await readFile(at('race.lock'), 'utf8')).toContain('other');
  });

  it('does not judge about other machines', async () => {
    await writeFile(at('far.lock'), JSON.stringify({ pid: 2 ** 30, host: 'elsewhere' }));
    await expect(claimOutput(at('far'))).rejects.toThrow(/on elsewhere .* remove .*far\.lock if it is gone/);
  });
});

describe('checkSettings', () => {
  const settings: BatchSettings = { input: '/in', profile: 'fast', threshold: 87, models: ['net 1'] };

  it('lets the same go on, and nothing else', async () => {
    await checkSettings(at('s'), settings);
    await checkSettings(at('s'), settings);
    for (const change of [
      { input: '/other' },
      { profile: 'careful' },
      { threshold: 80 },
      { capture: 'strict' },
      { models: [] },
    ]) {
      await expect(checkSettings(at('s'), { ...settings, ...change })).rejects.toThrow(/was begun with/);
    }
  });

  it('takes a batch from before there were capture presets for a lenient one', async () => {
    await checkSettings(at('old'), settings);
    await checkSettings(at('old'), { ...settings, capture: 'lenient' });
    await expect(checkSettings(at('old'), { ...settings, capture: 'standard' })).rejects.toThrow(
      /was begun with capture "lenient", this run has "standard"/,
    );
  });

  it('does not touch a file that no batch has made', async () => {
    await writeFile(at('diary.ndjson'), 'dear diary');
    await expect(checkSettings(at('diary.ndjson'), settings)).rejects.toThrow(/was not made by a batch/);
    await writeFile(at('odd.run.json'), 'no JSON');
    await expect(checkSettings(at('odd'), settings)).rejects.toThrow(/cannot be read/);
  });
});

describe('writeWhole', () => {
  it('replaces a file in one step', async () => {
    await writeWhole(at('page.html'), 'first');
    await writeWhole(at('page.html'), 'second');
    expect(await readFile(at('page.html'), 'utf8')).toBe('second');
  });
});
