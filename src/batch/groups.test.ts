import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../faults.ts';
import type { Judge } from '../fleet/types.ts';
import { madeStill } from '../liveness/test-support/still.ts';
import { openErasable } from './erase.ts';
import { exportRows } from './export.ts';
import { type Unit, unitsOf } from './groups.ts';
import { openJournal, recover } from './journal.ts';
import { PlaceSet } from './place-set.ts';
import { createResultMemory, sha256Of } from './reuse.ts';
import { runBatch } from './run.ts';
import { openSource } from './source/open.ts';
import { createTally } from './summary.ts';
import { summaryText } from './text-summary.ts';
import { hashOfAll } from './together.ts';
import type { BatchRow } from './types.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-groups-'));
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'bad'])
    await writeFile(join(folder, `${name}.jpg`), name);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const never = new AbortController().signal;

async function listed(name: string, text: string) {
  await writeFile(at(name), text);
  return openSource(at(name), { stdin: Readable.from([]) as never, downloader: null, signal: never });
}

/** Judges `a.jpg` and so on by the letter: Z is what it is worth. */
function judgeOf(worth: Readonly<Record<string, number>>, calls: string[] = []): Judge {
  return {
    models: [],
    refusal: () => null,
    async judge(picture, options) {
      const name = Buffer.from(picture).toString();
      calls.push(options?.still === true ? `${name}+` : name);
      if (name === 'bad') throw new Fault('picture_unreadable', 'not_an_image', 'no picture');
      const { still, ...alone } = madeStill(worth[name] ?? 4);
      return options?.still === true ? { ...alone, still: still! } : alone;
    },
  };
}

async function judged(list: string, out: string, judge: Judge, signal = never): Promise<BatchRow[]> {
  const source = await listed(`${out}.csv`, list);
  const done = new PlaceSet();
  await recover(at(out), (row) => done.add(row.key));
  const journal = await openJournal(at(out));
  const task = { source, judge, journal, done, profile: 'careful', threshold: 87, atOnce: 3 } as const;
  await runBatch({ ...task, memory: createResultMemory(), onRow: () => {}, signal });
  await journal.close();
  return (await readFile(at(out), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as BatchRow);
}

const byKey = (rows: readonly BatchRow[], key: string) => rows.find((row) => row.key === key);

describe('the units of a list', () => {
  const item = fc.record({ at: fc.nat(), group: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }) });
  const made = (group: string | undefined, place: number) =>
    group === undefined ? { place } : { place, group };

  it('hold every picture once and in order, and no group of a size that is not judged together', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 40 }), async (list) => {
        const items = list.map(({ group }, i) => made(group, i));
        const units: Unit<(typeof items)[number]>[] = [];
        for await (const unit of unitsOf(items)) units.push(unit);
        const members = units.flatMap((unit) =>
          unit.kind === 'one' ? [unit.item] : unit.kind === 'together' ? unit.items : [],
        );
        expect(members).toEqual(items);
        for (const unit of units) {
          if (unit.kind === 'together') {
            expect(unit.items.length).toBeGreaterThan(1);
            expect(unit.items.length).toBeLessThan(6);
            expect(new Set(unit.items.map((one) => one.group))).toEqual(new Set([unit.group]));
          }
          if (unit.kind === 'misfit') expect(unit.count === 1 || unit.count > 5).toBe(true);
        }
        const runs = items.filter((one, i) => one.group !== undefined && one.group !== items[i - 1]?.group);
        expect(units.filter(({ kind }) => kind !== 'one')).toHaveLength(runs.length);
      }),
    );
  });
});

describe('a list with groups', () => {
  it.each([
    ['l.csv', 'path,group\na.jpg,7\nb.jpg,7\nc.jpg,\nd.jpg,ß 人\n'],
    [
      'l.ndjson',
      '{"path":"a.jpg","group":7}\n{"path":"b.jpg","group":"7"}\n"c.jpg"\n{"path":"d.jpg","group":"ß 人"}\n',
    ],
  ])('names the group of each picture: %s', async (name, text) => {
    const source = await listed(name, text);
    const groups: (string | undefined)[] = [];
    for await (const one of source.items()) groups.push(one.group);
    expect(groups).toEqual(['7', '7', undefined, 'ß 人']);
  });

  it.each([
    [
      'a group that comes again',
      'path,group\na.jpg,x\nb.jpg,y\nc.jpg,x\n',
      /line 4: the group x comes again/,
    ],
    [
      'one behind pictures of none',
      'path,group\na.jpg,x\nb.jpg,\nc.jpg,x\n',
      /line 4: the group x comes again/,
    ],
  ])('is refused whole for %s', async (_, text, message) => {
    await expect(listed('again.csv', text)).rejects.toThrow(message);
  });

  it('is refused whole for a group that is no text', async () => {
    await expect(listed('odd.ndjson', '{"path":"a.jpg","group":{}}\n')).rejects.toThrow(
      'expected a text as group',
    );
  });
});

