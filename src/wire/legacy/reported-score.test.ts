import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTRACT_THRESHOLD, reportedScore } from './reported-score.ts';

/** Every score with every threshold that has at most one decimal. */
const thresholds = Array.from({ length: 1001 }, (_, tenths) => tenths / 10);
const scores = Array.from({ length: 101 }, (_, score) => score);

describe('the score of the old call under a threshold', () => {
  it('passes 87 exactly where the score passes the threshold, over all scores and thresholds', () => {
    const wrong: string[] = [];
    for (const threshold of thresholds) {
      for (const score of scores) {
        const reported = reportedScore(score, threshold);
        if (reported > CONTRACT_THRESHOLD !== score > threshold)
          wrong.push(`${score}@${threshold}=${reported}`);
        if (!Number.isInteger(reported) || reported < 0 || reported > 100)
          wrong.push(`form ${score}@${threshold}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('never falls while the score rises', () => {
    for (const threshold of thresholds) {
      const row = scores.map((score) => reportedScore(score, threshold));
      expect([threshold, row]).toEqual([threshold, row.toSorted((a, b) => a - b)]);
    }
  });

  it('keeps every whole score under the threshold 87', () => {
    expect(scores.map((score) => reportedScore(score, 87))).toEqual(scores);
  });

  it('keeps 0 under every threshold, and 100 under every threshold below 100', () => {
    for (const threshold of thresholds) {
      const ends = [reportedScore(0, threshold), reportedScore(100, threshold)];
      expect([threshold, ...ends]).toEqual([threshold, 0, threshold === 100 ? 87 : 100]);
    }
  });

  it('puts a score at the threshold on 87 and the next one above', () => {
    const table = [50, 80, 90, 92, 95, 99].map((t) => [t, reportedScore(t, t), reportedScore(t + 1, t)]);
    expect(table).toEqual([
      [50, 87, 88],
      [80, 87, 88],
      [90, 87, 88],
      [92, 87, 89],
      [95, 87, 90],
      [99, 87, 100],
    ]);
  });

  it('rounds a half down', () => {
    // 87 x 25 / 50 = 43.5.
    expect(reportedScore(25, 50)).toBe(43);
  });

  it('decides as the threshold does for any threshold', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (score, threshold) => {
          expect(reportedScore(score, threshold) > CONTRACT_THRESHOLD).toBe(score > threshold);
        },
      ),
    );
  });

  it.each(['migrate.md', 'migrate.zh-CN.md'])('is the one that the table in docs/use/%s shows', (name) => {
    const text = readFileSync(new URL(`../../../docs/use/${name}`, import.meta.url), 'utf8');
    const rows = Array.from(text.matchAll(/^\| (\d+(?: \| \d+){6}) \|$/gm), (row) =>
      row[1].split(' | ').map(Number),
    );
    expect(rows.length).toBeGreaterThan(10);
    for (const [score, ...shown] of rows) {
      expect([score, ...shown]).toEqual([
        score,
        ...[75, 80, 87, 90, 92, 95].map((t) => reportedScore(score, t)),
      ]);
    }
  });
});
