import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reportPage } from './page.ts';
import { acceptanceCurve } from './plots.ts';
import { createProgress, createRate, timeText } from './progress.ts';
import { createTally } from './summary.ts';
import { madeRow } from './test-support/made.ts';
import { summaryText } from './text-summary.ts';
import type { BatchRow } from './types.ts';

const facts = {
  input: 'in',
  output: 'out',
  profile: 'fast',
  capture: 'lenient' as const,
  models: ['net 00ff'],
  version: '0.0.0',
  complete: true,
  run: 'run-1',
  leftOut: [],
};
const row = (key: string, score: number, change: Partial<BatchRow> = {}) =>
  madeRow({ key, score, verdict: score > 87 ? 'live' : 'attack', ...change });
const tallied = (rows: readonly BatchRow[], keep = 3) => {
  const tally = createTally(87, keep);
  for (const r of rows) tally.add(r);
  return tally.summary();
};
const rows = [
  row('a', 87, { reasons: ['ATTACK_SUSPECTED'] }),
  row('b', 88),
  row('c', 100),
  row('d', 3, { reasons: ['ATTACK_SUSPECTED', 'DARK'] }),
  row('e', 90),
  madeRow({ key: 'f', verdict: 'poor_quality', score: 88 }),
  madeRow({ key: 'g', verdict: null, score: null, code: -4016, failure: 'corrupt' }),
];

describe('createTally', () => {
  it('counts outcomes, scores, reasons, failures', () => {
    const { outcomes, scores, reasons, failures } = tallied(rows);
    expect(Object.fromEntries(outcomes)).toEqual({ live: 3, attack: 2, poor_quality: 1, 'code -4016': 1 });
    expect(scores.reduce((a, b) => a + b)).toBe(5);
    expect([scores[3], scores[87], scores[88]]).toEqual([1, 1, 1]);
    expect(Object.fromEntries(reasons)).toEqual({ ATTACK_SUSPECTED: 2, DARK: 1 });
    expect(Object.fromEntries(failures)).toEqual({ corrupt: 1 });
  });

  it('keeps the rows nearest to the threshold, on either side', () => {
    expect(tallied(rows).nearest.map((r) => r.key)).toEqual(['a', 'b', 'e']);
    expect(tallied(rows, 0).nearest).toEqual([]);
  });

  it('shows equal pictures once, the one with the first key', () => {
    const equal = { sha256: 'same', score: 88 };
    const many = ['x', 'm', 'z', 'n'].map((key) => row(key, 88, equal));
    expect(tallied([...rows, ...many]).nearest.map((r) => r.key)).toEqual(['a', 'b', 'm']);
  });

  it('counts what was judged, what was taken over, what could not be read', () => {
    const { origin } = tallied([
      ...rows,
      row('h', 88, { sameAs: 'b' }),
      row('i', 88, { sameAs: 'b' }),
      madeRow({ key: 'j', verdict: null, score: null, code: -5805, failure: 'unreadable', sha256: null }),
    ]);
    expect(origin).toEqual({ judged: 7, reused: 2, unread: 1 });
  });

  it('says the same whatever order the rows come in', () => {
    const made = fc.array(fc.record({ key: fc.uuid(), score: fc.integer({ min: 0, max: 100 }) }), {
      maxLength: 60,
    });
    // A third of the scores belong to one picture each, whose rows are equal.
    const sha256 = (key: string, score: number) => (score % 3 === 0 ? `picture ${score}` : key);
    fc.assert(
      fc.property(made, (list) => {
        const some = list.map(({ key, score }) => row(key, score, { sha256: sha256(key, score) }));
        const first = tallied(some, 7);
        const again = tallied(some.toReversed(), 7);
        expect([...again.outcomes].sort()).toEqual([...first.outcomes].sort());
        expect({ ...again, outcomes: 0 }).toEqual({ ...first, outcomes: 0 });
      }),
    );
  });
});

describe('summaryText', () => {
  it('shows counts and a histogram with the threshold', () => {
    const text = summaryText(tallied(rows));
    expect(text).toContain('7 pictures: 7 judged\n');
    expect(text).toMatch(/attack +2 +28\.6 %/);
    expect(text).toMatch(/80–89 +2 +█+ {2}← live above 87/);
    expect(text).toMatch(/90–100 +2/);
    expect(text).toMatch(/corrupt +1/);
  });

  it('has nothing to divide in an empty batch', () => {
    expect(summaryText(tallied([]))).toBe('0 pictures');
  });

  it('says how many have the result of an equal one', () => {
    const unread = madeRow({ key: 'u', verdict: null, score: null, code: -5805, sha256: null });
    expect(summaryText(tallied([row('a', 88), row('b', 88, { sameAs: 'a' }), unread])).split('\n')[0]).toBe(
      '3 pictures: 1 judged, 1 with the result of an earlier picture of the same bytes, 1 that could not be read',
    );
  });
});

