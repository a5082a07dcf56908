import { compareStills, consistencyReasons } from '../liveness/stills/consistency.ts';
import { fuseStills } from '../liveness/stills/fuse.ts';
import type { SessionDecision, SessionOutcome, StillTaken } from './types.ts';

/** What a try came to. */
export interface TryDecided {
  readonly outcome: SessionOutcome;
  readonly decision: SessionDecision;
}

/**
 * What the stills of one try come to, decided together as those of one `POST /v1/liveness` with several
 * pictures are: the score of the mean of Z over the fit ones. For review are live results that the networks
 * do not back, of stills that contradict each other or whose faces lie too far apart, and where the app wants
 * that those with signals, and series of which one picture is all that was judged.
 */
export function decideTry(
  stills: readonly StillTaken[],
  captureSignals: 'information' | 'review',
): TryDecided {
  const judged = stills.flatMap(({ verdict, evidence, threshold, sha256 }) =>
    verdict === null || evidence === null ? [] : [{ verdict, evidence, threshold: threshold ?? 0, sha256 }],
  );
  const curve = judged[0]?.evidence.curve;
  if (curve === undefined) return { outcome: 'unfit', decision: UNFIT };
  const fused = fuseStills(
    judged.map(({ verdict, threshold, evidence: { fusedLogit, reviewLimits } }) => ({
      verdict,
      threshold,
      fusedLogit,
      reviewLimits,
      reasons: [],
    })),
    curve,
  );
  const consistency = compareStills(
    judged.map(({ sha256, evidence: { faceBox, width, sketch } }) => ({
      judgement: { face: faceBox === null ? null : { box: faceBox }, width, quality: [] },
      sha256,
      thumbnail: sketch === undefined ? null : Float32Array.from(sketch),
    })),
  );
  const { score, liveProbability } = fused;
  const isApart = consistency.samePosition === false || consistency.sameSize === false;
  const review = fused.review || (isApart && score !== null);
  const reasons = [...fused.reasons, ...consistencyReasons(consistency)].map(({ code }) => code as string);
  const decision = { score, liveProbability, review, reasons };
  if (fused.verdict === 'attack') return { outcome: 'attack', decision };
  if (fused.verdict !== 'live') return { outcome: 'unfit', decision };
  // A series is worth something by being compared: one picture alone in it, or sent several times, is none.
  const isOnePicture = stills.length > 1 && (fused.used.length < 2 || consistency.identical.length > 0);
  const isSignalled = isOnePicture || stills.some(({ signals }) => signals.length > 0);
  const isForReview = review || (captureSignals === 'review' && isSignalled);
  return { outcome: isForReview ? 'review' : 'live', decision };
}

const UNFIT: SessionDecision = { score: null, liveProbability: null, review: false, reasons: [] };
