import { type Answer, presentationOf } from '../pictures/answer.ts';
import type { PictureFacts } from '../pictures/facts.ts';
import type { JudgedPicture } from '../pictures/judge-all.ts';
import { findTraps } from '../traps.ts';
import type { IndexedPicture, Label } from '../types.ts';

/** A picture of an index. */
export const picture = (given: Partial<IndexedPicture> & { label: Label }): IndexedPicture => ({
  id: 'p',
  path: '/p',
  species: given.label === 'attack' ? 'print' : null,
  subject: null,
  session: null,
  device: null,
  group: null,
  fold: null,
  ...given,
});

/** What an engine answered. */
export const answer = (given: Partial<Answer>): Answer => ({
  outcome: 'judged',
  rawScore: 90,
  probability: 0.9,
  logit: 2,
  reasons: [],
  quality: {},
  quarterTurns: 0,
  ...given,
});

/** What is known of a picture. */
export const facts = (given: Partial<PictureFacts>): PictureFacts => ({
  format: 'jpeg',
  bytes: 1000,
  width: 100,
  height: 100,
  jpegQuality: 90,
  chroma: '4:2:0',
  camera: null,
  software: null,
  hasExif: false,
  hasColourProfile: false,
  hash: '0'.repeat(32),
  ...given,
});

/** Pictures by turns bona fide and attack; each with a hash of its own that is far from all others. */
export function judgedPictures(
  n: number,
  of: (i: number, label: Label) => Partial<PictureFacts>,
): JudgedPicture[] {
  return Array.from({ length: n }, (_, i) => {
    const label: Label = i % 2 === 0 ? 'bona-fide' : 'attack';
    const hash = Array.from({ length: 32 }, (_, k) =>
      ((i * 7919 + k * 104729 + ((i * k) << 3)) % 16).toString(16),
    ).join('');
    return {
      picture: picture({ label, id: `p${i}`, path: `/p${i}`, subject: `s${i}` }),
      sha256: `hash ${i}`,
      answer: answer({}),
      facts: facts({ hash, ...of(i, label) }),
    };
  });
}

/** The traps in what was judged. */
export const trapsOf = (judged: readonly JudgedPicture[], folds: readonly string[] | null = null) =>
  findTraps(
    judged.map((j) => presentationOf(j.picture, j.answer, false)),
    judged,
    folds,
    1,
  );
