import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerBatch } from '../../src/cli/batch/batch.ts';
import { FleetError } from '../../src/fleet/fleet.ts';
import { parseCsv } from '../../src/report/csv.ts';
import { groupPhoto } from '../support/pictures.ts';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
let out: string;
let err: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-batch-command-'));
  await mkdir(at('pictures'));
  const portrait = sharp(await groupPhoto('sample4.jpg'))
    .extract({ left: 870, top: 20, width: 480, height: 640 })
    .resize(180, 240);
  await portrait.clone().jpeg().toFile(at('pictures', 'a.jpg'));
  await portrait.clone().flop().png().toFile(at('pictures', 'b.png'));
  await writeFile(at('pictures', 'c.jpg'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function run(...args: string[]): Promise<typeof process.exitCode> {
  process.exitCode = 0;
  const program = new Command().name('livestill').version('1.2.3').exitOverride();
  program.configureOutput({
    writeErr: (text) => {
      err += text;
    },
  });
  registerBatch(program);
  await program.parseAsync(['node', 'livestill', 'batch', ...args]);
  return process.exitCode;
}
const common = ['--profile', 'fast', '--workers', '1'];

describe('the batch command', () => {
  it('writes rows, page and summary, and has nothing left to do the second time', async () => {
    expect(await run(at('pictures'), '--out', at('r.jsonl'), ...common)).toBe(0);
    const rows = await readFile(at('r.jsonl'), 'utf8');
    expect(rows.trim().split('\n')).toHaveLength(3);
    expect(out).toContain('3 pictures');
    expect(err).toMatch(/3 done in [\d.]+ s/);
    const page = await readFile(at('r.html'), 'utf8');
    expect(page).toContain('livestill 1.2.3');
    expect(page.match(/src="data:image\/jpeg/g)).toHaveLength(2);
    err = '';
    expect(await run(at('pictures'), '--out', at('r.jsonl'), ...common)).toBe(0);
    expect(err).toContain('3 pictures judged already; going on.');
    expect(err).not.toContain('done in');
    expect(await readFile(at('r.jsonl'), 'utf8')).toBe(rows);
  });

  it('judges one of equal pictures, or every one when told to', async () => {
    const names = ['a.jpg', 'a.jpg', 'c.jpg', 'a.jpg', 'c.jpg', 'gone.jpg'];
    await writeFile(at('equal.txt'), names.map((name) => at('pictures', name)).join('\n'));
    const rowsOf = async (...options: string[]) => {
      expect(await run(at('equal.txt'), '--out', at('e.ndjson'), ...options, ...common)).toBe(0);
      const rows = (await readFile(at('e.ndjson'), 'utf8')).trim().split('\n');
      await rm(at('e.ndjson'));
      return rows.map((row) => JSON.parse(row)).sort((a, b) => (a.key < b.key ? -1 : 1));
    };
    const shared = await rowsOf();
    expect(out).toContain(
      '6 pictures: 2 judged, 3 with the result of an earlier picture of the same bytes, 1 that could not be read',
    );
    expect(err).toMatch(/6 done in .* 3 of them have the result of an earlier picture of the same bytes\./);
    // Which of those in work at the same moment is read first is the disk's affair.
    const judged = shared.filter((row) => row.sameAs === null).map((row) => row.picture.split('/').at(-1));
    expect(judged.sort()).toEqual(['a.jpg', 'c.jpg', 'gone.jpg']);
    const alone = await rowsOf('--no-reuse');
    expect(alone.map((row) => row.sameAs)).toEqual(Array(6).fill(null));
    // But for where it comes from, a row is the same.
    expect(shared.map((row) => ({ ...row, sameAs: null }))).toEqual(alone);
    expect(await readFile(at('e.html'), 'utf8')).toContain(
      '<p class="dim">5 judged, 1 that could not be read.</p>',
    );
  });

  it('makes the table that --format names, and keeps quiet when asked to', async () => {
    const args = [
      '--out',
      at('table'),
      '--format',
      'csv',
      '--quiet',
      '--report',
      at('page.html'),
      '--no-thumbnails',
    ];
    expect(await run(at('pictures'), ...args, ...common)).toBe(0);
    expect([out, err]).toEqual(['', '']);
    expect((await readFile(at('table'), 'utf8')).split('\n')[0]).toMatch(/^key,picture,sha256,same_as,code,/);
    expect(await readFile(at('page.html'), 'utf8')).not.toContain('<img');
  });

  it.each([
    [['--out', 'x.ndjson', '--threshold', '101'], /Expected a number from 0 to 100/],
    [['--out', 'x.ndjson', '--workers', '1.5'], /Expected a whole number from 1 to 1024/],
    [[], /required option '--out <file>' not specified/],
  ])('refuses %j', async (args, message) => {
    await expect(run(at('pictures'), ...args)).rejects.toBeInstanceOf(CommanderError);
    expect(err).toMatch(message);
  });

  it('says what is wrong with input and output, status 2', async () => {
    expect(await run(at('pictures'), '--out', at('x.doc'))).toBe(2);
    expect(err).toMatch(/expected --out to end in .*found .*x\.doc/);
    expect(await run(at('nothing'), '--out', at('y.ndjson'))).toBe(2);
    expect(err).toMatch(/found nothing at/);
  });

  it('judges a folder by content, tells what it left out, and is not content with nothing', async () => {
    await mkdir(at('mixed'));
    await copyFile(at('pictures', 'a.jpg'), at('mixed', 'upload'));
    await writeFile(at('mixed', 'notes.txt'), 'no picture');
    expect(await run(at('mixed'), '--out', at('m.ndjson'), ...common)).toBe(0);
    expect(out).toContain('1 picture:');
    expect(out).toContain('1 left out, no pictures: notes.txt');
    expect(await readFile(at('m.html'), 'utf8')).toContain('1 left out, no pictures: notes.txt');
    await rm(at('mixed', 'upload'));
    expect(await run(at('mixed'), '--out', at('none.ndjson'), ...common)).toBe(1);
    expect(err).toContain(`no pictures in ${at('mixed')}\n1 left out, no pictures: notes.txt`);
    await expect(readFile(at('none.html'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('judges nothing of a list with a quote that is never closed', async () => {
    await writeFile(
      at('quote.csv'),
      `path\n${at('pictures', 'a.jpg')}\n"${at('pictures', 'b.png')}\nc.jpg\n`,
    );
    expect(await run(at('quote.csv'), '--out', at('q.ndjson'), ...common)).toBe(2);
    expect(err).toContain('quote.csv, line 3: a quote is opened and never closed');
    await expect(readFile(at('q.ndjson'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('replaces no file that it has not made itself', async () => {
    const args = [at('pictures'), ...common];
    expect(await run(...args, '--out', at('run.ndjson'))).toBe(0);
    const page = await readFile(at('run.html'), 'utf8');
    // Another result would have the same page.
    expect(await run(...args, '--out', at('run.csv'))).toBe(2);
    expect(err).toMatch(/run\.html exists and was not made by this batch: choose another --report/);
    expect(await readFile(at('run.html'), 'utf8')).toBe(page);
    expect(await run(...args, '--out', at('run.csv'), '--report', at('other.html'))).toBe(0);
    expect(await run(...args, '--out', at('run.csv'), '--report', at('other.html'))).toBe(0);
    // A page of another run that took the name since.
    await writeFile(at('other.html'), page);
    expect(await run(...args, '--out', at('run.csv'), '--report', at('other.html'))).toBe(2);
    expect(await readFile(at('other.html'), 'utf8')).toBe(page);
    await writeFile(at('diary.csv'), 'dear diary');
    expect(await run(...args, '--out', at('diary.csv'), '--no-report')).toBe(2);
    expect(await readFile(at('diary.csv'), 'utf8')).toBe('dear diary');
    await writeFile(at('list.csv'), `path\n${at('pictures', 'a.jpg')}\n`);
    for (const [input, ...more] of [
      [at('list.csv'), '--out', at('list.csv')],
      [at('pictures'), '--out', at('x.html'), '--format', 'ndjson'],
      [at('pictures'), '--out', at('x.csv'), '--report', at('x.csv.ndjson.run.json')],
    ]) {
      expect(await run(input, ...more, ...common)).toBe(2);
      expect(err).toMatch(/would be the .* and the .*: choose another --out or --report/);
      err = '';
    }
    expect(await readFile(at('list.csv'), 'utf8')).toContain('path\n');
  });

  it('goes on with results of before there was a raw score, and reads them as they are meant', async () => {
    const args = [at('pictures'), '--out', at('old.csv'), ...common];
    expect(await run(...args)).toBe(0);
    const journal = at('old.csv.ndjson');
    const rows = (await readFile(journal, 'utf8'))
      .trim()
      .split('\n')
      .slice(0, 2)
      .map((row) => JSON.parse(row));
    const { rawScore: _, ...poor } = {
      ...rows[0],
      verdict: 'poor_quality',
      score: 98,
      failure: null,
      code: 0,
    };
    await writeFile(journal, `${JSON.stringify(poor)}\n${JSON.stringify(rows[1])}\n`);
    const settings = JSON.parse(await readFile(`${journal}.run.json`, 'utf8'));
    await writeFile(`${journal}.run.json`, JSON.stringify({ ...settings, outputs: undefined }));
    expect(await run(...args)).toBe(0);
    expect(err).toContain('2 pictures judged already; going on.');
    const [names, ...lines] = parseCsv(await readFile(at('old.csv'), 'utf8')).map((record) => record.fields);
    const row = lines.find((fields) => fields[0] === poor.key)!;
    const cell = (name: string) => row[names.indexOf(name)];
    expect([cell('verdict'), cell('score'), cell('raw_score')]).toEqual(['poor_quality', '', '98']);
    expect(lines).toHaveLength(3);
  });

  it('fails where the weights are missing, and leaves no lock', async () => {
    const failing = run(at('pictures'), '--out', at('w.ndjson'), '--models', at('pictures'), ...common);
    await expect(failing).rejects.toBeInstanceOf(FleetError);
    await expect(readFile(at('w.ndjson.lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
