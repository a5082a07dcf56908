import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerBatch } from '../../src/cli/batch.ts';
import { FleetError } from '../../src/fleet/fleet.ts';
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

describe('the batch command', { timeout: 120_000 }, () => {
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
    expect(err).toContain('3 pictures are judged already; going on.');
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

  it('fails where the weights are missing, and leaves no lock', async () => {
    const failing = run(at('pictures'), '--out', at('w.ndjson'), '--models', at('pictures'), ...common);
    await expect(failing).rejects.toBeInstanceOf(FleetError);
    await expect(readFile(at('w.ndjson.lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
