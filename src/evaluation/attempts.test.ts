import { describe, expect, it } from 'vitest';
import { fuseStills } from '../liveness/stills/fuse.ts';
import { calibrationOf } from '../liveness/test-support/cards.ts';
import { type AttemptOptions, attemptsOf } from './attempts.ts';
import type { Answer } from './pictures/answer.ts';
import type { JudgedPicture } from './pictures/judge-all.ts';
import { answer, picture } from './test-support/pictures.ts';
import type { IndexedPicture } from './types.ts';

const curve = calibrationOf('careful');
const options: AttemptOptions = { by: 'group', curve, ignoreQuality: false };

let number = 0;
const judged = (given: Partial<IndexedPicture>, said: Partial<Answer> = {}): JudgedPicture => ({
  picture: picture({ label: 'bona-fide', id: `p${++number}`, ...given }),
  sha256: `h${number}`,
  answer: answer(said),
  facts: null,
});

describe('attempts', () => {
  it('have the verdict that the service gives to the stills', () => {
    const logits = [6, -2, 1];
    const { rows } = attemptsOf(
      logits.map((logit) => judged({ group: 'a', id: `${logit}` }, { logit })),
      options,
    );
    const stills = logits.map((fusedLogit) => ({
      verdict: 'live' as const,
      fusedLogit,
      threshold: 87,
      reviewLimits: null,
      reasons: [],
    }));
    const { rawScore, liveProbability } = fuseStills(stills, curve);
    expect(rows).toMatchObject([{ id: '6', group: null, score: rawScore, probability: liveProbability }]);
  });

  it('are counted, and those of a size that is not judged together are left out', () => {
    const stills = [
      ...[1, 2].map(() => judged({ group: 'two' })),
      judged({}),
      judged({ group: 'one' }),
      ...[1, 2, 3, 4, 5, 6].map(() => judged({ group: 'six' })),
      judged({ group: 'two' }),
    ];
    const { rows, counts, attemptOf } = attemptsOf(stills, options);
    expect(rows).toHaveLength(2);
    expect(counts).toEqual({ by: 'group', groups: 1, stills: 3, single: 1, leftOut: 2, leftOutPictures: 7 });
    expect(attemptOf).toEqual([0, 0, 1, null, null, null, null, null, null, null, 0]);
  });

  it('leave unfit stills aside, and get no response where none is fit or one is no picture', () => {
    const poor = { outcome: 'poor_quality', rawScore: 3, logit: -9 };
    const none = { outcome: 'no_face', rawScore: null, logit: null };
    const of = (group: string, ...answers: Partial<Answer>[]) => answers.map((one) => judged({ group }, one));
    const all = [
      ...of('fit', { logit: 4 }, poor),
      ...of('poor', poor, none),
      ...of('faceless', none, none, poor),
      ...of('broken', { logit: 4 }, { outcome: 'refused:truncated', logit: null, rawScore: null }),
    ];
    const { rows } = attemptsOf(all, options);
    expect(rows.map(({ nonResponse }) => nonResponse)).toEqual([
      null,
      'poor_quality',
      'no_face',
      'refused:truncated',
    ]);
    const ignoring = attemptsOf(all, { ...options, ignoreQuality: true }).rows;
    expect(ignoring[0]!.score).toBeLessThan(rows[0]!.score!);
    expect(ignoring[1]!.score).not.toBeNull();
  });

  it.each([
    ['label', { label: 'attack', species: 'print' }],
    ['subject', { subject: 'other' }],
  ] as const)('are refused where their pictures differ in %s', (field, other) => {
    const pictures = [judged({ group: 'x' }), judged({ group: 'x', ...other })];
    expect(() => attemptsOf(pictures, options)).toThrow(`group x: expected pictures of one ${field}`);
  });

  it('may be sessions, and keep their group then', () => {
    const stills = [1, 2].map(() => judged({ session: 's', group: 'g' }));
    expect(attemptsOf(stills, { ...options, by: 'session' }).rows).toMatchObject([
      { session: 's', group: 'g' },
    ]);
  });

  it('are refused where there is none', () => {
    expect(() => attemptsOf([judged({ group: 'x' })], options)).toThrow('found none');
  });
});
