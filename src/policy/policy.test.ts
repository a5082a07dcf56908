import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPTURE_NAMES, codesUnder } from '../liveness/quality/capture.ts';
import { type ReasonCode, reason } from '../liveness/reasons.ts';
import { reportedScore } from '../liveness/reported-score.ts';
import { keyPointsAt, someJudgement } from '../liveness/test-support/judgement.ts';
import type { CapturePreset, Judgement, Reason } from '../liveness/types.ts';
import { decide, verdictUnder } from './decide.ts';
import { checkRules, DEFAULT_RULES, isQualityFailure, type JudgingRules } from './policy.ts';
import { type Policy, previewPolicy } from './preview.ts';

const judged = (change: Partial<Judgement>): Judgement =>
  someJudgement({
    face: {
      box: { left: 0, top: 0, right: 100, bottom: 130 },
      keyPoints: keyPointsAt(0, 0),
      detectorScore: 1,
      detectorIoU: 1,
    },
    ...change,
  });
const rules = (change: Partial<JudgingRules> = {}): JudgingRules => ({ ...DEFAULT_RULES, ...change });
const codes = (reasons: readonly Reason[]) => reasons.map((one) => [one.code, one.severity]);
const reasonOf = (change: Partial<JudgingRules>) => {
  try {
    checkRules(change);
    return 'good';
  } catch (error) {
    return (error as { reason: string }).reason;
  }
};

describe('a decision', () => {
  it("under the default rules is the engine's own", () => {
    const pictures: Judgement[] = [
      judged({}),
      judged({ verdict: 'attack', rawScore: 87, reasons: [reason('ATTACK_SUSPECTED')] }),
      judged({ verdict: 'poor_quality', rawScore: 99, reasons: [reason('BLURRED'), reason('SOFT')] }),
      judged({ verdict: 'no_face', rawScore: null, face: null, reasons: [reason('NO_FACE')] }),
      judged({ faceCount: 2, reasons: [reason('SEVERAL_FACES')] }),
    ];
    for (const one of pictures) {
      expect(decide(one, rules())).toEqual({
        verdict: one.verdict,
        score: reportedScore(one.verdict, one.rawScore),
        review: false,
        reasons: one.reasons,
      });
    }
  });

  it('drops the suspicion of a picture that turns out unfit', () => {
    const one = judged({
      verdict: 'attack',
      rawScore: 5,
      reasons: [reason('ATTACK_SUSPECTED'), reason('SEVERAL_FACES')],
    });
    expect(codes(decide(one, rules({ severalFaces: 'reject' })).reasons)).toEqual([
      ['SEVERAL_FACES', 'error'],
    ]);
  });

  it('tells a failure that does not reject as a warning', () => {
    const one = judged({ verdict: 'poor_quality', rawScore: 20, reasons: [reason('TOO_DARK')] });
    expect(codes(decide(one, rules({ rejectOn: [] })).reasons)).toEqual([
      ['ATTACK_SUSPECTED', 'error'],
      ['TOO_DARK', 'warning'],
    ]);
  });

  it('that the networks do not back is for review, with a reason that speaks of no attack', () => {
    const reviewLimits = { low: 0.3, high: 0.7 };
    const doubtful = (change: Partial<Judgement>) =>
      decide(judged({ liveProbability: 0.5, reviewLimits, reasons: [reason('SOFT')], ...change }), rules());
    const refused = doubtful({ verdict: 'attack', rawScore: 60, reasons: [reason('UNCERTAIN')] });
    expect([refused.verdict, refused.review, codes(refused.reasons)]).toEqual([
      'attack',
      true,
      [['UNCERTAIN', 'error']],
    ]);
    const accepted = doubtful({ rawScore: 60, threshold: 50 });
    expect([accepted.verdict, accepted.review, codes(accepted.reasons)]).toEqual([
      'live',
      true,
      [
        ['UNCERTAIN', 'warning'],
        ['SOFT', 'warning'],
      ],
    ]);
  });

  it('on a picture that turns out unfit is for no review', () => {
    const one = judged({
      verdict: 'attack',
      rawScore: 60,
      liveProbability: 0.5,
      review: true,
      reviewLimits: { low: 0.3, high: 0.7 },
      reasons: [reason('UNCERTAIN'), reason('SEVERAL_FACES')],
    });
    const { review, reasons } = decide(one, rules({ severalFaces: 'reject' }));
    expect([review, codes(reasons)]).toEqual([false, [['SEVERAL_FACES', 'error']]]);
  });

  it('of a poor picture that is judged all the same is weighed anew', () => {
    const one = judged({
      verdict: 'poor_quality',
      rawScore: 60,
      liveProbability: 0.5,
      reviewLimits: { low: 0.3, high: 0.7 },
      reasons: [reason('TOO_DARK')],
    });
    const { verdict, review, reasons } = decide(one, rules({ poorQuality: 'warning' }));
    expect([verdict, review, codes(reasons)]).toEqual([
      'attack',
      true,
      [
        ['UNCERTAIN', 'error'],
        ['TOO_DARK', 'warning'],
      ],
    ]);
  });

  it('is never "attack" for a picture that was not judged', () => {
    const some = fc.subarray(['BLURRED', 'TOO_DARK', 'SEVERAL_FACES', 'SOFT', 'FACE_TOO_SMALL'] as const);
    const anyRules = fc.record({
      severalFaces: fc.constantFrom('largest', 'reject'),
      minFaceWidth: fc.option(fc.integer({ min: 1, max: 200 })),
      rejectOn: fc.option(fc.subarray(['BLURRED', 'TOO_DARK'])),
      poorQuality: fc.constantFrom('verdict', 'warning'),
    });
    fc.assert(
      fc.property(some, anyRules, fc.integer({ min: 0, max: 100 }), (found, given, score) => {
        const { verdict, reasons } = decide(judged({ rawScore: score, reasons: found.map(reason) }), given);
        const unfit = reasons.some((one) => one.severity === 'error' && one.code !== 'ATTACK_SUSPECTED');
        expect(unfit).toBe(verdict === 'poor_quality');
        expect(reasons.some((one) => one.code === 'ATTACK_SUSPECTED')).toBe(verdict === 'attack');
        if (!unfit) expect(verdict).toBe(score > 87 ? 'live' : 'attack');
      }),
    );
  });
});

