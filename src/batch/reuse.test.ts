import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../faults.ts';
import type { Judge } from '../fleet/types.ts';
import { someJudgement } from '../liveness/test-support/judgement.ts';
import type { Judgement } from '../liveness/types.ts';
import { KeySet } from './key-set.ts';
import { createResultMemory, holdsForEqualBytes, sha256Of } from './reuse.ts';
import { runBatch } from './run.ts';
import { madeRow } from './test-support/made.ts';
import type { BatchItem, BatchRow } from './types.ts';

const judgement = (score: number): Judgement =>
  someJudgement({
    score,
    rawScore: score,
    liveProbability: 0.5,
    profile: 'fast',
    width: 10,
    height: 20,
  });

interface World {
  /** What each picture's bytes are; every read of it gives the next one, the last again and again. */
  readonly pictures: readonly (string | readonly string[])[];
  /** The answer for such bytes, the n-th time that they are judged. */
  readonly answer?: (bytes: string, time: number) => Fault | undefined;
  readonly most?: number;
  readonly atOnce?: number;
  readonly sequential?: boolean;
}

/** Runs a batch over made-up pictures; every judgement gets another score. */
async function played(world: World): Promise<{ rows: BatchRow[]; judged: string[] }> {
  const rows: BatchRow[] = [];
  const judged: string[] = [];
  async function* items(): AsyncGenerator<BatchItem> {
    for (const [i, bytes] of world.pictures.entries()) {
      const readings = typeof bytes === 'string' ? [bytes] : [...bytes];
      yield {
        key: `k${i}`,
        picture: `p${i}`,
        read: async () => {
          const text = readings.length > 1 ? readings.shift() : readings[0];
          if (text === 'unreadable') throw new Fault('file_unreadable', 'unreadable', 'gone');
          return Buffer.from(text ?? '');
        },
      };
    }
  }
  const judge: Judge = {
    models: [],
    refusal: () => null,
    async judge(picture) {
      const bytes = Buffer.from(picture).toString();
      judged.push(bytes);
      const score = judged.length % 101;
      const fault = world.answer?.(bytes, judged.filter((b) => b === bytes).length);
      // The memory belongs to the judge.
      picture.fill(0);
      await new Promise((go) => setTimeout(go, (score * 7) % 3));
      if (fault !== undefined) throw fault;
      return judgement(score);
    },
  };
  await runBatch({
    source: {
      kind: 'list',
      sequential: world.sequential ?? false,
      items,
      count: async () => world.pictures.length,
      close: async () => {},
    },
    judge,
    journal: {
      async append(row) {
        await new Promise((go) => setImmediate(go));
        rows.push(row);
      },
      async close() {},
    },
    done: new KeySet(),
    memory: createResultMemory(world.most),
    profile: 'fast',
    threshold: 87,
    atOnce: world.atOnce ?? 4,
    onRow: () => {},
    signal: new AbortController().signal,
  });
  return { rows, judged };
}
const row = (rows: readonly BatchRow[], key: string) => rows.find((r) => r.key === key);

describe('pictures of the same bytes', () => {
  it('are judged once; every row is whole, and names the row above it that it is taken from', async () => {
    const pictures = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 60 });
    const world = fc.record({ pictures, atOnce: fc.integer({ min: 1, max: 9 }), sequential: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(world, async (made) => {
        const { rows, judged } = await played(made);
        expect([...judged].sort()).toEqual([...new Set(made.pictures)].sort());
        expect(rows.map((r) => r.key).sort()).toEqual(made.pictures.map((_, i) => `k${i}`).sort());
        const above = new Map<string, BatchRow>();
        for (const one of rows) {
          expect(one.sha256).toBe(sha256Of(Buffer.from(made.pictures[Number(one.key.slice(1))] as string)));
          expect(one.picture).toBe(one.key.replace('k', 'p'));
          if (one.sameAs === null) above.set(one.key, one);
          else {
            const { key, picture, sameAs } = one;
            expect({ ...above.get(sameAs), key, picture, sameAs }).toEqual(one);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('in work at the same moment share one judgement', async () => {
    const { rows, judged } = await played({ pictures: Array(20).fill('a'), atOnce: 20 });
    expect(judged).toEqual(['a']);
    expect(rows.filter((r) => r.sameAs === rows[0].key)).toHaveLength(19);
  });

  it('share a refusal that the bytes decide', async () => {
    const answer = () => new Fault('picture_unreadable', 'truncated', 'cut off');
    const { rows, judged } = await played({ pictures: ['a', 'a', 'a'], answer });
    expect(judged).toEqual(['a']);
    expect(rows.map((r) => [r.code, r.failure])).toEqual(Array(3).fill([-4016, 'truncated']));
  });

  it.each([
    [-4016, 'picture_unreadable', 'too_slow'],
    [-4016, 'picture_unreadable', 'corrupt'],
    [213, 'worker_lost', 'worker_crashed'],
    [213, 'worker_lost', 'worker_stuck'],
  ] as const)(
    'are each judged where circumstances may have decided: %d %s %s',
    async (code, kind, reason) => {
      const { rows, judged } = await played({
        pictures: ['a', 'a', 'a'],
        answer: (_, time) => (time === 1 ? new Fault(kind, reason, 'bad luck') : undefined),
      });
      expect(judged).toEqual(['a', 'a']);
      expect(rows.map((r) => [r.code, r.sameAs === null])).toEqual([
        [code, true],
        [0, true],
        [0, false],
      ]);
    },
  );

  it('that cannot be read have no hash and share nothing', async () => {
    const { rows } = await played({ pictures: ['unreadable', 'unreadable'] });
    expect(rows.map((r) => [r.code, r.sha256, r.sameAs])).toEqual(Array(2).fill([-5805, null, null]));
  });

  it('share nothing with a file that was changed between two readings', async () => {
    const { rows, judged } = await played({
      pictures: [['a', 'b'], 'a', 'b'],
      answer: (bytes, time) =>
        bytes === 'a' && time === 1 ? new Fault('engine_failed', 'engine_failed', 'failed') : undefined,
      atOnce: 1,
    });
    expect(judged).toEqual(['a', 'b', 'a', 'b']);
    expect(row(rows, 'k0')?.sha256).toBe(sha256Of(Buffer.from('b')));
    expect(rows.every((r) => r.sameAs === null)).toBe(true);
  });

  it('are judged again when too many others came between them; what is used stays', async () => {
    const pictures = ['a', 'b', 'a', 'c', 'a', 'b'];
    const { judged } = await played({ pictures, most: 2, atOnce: 1 });
    expect(judged).toEqual(['a', 'b', 'c', 'b']);
  });

  it('come out where the first one’s row could not be written', async () => {
    const memory = createResultMemory();
    const first = memory.rowOrMake('x', () => Promise.reject(new Error('no space')));
    const made = madeRow({ key: 'second', sha256: 'x' });
    const second = memory.rowOrMake('x', () => Promise.resolve(made));
    await expect(first).rejects.toThrow('no space');
    expect(await second).toBeNull();
    expect(await memory.rowOrMake('x', () => Promise.reject(new Error('not again')))).toEqual(made);
  });
});

describe('holdsForEqualBytes', () => {
  it.each([
    [0, null, true],
    [-4015, null, true],
    [-4016, 'not_an_image', true],
    [-4016, 'of_a_later_version', false],
    [-5805, 'http_404', false],
    [213, 'engine_failed', false],
  ])('code %d, %s: %s', (code, failure, expected) => {
    expect(holdsForEqualBytes(madeRow({ key: 'k', code, failure }))).toBe(expected);
  });
});
