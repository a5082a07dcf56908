import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { groupPhoto } from '../../../test/support/pictures.ts';
import { folder, livestill, madeScores, ndjson, said, useFolder } from './test-support/livestill.ts';

useFolder();

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