describe('reportPage', () => {
  it('shows what is nearest, with pictures or without', () => {
    const summary = tallied(rows);
    const picture = 'data:image/jpeg;base64,AAAA';
    const page = reportPage(summary, facts, new Map([['a', picture]]));
    expect(page.match(/<img /g)).toHaveLength(1);
    expect(page).toContain(picture);
    expect(page.match(/no picture/g)).toHaveLength(2);
    const bare = reportPage(summary, facts, null);
    expect(bare).not.toMatch(/<img |data:image/);
    expect(bare).toContain('Nearest to the threshold');
  });

  it('needs nothing from anywhere and runs nothing', () => {
    const page = reportPage(tallied(rows), facts, null);
    expect(page).not.toMatch(/<script|<link|https?:\/\/|url\(/);
    expect(page).toContain("default-src 'none'");
  });

  it('shows names as text, whatever is in them', () => {
    const nasty = '<img src=x onerror=alert(1)>"\'&.jpg';
    const page = reportPage(
      tallied([row('x', 87, { picture: nasty, reasons: [nasty] })]),
      { ...facts, input: nasty, output: nasty },
      null,
    );
    expect(page).not.toContain('<img src=x');
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;.jpg');
  });

  it('says that it is not the end where the batch was stopped', () => {
    expect(reportPage(tallied(rows), { ...facts, complete: false }, null)).toContain(
      'stopped before its end',
    );
    expect(reportPage(tallied([]), facts, null)).toContain('Batch of 0 pictures');
  });
});

describe('plots', () => {
  it('draws the share above each threshold, falling to nothing', () => {
    const scores = new Array<number>(101).fill(0);
    scores[50] = 1;
    scores[100] = 3;
    const points = /<path class="line[^>]* d="M([^"]+)"/
      .exec(acceptanceCurve(scores, 87))![1]
      .split('L')
      .map((point) => Number(point.split(' ')[1]));
    expect(points).toHaveLength(101);
    expect(points[49]).toBe(points[0]);
    expect(points[100]).toBeGreaterThan(points[99]);
    expect((points[100] - points[50]) / (points[100] - points[0])).toBeCloseTo(0.75, 3);
  });
});

describe('progress', () => {
  it.each([
    [0, '0 s'],
    [89, '89 s'],
    [90, '2 min'],
    [3600 * 3 + 300, '3 h 05 min'],
    [86_400 * 3 + 3600 * 4, '3 d 4 h'],
    [Number.POSITIVE_INFINITY, '?'],
  ])('says %d s as %s', (seconds, text) => {
    expect(timeText(seconds)).toBe(text);
  });

  it('measures the rate of the last half minute', () => {
    let now = 0;
    const rate = createRate(() => now);
    expect(rate.see(1000)).toBe(0);
    for (let s = 1; s <= 100; s++) {
      now = s * 1000;
      rate.see(1000 + (s <= 50 ? 10 * s : 500 + 40 * (s - 50)));
    }
    expect(rate.see(1000 + 500 + 40 * 50)).toBeCloseTo(40, 5);
  });

  /** What is said on a stream while 600 pictures take a minute. */
  function said(isTTY: boolean, total: number | null): string {
    let text = '';
    const stream = Object.assign(
      new Writable({
        write(chunk, _encoding, done) {
          text += String(chunk);
          done();
        },
      }),
      { isTTY, columns: 100, cursorTo: () => true, clearLine: () => true, moveCursor: () => true },
    ) as unknown as NodeJS.WriteStream;
    let now = 0;
    const progress = createProgress(stream, 400, () => now);
    for (let i = 1; i <= 600; i++) {
      now = i * 100;
      progress.update(400 + i, total);
    }
    progress.stop();
    return text;
  }

  it('is a line now and then in a log', () => {
    const lines = said(false, 1600).trim().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[0]).toBe('livestill: 500 of 1600 (31.3 %), 10/s, 2 min left');
    expect(lines[5]).toBe('livestill: 1000 of 1600 (62.5 %), 10/s, 60 s left');
    expect(said(false, null).trim().split('\n')[0]).toBe('livestill: 500, 10/s');
  });

  it('is a bar on a terminal', () => {
    expect(said(true, 1600)).toContain('400/?');
    expect(said(true, null)).toContain('400/?');
  });
});