describe('rules', () => {
  it.each([
    [{}, 'good'],
    [{ severalFaces: 'reject', minFaceWidth: 120, rejectOn: ['BLURRED'], poorQuality: 'warning' }, 'good'],
    [{ minFaceWidth: null, rejectOn: null }, 'good'],
    [{ minFaceWidth: 0 }, 'invalid_policy'],
    [{ minFaceWidth: 80.5 }, 'invalid_policy'],
    [{ rejectOn: ['SOFT'] }, 'invalid_policy'],
    [{ rejectOn: ['NO_FACE'] }, 'invalid_policy'],
    [{ rejectOn: ['toString'] }, 'invalid_policy'],
    [{ severalFaces: 'all' }, 'invalid_policy'],
    [{ poorQuality: 'ignore' }, 'invalid_policy'],
  ])('%j are %s', (change, expected) => {
    expect(reasonOf(change as Partial<JudgingRules>)).toBe(expected);
  });

  it('know which errors are quality failures', () => {
    expect(['BLURRED', 'FACE_CUT_OFF', 'HEAD_TILTED'].every(isQualityFailure)).toBe(true);
    expect(
      ['NO_FACE', 'ATTACK_SUSPECTED', 'UNCERTAIN', 'SOFT', 'SEVERAL_FACES', 'truncated'].some(
        isQualityFailure,
      ),
    ).toBe(false);
  });
});

