import type { Judgement } from '../types.ts';
import { type ComparedStill, type Consistency, compareStills, consistencyReasons } from './consistency.ts';
import { type FusedJudgement, fuseStills } from './fuse.ts';

/** What comes of several stills: one verdict, and how they go together. */
export interface Together {
  readonly fused: FusedJudgement;
  readonly consistency: Consistency;
  /**
   * The verdict in the form of one picture's, for log and ledger: face and quality are those of the first
   * still that took part.
   */
  readonly judgement: Judgement;
}

/** A still with its whole judgement. */
export interface JudgedStill extends ComparedStill {
  readonly judgement: Judgement;
}

const ORDER = { error: 0, warning: 1, info: 2 } as const;

/**
 * One verdict on several stills and how they go together. Faces too far apart to be of one series are for
 * review: they may be those of two people, and nobody is recognised here.
 * @param stills each as the app's rules have it; judged as one of several, so that `still` is there
 * @throws {RangeError} without stills, or of stills that were judged as single pictures
 */
export function judgeTogether(stills: readonly JudgedStill[]): Together {
  const judgements = stills.map(({ judgement }) => judgement);
  const curve = judgements[0]?.still?.curve;
  if (curve === undefined) throw new RangeError('the stills were not judged as stills');
  const bare = fuseStills(judgements, curve);
  const consistency = compareStills(stills);
  const apart = consistency.samePosition === false || consistency.sameSize === false;
  const fused: FusedJudgement = {
    ...bare,
    review: bare.review || (apart && bare.score !== null),
    reasons: [...bare.reasons, ...consistencyReasons(consistency)].sort(
      (a, b) => ORDER[a.severity] - ORDER[b.severity],
    ),
  };
  const { used, ...verdict } = fused;
  const base = judgements[used[0] ?? 0] as Judgement;
  const { still: _, ...plain } = base;
  return { fused, consistency, judgement: { ...plain, ...verdict } };
}