describe('a batch with groups', () => {
  const list = 'path,group\na.jpg,p\nb.jpg,p\nc.jpg,\nd.jpg,single\ne.jpg,broken\nbad.jpg,broken\n';

  it('has a row for each still and one for each group, last in its group', async () => {
    const calls: string[] = [];
    const rows = await judged(list, 'all.ndjson', judgeOf({ a: 6, b: -2 }, calls));
    expect(calls.sort()).toEqual(['a+', 'b+', 'bad+', 'c', 'd', 'e+']);
    expect(rows).toHaveLength(9);
    const [a, b] = [byKey(rows, '1:a.jpg')!, byKey(rows, '2:b.jpg')!];
    expect([a.verdict, b.verdict, a.group, 'group' in byKey(rows, '3:c.jpg')!]).toEqual([
      'live',
      'attack',
      'p',
      false,
    ]);
    const fused = madeStill(2);
    expect(byKey(rows, 'together:1:a.jpg')).toEqual({
      ...a,
      key: 'together:1:a.jpg',
      picture: '',
      sha256: hashOfAll([sha256Of(Buffer.from('a')), sha256Of(Buffer.from('b'))]),
      verdict: fused.verdict,
      score: fused.score,
      rawScore: fused.rawScore,
      liveProbability: expect.any(Number),
      review: true,
      faceCount: null,
      width: null,
      height: null,
      box: null,
      reasons: ['ATTACK_SUSPECTED', 'STILLS_DISAGREE'],
      together: {
        stills: ['1:a.jpg', '2:b.jpg'],
        hashes: [a.sha256, b.sha256],
        used: [0, 1],
        samePosition: true,
        sameSize: true,
        identical: [],
        bySharpness: [],
      },
    });
    const places = rows.map(({ key }) => key);
    expect(places.indexOf('together:1:a.jpg')).toBe(places.indexOf('2:b.jpg') + 1);
  });

  it('sets a group aside that is too small or has a still without a judgement', async () => {
    const rows = await judged(list, 'aside.ndjson', judgeOf({}));
    expect(byKey(rows, '4:d.jpg')).toMatchObject({ verdict: 'live', group: 'single' });
    expect(byKey(rows, 'together:4:d.jpg')).toMatchObject({
      verdict: null,
      failure: 'group_size',
      message: expect.stringContaining('this one has 1'),
    });
    expect(byKey(rows, '5:e.jpg')).toMatchObject({ verdict: 'live' });
    expect(byKey(rows, 'together:5:e.jpg')).toMatchObject({
      code: -4016,
      failure: 'not_an_image',
      verdict: null,
    });
  });

  it('judges the pictures of a group of more than five for themselves', async () => {
    const six = `path,group\n${['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.jpg,six`).join('\n')}\n`;
    const rows = await judged(six, 'six.ndjson', judgeOf({}));
    expect(rows).toHaveLength(7);
    expect(byKey(rows, 'together:1:a.jpg')).toMatchObject({
      failure: 'group_size',
      message: expect.stringContaining('this one has 6'),
      together: { stills: [] },
    });
  });

  it('cut off at any row, goes on to the same rows, none of them twice', async () => {
    const whole = await judged(list, 'whole.ndjson', judgeOf({ a: 6, b: -2 }));
    const text = await readFile(at('whole.ndjson'), 'utf8');
    const ends = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
    for (const [n, end] of [0, ...ends, ...ends.map((one) => one - 5)].entries()) {
      await writeFile(at(`cut${n}.ndjson`), text.slice(0, end));
      const rows = await judged(list, `cut${n}.ndjson`, judgeOf({ a: 6, b: -2 }));
      const sorted = (all: readonly BatchRow[]) => all.map((row) => JSON.stringify(row)).sort();
      expect(sorted(rows)).toEqual(sorted(whole));
    }
  });

  it('takes nothing of its group from an equal picture', async () => {
    const equal = 'path,group\na.jpg,x\na.jpg,x\na.jpg,\na.jpg,lone\n';
    const rows = await judged(equal, 'equal.ndjson', judgeOf({}));
    expect(byKey(rows, 'together:1:a.jpg')).toMatchObject({
      reasons: ['STILLS_IDENTICAL'],
      together: { identical: [[0, 1]] },
    });
    const alone = [byKey(rows, '3:a.jpg')!, byKey(rows, '4:a.jpg')!];
    expect(alone.map(({ group }) => group)).toEqual([undefined, 'lone']);
    expect(alone.filter(({ sameAs }) => sameAs !== null)).toHaveLength(1);
  });

  it('counts pictures and groups apart, and shows both', async () => {
    const rows = await judged(list, 'count.ndjson', judgeOf({ a: 6, b: -2 }));
    const tally = createTally(87, 10);
    rows.forEach(tally.add);
    const summary = tally.summary();
    expect([summary.rows, summary.nearest.some((row) => row.together !== undefined)]).toEqual([6, false]);
    expect(Object.fromEntries(summary.groups.outcomes)).toEqual({
      [madeStill(2).verdict]: 1,
      'code -4016': 1,
      group_size: 1,
    });
    expect(summaryText(summary)).toContain('3 groups, each with one verdict');
  });

  it('has the group and the number of its stills in tables', async () => {
    await judged(list, 'table.ndjson', judgeOf({}));
    await exportRows(at('table.ndjson'), 'csv', at('table-made.csv'));
    const [head, ...lines] = (await readFile(at('table-made.csv'), 'utf8')).trim().split('\n');
    expect(head?.endsWith(',group,stills')).toBe(true);
    expect(lines.filter((line) => line.endsWith(',p,2'))).toHaveLength(1);
    expect(lines.filter((line) => line.endsWith(',p,'))).toHaveLength(2);
  });

  it('loses the row of a group together with the row of one of its stills', async () => {
    await judged(list, 'erase.ndjson', judgeOf({}));
    await writeFile(at('erase.ndjson.run.json'), JSON.stringify({ outputs: [], id: 'this' }));
    const batch = await openErasable(at('erase.ndjson'));
    expect((await batch.erase(new Set([sha256Of(Buffer.from('a'))]))).rows).toBe(2);
    await batch.release();
    const left = await readFile(at('erase.ndjson'), 'utf8');
    expect([left.includes(sha256Of(Buffer.from('a'))), left.includes('"2:b.jpg"')]).toEqual([false, true]);
  });
});
