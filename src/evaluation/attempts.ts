import { UsageError } from '../faults.ts';
import { liveProbability, type ProbabilityScaling, type ScoreCurve, scoreOf } from '../liveness/calibrate.ts';
import { FEWEST_STILLS, MOST_STILLS } from '../liveness/stills/fuse.ts';
import { count } from '../report/count.ts';
import { type Answer, presentationOf } from './pictures/answer.ts';
import type { JudgedPicture } from './pictures/judge-all.ts';
import type { Presentation } from './types.ts';

/** The columns of an index that can name attempts. */
export const ATTEMPT_FIELDS = ['group', 'session'] as const;
/** A column of an index that names the attempt that a picture is a still of. */
export type AttemptField = (typeof ATTEMPT_FIELDS)[number];

/** What the attempts of an index are made of. */
export interface AttemptCounts {
  readonly by: AttemptField;
  /** Groups of two to five stills, and the stills in them. */
  readonly groups: number;
  readonly stills: number;
  /** Pictures that name no group: attempts of one picture. */
  readonly single: number;
  /** Groups of another size, which the service does not judge together: left out, with their pictures. */
  readonly leftOut: number;
  readonly leftOutPictures: number;
}

/** Attempts: presentations that one verdict is for, of one picture or of several stills. */
export interface Attempts {
  readonly rows: readonly Presentation[];
  /** For each picture the place of its attempt in `rows`; null: it was left out. */
  readonly attemptOf: readonly (number | null)[];
  readonly counts: AttemptCounts;
}

/** How attempts are made. */
export interface AttemptOptions {
  readonly by: AttemptField;
  readonly curve: ScoreCurve & ProbabilityScaling;
  readonly ignoreQuality: boolean;
}

/**
 * Makes an attempt of all pictures with one value in a column, with one verdict as the service gives it: the
 * mean of Z over the stills that are fit, then the score map.
 * @throws {UsageError} `bad_group` when the pictures of a group differ in label, species or subject
 */
export function attemptsOf(judged: readonly JudgedPicture[], options: AttemptOptions): Attempts {
  const { by, ignoreQuality } = options;
  const places = new Map<string, number[]>();
  judged.forEach(({ picture }, at) => {
    const name = picture[by];
    // A name of a group is a text: a place cannot be taken for one.
    const key = name === null ? `single ${at}` : `group ${name}`;
    const known = places.get(key);
    if (known === undefined) places.set(key, [at]);
    else known.push(at);
  });
  const rows: Presentation[] = [];
  const attemptOf = new Array<number | null>(judged.length).fill(null);
  const counts = { groups: 0, stills: 0, single: 0, leftOut: 0, leftOutPictures: 0 };
  for (const members of places.values()) {
    const stills = members.map((at) => judged[at]);
    const isSingle = stills[0].picture[by] === null;
    if (isSingle) counts.single++;
    else if (stills.length < FEWEST_STILLS || stills.length > MOST_STILLS) {
      counts.leftOut++;
      counts.leftOutPictures += stills.length;
      continue;
    } else {
      checkAlike(stills, by);
      counts.groups++;
      counts.stills += stills.length;
    }
    for (const at of members) attemptOf[at] = rows.length;
    const answer = isSingle ? stills[0].answer : fusedAnswer(stills, options);
    rows.push({ ...presentationOf(describe(stills, by), answer, ignoreQuality) });
  }
  if (rows.length === 0) {
    const size = `${FEWEST_STILLS} to ${MOST_STILLS}`;
    throw new UsageError('bad_group', `expected groups of ${size} pictures in the column ${by}, found none.`);
  }
  return { rows, attemptOf, counts: { by, ...counts } };
}

function checkAlike(stills: readonly JudgedPicture[], by: AttemptField): void {
  const [first, ...others] = stills.map(({ picture }) => picture);
  for (const field of ['label', 'species', 'subject'] as const) {
    const other = others.find((one) => one[field] !== first[field]);
    if (other === undefined) continue;
    throw new UsageError(
      'bad_group',
      `${by} ${first[by]}: expected pictures of one ${field}, found ${first[field] ?? 'none'} of ${first.id} and ${other[field] ?? 'none'} of ${other.id}.`,
    );
  }
}

/** What is known of an attempt: what all its pictures have in common, under the first one's name. */
function describe(stills: readonly JudgedPicture[], by: AttemptField): JudgedPicture['picture'] {
  const [first] = stills;
  const common = (field: 'session' | 'device' | 'group' | 'fold') =>
    stills.every(({ picture }) => picture[field] === first.picture[field]) ? first.picture[field] : null;
  return {
    ...first.picture,
    session: common('session'),
    device: common('device'),
    // The name of an attempt is no group whose rates are compared.
    group: by === 'group' ? null : common('group'),
    fold: common('fold'),
  };
}

function fusedAnswer(
  stills: readonly JudgedPicture[],
  { curve, ignoreQuality }: Pick<AttemptOptions, 'curve' | 'ignoreQuality'>,
): Answer {
  const answers = stills.map(({ answer }) => answer);
  // A still that cannot be read refuses the whole request.
  const refused = answers.find(({ outcome }) => outcome.startsWith('refused:'));
  if (refused !== undefined) return refused;
  const fit = answers.filter(
    ({ outcome, logit }) =>
      logit !== null && (outcome === 'judged' || (ignoreQuality && outcome === 'poor_quality')),
  );
  if (fit.length === 0) {
    const faceless = answers.filter(({ outcome }) => outcome === 'no_face').length;
    const outcome = faceless * 2 > answers.length ? 'no_face' : 'poor_quality';
    return answers.find((one) => one.outcome === outcome) ?? answers[0];
  }
  const logit = fit.reduce((sum, one) => sum + (one.logit ?? 0), 0) / fit.length;
  return {
    ...fit[0],
    outcome: 'judged',
    logit,
    rawScore: scoreOf(curve, logit),
    probability: liveProbability(curve, logit),
  };
}

/** The attempts in words. */
export function attemptsText({
  by,
  groups,
  stills,
  single,
  leftOut,
  leftOutPictures,
}: AttemptCounts): string {
  const alone = single === 0 ? '' : `, and ${single} of one picture`;
  const out =
    leftOut === 0
      ? ''
      : `; left out: ${count(leftOut, 'group')} of another size than ${FEWEST_STILLS} to ${MOST_STILLS} (${count(leftOutPictures, 'picture')})`;
  return `Rates are over attempts: ${count(groups, 'group')} by the column ${by}, with one verdict on ${count(stills, 'still')}${alone}${out}.`;
}