describe('a preview', () => {
  const rows = [
    { rawScore: 95, reasons: [] },
    { rawScore: 90, reasons: ['SOFT'] },
    { rawScore: 88, reasons: ['SEVERAL_FACES'] },
    { rawScore: 87, reasons: ['ATTACK_SUSPECTED'] },
    { rawScore: 97, reasons: ['BLURRED'] },
    { rawScore: null, reasons: ['NO_FACE'] },
    { rawScore: null, reasons: ['truncated'] },
  ];
  const policyOf = (change: Partial<Policy> = {}): Policy => ({
    threshold: 87,
    capture: 'lenient',
    review: null,
    rules: rules(),
    ...change,
  });
  const current = policyOf();

  it('of a higher threshold counts those between the two', async () => {
    const found = await previewPolicy(rows, current, policyOf({ threshold: 90 }));
    expect(found).toMatchObject({
      rows: 7,
      scored: 5,
      unmeasured: 5,
      unscored: 2,
      current: { live: 3, attack: 1, poor_quality: 1 },
      proposed: { live: 1, attack: 3, poor_quality: 1 },
      newlyRefused: 2,
      newlyAccepted: 0,
      newlyRefusedBy: {},
      newlyRefusedShare: 0.4,
      newlyAcceptedShare: 0,
    });
  });

  it('of other rules counts what they change', async () => {
    const faces = await previewPolicy(rows, current, policyOf({ rules: rules({ severalFaces: 'reject' }) }));
    expect([faces.newlyRefused, faces.proposed.poor_quality]).toEqual([1, 2]);
    const loose = await previewPolicy(rows, current, policyOf({ rules: rules({ poorQuality: 'warning' }) }));
    expect([loose.newlyAccepted, loose.proposed.poor_quality]).toEqual([1, 0]);
  });

  it("of other limits of review counts what they change: an app's own, else the server's of the profile", async () => {
    const row = (rawScore: number, liveProbability: number | null, more = {}) => ({
      rawScore,
      reasons: [],
      explanation: { measured: null, profile: 'careful', liveProbability, review: true, ...more },
    });
    const judgedRows = [row(95, 0.95), row(90, 0.75), row(80, 0.5), row(20, 0.1), row(89, null)];
    const server = { careful: { low: 0.3, high: 0.7 } };
    const wide = policyOf({ review: { low: 0.05, high: 0.8 } });
    expect(await previewPolicy(judgedRows, current, wide, server)).toMatchObject({
      review: { current: 2, proposed: 4 },
      newlyForReview: 2,
      noLongerForReview: 0,
      withoutProbability: 1,
      newlyRefused: 0,
      newlyAccepted: 0,
    });
    expect(await previewPolicy(judgedRows, wide, current, server)).toMatchObject({ noLongerForReview: 2 });
    const unfit = [{ ...row(95, 0.5), reasons: ['BLURRED'] }];
    expect(await previewPolicy(unfit, current, wide, server)).toMatchObject({
      review: { current: 0, proposed: 0 },
    });
  });

  it('tries the limits that a row was decided with where the server does not know its own', async () => {
    const content = { review: { low: 0.2, high: 0.9 } };
    const row = (policy: { content: Record<string, unknown> } | null) => ({
      rawScore: 93,
      reasons: [],
      explanation: { measured: null, profile: 'careful', liveProbability: 0.85, policy },
    });
    const counted = (row_: Parameters<typeof previewPolicy>[0]) => previewPolicy(row_, current, current, {});
    expect((await counted([row({ content })])).review).toEqual({ current: 1, proposed: 1 });
    expect((await counted([row({ content: {} }), row(null)])).review).toEqual({ current: 0, proposed: 0 });
    const none = { careful: null };
    expect((await previewPolicy([row({ content })], current, current, none)).review.current).toBe(0);
  });

  it('of a capture preset counts as the decision itself would have been', async () => {
    const names = fc.constantFrom(...CAPTURE_NAMES);
    const values = fc.record({
      FaceWidth: fc.integer({ min: 30, max: 300 }),
      InterEyeDistance: fc.integer({ min: 10, max: 120 }),
      FacePadding: fc.integer({ min: -20, max: 60 }),
      HeadPoseYaw: fc.integer({ min: -40, max: 40 }),
      HeadPosePitch: fc.integer({ min: -40, max: 40 }),
      PictureWidth: fc.constantFrom(480, 600, 720, 1080),
      PictureHeight: fc.constantFrom(640, 800, 960, 1440),
    });
    const someRules = fc.record({
      rejectOn: fc.option(fc.constant(['HEAD_TURNED_FAR', 'BLURRED'])),
      poorQuality: fc.constantFrom('verdict', 'warning'),
      minFaceWidth: fc.option(fc.constant(120)),
    });
    await fc.assert(
      fc.asyncProperty(values, names, names, someRules, async (measured, was, proposed, given) => {
        const face = {
          ...judged({}).face!,
          box: { left: 0, top: 0, right: measured.FaceWidth, bottom: 100 },
        };
        const under = (preset: CapturePreset) =>
          judged({
            face,
            reasons: (codesUnder(preset, [], measured) ?? []).map((code) => reason(code as ReasonCode)),
          });
        const before = decide(under(was), rules(given));
        const row = {
          rawScore: 93,
          reasons: before.reasons.map(({ code }) => code),
          explanation: { measured },
        };
        const policy = policyOf({ capture: proposed, rules: rules(given) });
        const found = await previewPolicy([row], policy, policy);
        expect(found.proposed[decide(under(proposed), rules(given)).verdict as 'live']).toBe(1);
      }),
    );
  });

  it('of nothing changes nothing, and an empty ledger has no share', async () => {
    expect(await previewPolicy(rows, current, current)).toMatchObject({ newlyRefused: 0, newlyAccepted: 0 });
    expect(await previewPolicy([], current, current)).toMatchObject({ rows: 0, newlyRefusedShare: null });
  });

  it('decides as the decision itself would', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.subarray(['BLURRED', 'SEVERAL_FACES'] as const),
        (score, found) => {
          const picture = judged({ rawScore: score, reasons: found.map(reason) });
          const strict = rules({ severalFaces: 'reject' });
          expect(verdictUnder({ score, codes: found }, strict, 87)).toBe(decide(picture, strict).verdict);
        },
      ),
    );
  });
});
