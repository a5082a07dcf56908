import { UsageError } from '../../faults.ts';
import { FEWEST_STILLS, MOST_STILLS } from '../../liveness/stills/fuse.ts';
import { planarMotion } from '../../liveness/stills/motion.ts';
import { type JudgedStill, judgeTogether } from '../../liveness/stills/together.ts';
import { print } from '../shared/printable.ts';

/** @throws {UsageError} `stills` when these are too few or too many to be judged together */
export function checkStills(count: number): void {
  if (count >= FEWEST_STILLS && count <= MOST_STILLS) return;
  throw new UsageError(
    'stills',
    `--together takes ${FEWEST_STILLS} to ${MOST_STILLS} stills of one moment, found ${count}`,
  );
}

/** Prints the verdict on all stills: a line for people, or one of JSON with what each is compared by. */
export function printTogether(stills: readonly JudgedStill[], isForPeople: boolean): void {
  const { fused, consistency } = judgeTogether(stills);
  const faces = stills.flatMap(({ judgement: { face } }) => (face === null ? [] : [face]));
  const [first, last] = [faces[0], faces.at(-1)];
  const motion =
    first === undefined || last === undefined || first === last
      ? null
      : planarMotion(first.keyPoints, last.keyPoints);
  if (!isForPeople) {
    print(
      `${JSON.stringify({ together: true, ...fused, consistency: { ...consistency, planarMotion: motion } })}\n`,
    );
    return;
  }
  const { verdict, score, review, used, reasons } = fused;
  const codes = reasons.map(({ code }) => code).join(' ');
  const said = `${verdict}${review ? ', review' : ''}`;
  print(
    `\ntogether: ${said}, score ${score ?? '-'}, ${used.length} of ${stills.length} stills took part${codes === '' ? '' : `; ${codes}`}\n`,
  );
}
