import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder, livestill, madeScores, ndjson, said, useFolder } from './test-support/livestill.ts';

useFolder();

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
    const numbersFile = report.replace('.html', '.json');
    expect(said).toContain(`Written: ${[saved, points, report, numbersFile].join(', ')}\n`);
    const html = await readFile(report, 'utf8');
    expect(html).not.toMatch(/(?:src|href)="(?!data:)|@import|url\(/);
    expect(html).not.toContain('<b>print');
    for (const title of ['DET', 'ROC', 'EPC', 'Reliability', 'Scores', 'Errors at the threshold']) {
      expect(html).toContain(`<b>${title}</b>`);
    }
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
    const inside = JSON.parse(/id="data">(.*?)<\/script>/s.exec(html)![1]);
    const beside = JSON.parse(await readFile(report.replace('.html', '.json'), 'utf8'));
    const { operatingPoints: within, ...numbers } = beside;
    expect(inside).toEqual(numbers);
    expect(beside).toMatchObject({ thresholdSource: 'folds', thresholdRule: 'worst-apcer=0.1' });
    expect(beside.provenance.scoresSha256).toMatch(/^[0-9a-f]{64}$/);
    const again = JSON.parse(await livestill('evaluate', '--scores', saved, '--threshold', '60', '--json'));
    const table = JSON.parse(await readFile(points, 'utf8'));
    expect(within).toEqual(table);
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
    expect(said).toContain(`Written: ${join(folder, 'c.html')}\n`);
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
