import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openErasable } from './erase.ts';
import { exportRows } from './export.ts';
import { sha256Of } from './reuse.ts';
import { madeRow } from './test-support/made.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-erase-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const person = sha256Of(Buffer.from('b'));
const rows = [
  madeRow({ key: 'a' }),
  madeRow({ key: 'b' }),
  madeRow({ key: 'again b', sha256: person, sameAs: 'b' }),
  madeRow({ key: 'unread', sha256: null, code: -5805 }),
  madeRow({ key: 'c' }),
];
const lines = rows.map((row) => `${JSON.stringify(row)}\n`);

/** The results of a batch with this table (`''`: the rows are the result). */
async function results(table = '', text = lines.join('')): Promise<string> {
  const out = join(folder, table === '' ? 'out.ndjson' : table);
  const journal = table === '' ? out : `${out}.ndjson`;
  await writeFile(journal, text, { mode: 0o640 });
  const outputs = table === '' ? ['out.html'] : [table, 'out.html'];
  await writeFile(`${journal}.run.json`, JSON.stringify({ outputs, id: 'this-run' }));
  await writeFile(join(folder, 'out.html'), '<p>this-run</p>');
  return out;
}

async function erased(out: string, pictures: readonly string[]) {
  const batch = await openErasable(out);
  try {
    return await batch.erase(new Set(pictures));
  } finally {
    await batch.release();
  }
}

describe('erasure from the results of a batch', () => {
  it('takes all rows of the picture, leaves the bytes of the others, and deletes the page', async () => {
    const out = await results();
    const batch = await openErasable(out);
    expect(await batch.count(new Set([person]))).toBe(2);
    await batch.release();
    const page = join(folder, 'out.html');
    expect(await erased(out, [person])).toEqual({
      journal: out,
      rows: 2,
      remade: [],
      deleted: [page],
      unsure: [],
    });
    expect(await readFile(out, 'utf8')).toBe(lines[0] + lines[3] + lines[4]);
    expect((await stat(out)).mode & 0o777).toBe(0o640);
    expect((await readdir(folder)).sort()).toEqual(['out.ndjson', 'out.ndjson.run.json']);
  });

  it.each(['out.csv', 'out.parquet'])('makes the table %s anew', async (table) => {
    const out = await results(table);
    await exportRows(`${out}.ndjson`, table.endsWith('csv') ? 'csv' : 'parquet', out);
    expect((await readFile(out)).toString('latin1')).toContain(person);
    expect(await erased(out, [person])).toMatchObject({ rows: 2, remade: [out] });
    const text = (await readFile(out)).toString('latin1');
    expect(text).not.toContain(person);
    expect(text).toContain(rows[4].sha256);
  });

  it('changes nothing where no row is of the picture', async () => {
    const out = await results();
    const before = await stat(out);
    expect(await erased(out, ['ff'.repeat(32)])).toMatchObject({ rows: 0, deleted: [] });
    expect((await stat(out)).ino).toBe(before.ino);
    expect(await readdir(folder)).toContain('out.html');
  });

  it('names a page that is not this run’s', async () => {
    const out = await results();
    await writeFile(join(folder, 'out.html'), 'of another run');
    expect(await erased(out, [person])).toMatchObject({ unsure: [join(folder, 'out.html')], deleted: [] });
  });

  it('refuses a batch that runs, a file of no batch, and one with a line that hides others', async () => {
    const out = await results('', `${lines[0]}no row\n${lines[1]}`);
    await expect(erased(out, [person])).rejects.toThrow(/no row, from byte \d+ on/);
    expect(await readFile(out, 'utf8')).toContain('no row');
    await writeFile(`${out}.lock`, JSON.stringify({ pid: 1, host: 'another machine' }));
    await expect(openErasable(out)).rejects.toThrow('process 1 on another machine is writing');
    await writeFile(join(folder, 'other.csv'), 'x');
    await expect(openErasable(join(folder, 'other.csv'))).rejects.toThrow('is not what "livestill batch');
  });

  it('cuts off what a kill left of a last row', async () => {
    const out = await results('', lines.join('') + lines[1].slice(0, 60));
    expect((await erased(out, [person])).rows).toBe(2);
    expect(await readFile(out, 'utf8')).toBe(lines[0] + lines[3] + lines[4]);
  });
});

it('takes the row of a group of wrong size with the picture that its key names, on whichever side it stands', async () => {
  const misfit = (firstKey: string) =>
    madeRow({
      key: `together:${firstKey}`,
      sha256: null,
      group: 'g',
      together: {
        ...{ stills: [], hashes: [], used: [], identical: [], bySharpness: [] },
        ...{ samePosition: null, sameSize: null },
      },
    });
  const first = madeRow({ key: '1:jane.jpg', sha256: person, group: 'g' });
  const other = madeRow({ key: '2:other.jpg', group: 'h' });
  for (const order of [
    [first, misfit('1:jane.jpg'), other, misfit('2:other.jpg')],
    [misfit('1:jane.jpg'), other, misfit('2:other.jpg'), first],
  ]) {
    const out = await results('', order.map((row) => `${JSON.stringify(row)}\n`).join(''));
    expect(await erased(out, [person])).toMatchObject({ rows: 2 });
    const left = await readFile(out, 'utf8');
    expect(left).not.toContain('jane');
    expect(left).toContain('together:2:other.jpg');
  }
});
