import type { Fault } from '../faults.ts';
import type { Judgement, Profile } from '../liveness/types.ts';
import { codeOf } from '../wire/legacy/codes/codes.ts';
import type { BatchItem, BatchRow } from './types.ts';

/** What decides a row besides its picture. */
export interface RowSettings {
  readonly profile: Profile;
  readonly threshold: number;
}

/** What is written of a picture whatever comes of it. */
type Named = Pick<BatchItem, 'key' | 'picture' | 'group'>;

const groupOf = ({ group }: Named) => (group === undefined ? {} : { group });

/** Six digits are more than any of these measures is good for, and make rows a third shorter. */
const short = (value: number) => Number(value.toPrecision(6));

/** The row of a judged picture whose bytes have this SHA-256. */
export function rowOf(item: Named, sha256: string, judgement: Judgement): BatchRow {
  const { box } = judgement.face ?? {};
  const noFace = judgement.verdict === 'no_face';
  return {
    key: item.key,
    picture: item.picture,
    ...groupOf(item),
    sha256,
    sameAs: null,
    code: codeOf(noFace ? 'no_face' : null),
    failure: null,
    message: noFace ? (judgement.reasons[0]?.text ?? 'no face') : 'OK',
    verdict: judgement.verdict,
    score: judgement.score,
    review: judgement.review,
    rawScore: judgement.rawScore,
    liveProbability: judgement.liveProbability === null ? null : short(judgement.liveProbability),
    threshold: judgement.threshold,
    profile: judgement.profile,
    faceCount: judgement.faceCount,
    width: judgement.width,
    height: judgement.height,
    box: box === undefined ? null : [short(box.left), short(box.top), short(box.right), short(box.bottom)],
    reasons: judgement.reasons.map((r) => r.code),
    quality: Object.fromEntries(judgement.quality.map((q) => [q.name, short(q.value)])),
  };
}

/** The row of a picture that was not judged, and why. */
export function failedRow(item: Named, task: RowSettings, sha256: string | null, fault: Fault): BatchRow {
  return {
    key: item.key,
    picture: item.picture,
    ...groupOf(item),
    sha256,
    sameAs: null,
    code: codeOf(fault.kind),
    failure: fault.reason,
    message: fault.message,
    verdict: null,
    score: null,
    review: null,
    rawScore: null,
    liveProbability: null,
    threshold: task.threshold,
    profile: task.profile,
    faceCount: null,
    width: null,
    height: null,
    box: null,
    reasons: [],
    quality: {},
  };
}
