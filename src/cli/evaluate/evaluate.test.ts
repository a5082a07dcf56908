import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { groupPhoto } from '../../../test/support/pictures.ts';
import { createRandom } from '../../evaluation/metrics/random.ts';
import { registerEvaluate } from './evaluate.ts';
import { registerSimulate } from './simulate.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-evaluate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let said = '';

/** Runs the command line here and gives what it printed; `said` is what it wrote to standard error. */
async function livestill(...words: string[]): Promise<string> {
  const program = new Command('livestill').exitOverride().configureOutput({ writeErr: () => {} });
  registerEvaluate(program);
  registerSimulate(program);
  let printed = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  said = '';
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  try {
    for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
    await program.parseAsync(words, { from: 'user' });
    return printed;
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

const ndjson = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

function madeScores(shift: number) {
  const random = createRandom(5);
  return Array.from({ length: 200 }, (_, i) => {
    const attack = i % 2 === 1;
    return {
      path: `p${i}`,
      label: attack ? 'attack' : 'bona-fide',
      species: attack ? (i % 4 === 1 ? 'print' : 'replay') : null,
      subject: `s${i % 40}`,
      group: `g${i % 3}`,
      score: Math.min(100, Math.max(0, Math.round(50 + (attack ? -shift : shift) + 20 * random.normal()))),
    };
  });
}

describe('evaluate --scores', () => {
  it('prints one JSON object with shares of 1', async () => {
    const file = join(folder, 'hand.ndjson');
    await writeFile(
      file,
      ndjson([
        { label: 'bona-fide', species: null, subject: 'a', score: 0.9 },
        { label: 'bona-fide', species: null, subject: 'b', score: 0.4 },
        { label: 'attack', species: 'print', subject: 'a', score: 0.1 },
        { label: 'attack', species: 'replay', subject: 'b', score: 0.8 },
      ]),
    );
    const found = JSON.parse(await livestill('evaluate', '--scores', file, '--threshold', '0.5', '--json'));
    expect(found).toMatchObject({
      bpcer: 0.5,
      apcer: { print: 0, replay: 1 },
      apcerMax: 1,
      acer: 0.75,
      auc: 0.75,
      eer: 0.5,
      thresholdSource: 'given',
      calibrationSource: 'score read as a probability',
    });
  });

  it('prints a table, with a negative threshold too', async () => {
    const file = join(folder, 'table.ndjson');
    await writeFile(file, ndjson(madeScores(15)));
    const text = await livestill('evaluate', '--scores', file, '--threshold', '-5', '--bootstrap', '50');
    expect(text).toMatch(/200 presentations: 100 bona fide, 100 attacks of 2 species; 40 subjects/);
    expect(text).toMatch(/Threshold -5, given beforehand/);
    expect(text).toMatch(/BY GROUP/);
  });

  it('writes a report that asks for nothing from elsewhere, scores and operating points', async () => {
    const file = join(folder, 'scores.ndjson');
    await writeFile(
      file,
      ndjson(madeScores(15).map((r) => ({ ...r, species: r.species && `<b>${r.species}` }))),
    );
    const report = join(folder, 'new', 'report.html');
    const saved = join(folder, 'saved.ndjson');
    const points = join(folder, 'points.json');
    await livestill(
      ...['evaluate', '--scores', file, '--choose-threshold', 'worst-apcer=0.1', '--folds', '4'],
      ...['--report', report, '--save-scores', saved, '--operating-points', points],
    );
    const html = await readFile(report, 'utf8');
    expect(html).not.toMatch(/(?:src|href)="(?!data:)|@import|url\(/);
    expect(html).not.toContain('<b>print');
    for (const title of ['DET', 'ROC', 'EPC', 'Reliability', 'Scores', 'Errors at the threshold']) {
      expect(html).toContain(`<b>${title}</b>`);
    }
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
    const inside = JSON.parse(/id="data">(.*?)<\/script>/s.exec(html)![1]);
    const beside = JSON.parse(await readFile(report.replace('.html', '.json'), 'utf8'));
    expect(inside).toEqual(beside);
    expect(beside).toMatchObject({ thresholdSource: 'folds', thresholdRule: 'worst-apcer=0.1' });
    expect(beside.provenance.scoresSha256).toMatch(/^[0-9a-f]{64}$/);
    const again = JSON.parse(await livestill('evaluate', '--scores', saved, '--threshold', '60', '--json'));
    const table = JSON.parse(await readFile(points, 'utf8'));
    const at60 = table.points.find((p: { threshold: number }) => p.threshold === 60);
    expect(at60.bpcer.share).toBe(again.bpcer);
    expect(at60.apcerMax).toBe(again.apcerMax);
    expect(table.data).toMatchObject({ bonaFide: 100, attacks: 100, subjects: 40, simulated: false });
  });

  it.each([
    [[], /one of: a folder or index file, --scores FILE, or --compare A B; found none/],
    [['x', '--scores', 'y'], /found 2 of them/],
    [['--scores', 'nowhere.ndjson'], /nowhere.ndjson cannot be read: there is no such file/],
    [['--scores', 'y', '--folds', '3'], /add --choose-threshold RULE/],
    [['--scores', 'y', '--threshold', '3', '--choose-threshold', 'eer'], /found both/],
    [['--scores', 'y', '--robustness', '3'], /--robustness needs pictures/],
    [['--compare', 'y'], /expected two score files, found 1/],
    [['--scores', 'y', '--choose-threshold', 'best'], /Expected eer, hter/],
    [['--scores', 'y', '--by', 'shoe'], /Expected one of group/],
    [['no-such-folder'], /expected a folder or an index file/],
  ])('refuses %j', async (words, message) => {
    await expect(livestill('evaluate', ...words)).rejects.toThrow(message);
  });
});

describe('evaluate --compare', () => {
  it('finds that the better system is better, and that a system equals itself', async () => {
    const [weak, strong] = [join(folder, 'weak.ndjson'), join(folder, 'strong.ndjson')];
    await writeFile(weak, ndjson(madeScores(5)));
    await writeFile(strong, ndjson(madeScores(25)));
    const base = ['--threshold', '50', '--json', '--bootstrap', '200'];
    const found = JSON.parse(await livestill('evaluate', '--compare', weak, strong, ...base));
    const auc = found.measures.find((m: { name: string }) => m.name === 'AUC');
    expect(auc.difference).toBeGreaterThan(0.1);
    expect(auc.interval[0]).toBeGreaterThan(0);
    for (const test of found.tests) {
      expect(test.onlyB).toBe(0);
      expect(test.mcnemar).toBeLessThan(0.001);
      expect(test.byCluster).toBeLessThan(0.001);
    }
    const same = JSON.parse(await livestill('evaluate', '--compare', weak, weak, ...base));
    for (const test of same.tests) expect([test.mcnemar, test.byCluster]).toEqual([1, 1]);
    const text = await livestill('evaluate', '--compare', weak, strong, '--report', join(folder, 'c.html'));
    expect(text).toMatch(/MCNEMAR P/);
    expect(await readFile(join(folder, 'c.html'), 'utf8')).toMatch(/weak\.ndjson against strong\.ndjson/);
  });

  it('refuses files that speak of other pictures or other labels', async () => {
    const rows = (path: string, label: string) => ndjson([{ path, label, score: 1 }]);
    const files = ['a', 'b', 'c'].map((name) => join(folder, `${name}.ndjson`));
    await writeFile(files[0], rows('x', 'attack'));
    await writeFile(files[1], rows('y', 'attack'));
    await writeFile(files[2], rows('x', 'bona-fide'));
    await expect(livestill('evaluate', '--compare', files[0], files[1])).rejects.toThrow(/found none/);
    await expect(livestill('evaluate', '--compare', files[0], files[2])).rejects.toThrow(
      /same label in both/,
    );
  });
});

describe('simulate, then evaluate', () => {
  it('judges a tree and an index with the real networks, once', async () => {
    const live = join(folder, 'live');
    await mkdir(live);
    for (const name of ['sample1', 'sample3']) {
      const small = await sharp(await groupPhoto(`${name}.jpg`))
        .resize(700)
        .jpeg({ quality: 90 })
        .toBuffer();
      await writeFile(join(live, `${name}.jpg`), small);
    }
    const set = join(folder, 'set');
    const made = await livestill('simulate', live, '--out', set, '--kinds', 'screen-tablet', '--size', '640');
    expect(made).toMatch(/2 SIMULATED attack pictures of 2 sources/);
    const cache = join(folder, 'cache');
    const words = [
      'evaluate',
      join(set, 'index.ndjson'),
      '--profile',
      'fast',
      '--cache',
      cache,
      '--bootstrap',
      '20',
    ];
    const report = join(folder, 'pictures.html');
    const text = await livestill(...words, '--report', report, '--robustness', '1');
    expect(text).toMatch(/4 presentations: 2 bona fide, 2 attacks of 1 species; 2 subjects/);
    expect(text).toMatch(/SIMULATED/);
    expect(text).toMatch(/turn-exif/);
    const html = await readFile(report, 'utf8');
    expect(html).toContain('SIMULATED ATTACKS');
    expect(html).toMatch(/minifasnet[^<]*<\/td><td>[0-9a-f]{64}/);
    const [answers] = (await readdir(cache)).filter((name) => name.startsWith('answers-'));
    const before = await readFile(join(cache, answers), 'utf8');
    const again = JSON.parse(await livestill(...words, '--json'));
    expect(await readFile(join(cache, answers), 'utf8')).toBe(before);
    expect(again.counts).toMatchObject({ bonaFide: 2, attacks: 2 });
    expect(again.system.models.map((m: { name: string }) => m.name)).toHaveLength(5);
    const without = join(folder, 'without.html');
    await livestill(...words, '--report', without, '--no-gallery', '--ignore-quality');
    expect(await readFile(without, 'utf8')).not.toContain('data:image');
  });

  it('counts what cannot be judged as a non-response, and names what is no picture', async () => {
    const tree = join(folder, 'tree');
    await mkdir(join(tree, 'bona-fide'), { recursive: true });
    await mkdir(join(tree, 'attack', 'print'), { recursive: true });
    const jpeg = await sharp(await groupPhoto('sample1.jpg'))
      .resize(400)
      .jpeg()
      .toBuffer();
    await writeFile(join(tree, 'bona-fide', 'upload'), jpeg);
    await writeFile(join(tree, 'bona-fide', 'x.heic'), '\0\0\0\x18ftypheic');
    await writeFile(join(tree, 'bona-fide', 'scan'), 'II*\0 tiff');
    await writeFile(join(tree, 'attack', 'print', 'a.jpg'), jpeg);
    execFileSync('mkfifo', [join(tree, 'attack', 'print', 'pipe.jpg')]);
    await symlink('/dev/zero', join(tree, 'attack', 'print', 'zero.jpg'));
    await writeFile(join(tree, 'attack', 'print', 'notes.txt'), 'no picture');
    const words = ['evaluate', tree, '--profile', 'fast', '--no-cache', '--bootstrap', '0'];
    const scores = join(folder, 'tree.ndjson');
    await livestill(...words, '--save-scores', scores, '--report', join(folder, 'tree.html'));
    const rows = (await readFile(scores, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { path: string; nonResponse?: string });
    expect(
      Object.fromEntries(rows.map((row) => [row.path, row.nonResponse?.split(':').at(-1)])),
    ).toMatchObject({
      'bona-fide/x.heic': 'truncated',
      'bona-fide/scan': 'unsupported',
      'attack/print/pipe.jpg': 'unreadable',
      'attack/print/zero.jpg': 'unreadable',
    });
    expect(rows.map((row) => row.path)).toContain('bona-fide/upload');
    expect(rows).toHaveLength(6);
    expect(said).toMatch(/1 left out, no pictures: .*notes\.txt/);
  });

  it('replaces no file of an earlier evaluation unless told to', async () => {
    const file = join(folder, 'some.ndjson');
    await writeFile(file, ndjson(madeScores(10)));
    const words = ['evaluate', '--scores', file, '--bootstrap', '0'];
    for (const [option, name, taken] of [
      ['--report', 'first.html', 'first.html'],
      ['--report', 'second.html', 'second.json'],
      ['--save-scores', 'saved.ndjson', 'saved.ndjson'],
      ['--operating-points', 'points.json', 'points.json'],
    ]) {
      await writeFile(join(folder, taken), 'of somebody else');
      const again = [...words, option, join(folder, name)];
      await expect(livestill(...again)).rejects.toThrow(/exists already: .*--overwrite/);
      expect(await readFile(join(folder, taken), 'utf8')).toBe('of somebody else');
      await livestill(...again, '--overwrite');
      expect(await readFile(join(folder, taken), 'utf8')).not.toBe('of somebody else');
    }
    const same = join(folder, 'same.json');
    await expect(livestill(...words, '--save-scores', same, '--operating-points', same)).rejects.toThrow(
      /a file of its own/,
    );
    const set = join(folder, 'earlier-set');
    await mkdir(set);
    await writeFile(join(set, 'index.ndjson'), 'of somebody else');
    await expect(livestill('simulate', file, '--out', set)).rejects.toThrow(/set of an earlier run/);
  });

  it('takes the reported score of results, and the raw one where quality is to be ignored', async () => {
    const file = join(folder, 'results.ndjson');
    const row = { threshold: 87, code: 0, profile: 'fast' };
    await writeFile(
      file,
      ndjson([
        { ...row, key: 'a', label: 'bona-fide', verdict: 'live', score: 95, rawScore: 95 },
        { ...row, key: 'b', label: 'bona-fide', verdict: 'attack', score: 20 },
        { ...row, key: 'c', label: 'attack', verdict: 'poor_quality', score: null, rawScore: 99 },
        // As it was written before there was a raw score.
        { ...row, key: 'd', label: 'attack', verdict: 'poor_quality', score: 98 },
        { ...row, key: 'e', label: 'attack', verdict: 'no_face', score: null, rawScore: null },
        { ...row, key: 'f', label: 'attack', verdict: 'attack', score: 3, rawScore: 3 },
      ]),
    );
    const of = async (...more: string[]) =>
      JSON.parse(await livestill('evaluate', '--scores', file, '--bootstrap', '0', '--json', ...more));
    expect(await of()).toMatchObject({ apcer: { unspecified: 0 }, apnrr: { unspecified: 0.75 } });
    const raw = await of('--ignore-quality');
    expect(raw.apcer.unspecified).toBeCloseTo(2 / 3);
    expect(raw.apnrr.unspecified).toBe(0.25);
  });

  it('names the picture of an index that is not there', async () => {
    const index = join(folder, 'missing.csv');
    await writeFile(index, 'path,label\ngone.jpg,attack\n');
    await expect(livestill('evaluate', index, '--no-cache')).rejects.toThrow(/gone\.jpg: expected a picture/);
  });

  it('refuses sources of one name and folders without pictures', async () => {
    const [a, b] = [join(folder, 'one', 'x.jpg'), join(folder, 'two', 'x.jpg')];
    for (const path of [a, b]) {
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(
        path,
        await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
          .jpeg()
          .toBuffer(),
      );
    }
    await expect(livestill('simulate', a, b, '--out', join(folder, 'o'))).rejects.toThrow(
      /same_name|another source/,
    );
    await mkdir(join(folder, 'empty'));
    await expect(livestill('simulate', join(folder, 'empty'), '--out', join(folder, 'o'))).rejects.toThrow(
      /no pictures/,
    );
    await expect(livestill('simulate', a, '--out', 'o', '--strength', '2')).rejects.toThrow(/from 0 to 1/);
  });
});
