import { clopperPearson, type Interval, quantile } from '../metrics/intervals.ts';
import { createRandom } from '../metrics/random.ts';
import { type Answer, ask, type PictureJudge } from '../pictures/answer.ts';
import type { Cache } from '../pictures/cache.ts';
import { type JudgedPicture, mapConcurrently, readPicture } from '../pictures/judge-all.ts';
import type { Label } from '../types.ts';
import { plainFile, TRANSFORMATIONS, type Transformation } from './transformations.ts';

/** What a transformation did to pictures of one label, or to all. */
export interface Effect {
  /** Pictures judged before and after. */
  readonly n: number;
  /** Pictures whose verdict (accepted, rejected, no response) changed, of all tried. */
  readonly changed: number;
  readonly tried: number;
  readonly changedShare: number | null;
  readonly changedInterval: Interval | null;
  /** Pictures that no longer get a response. */
  readonly lost: number;
  /**
   * Score after less score before: mean, mean of the sizes, and the size that 95 % stay under. Null without
   * pictures.
   */
  readonly shift: number | null;
  readonly meanMove: number | null;
  readonly move95: number | null;
}

/** A transformation with its effects. */
export interface RobustnessRow {
  readonly family: string;
  readonly step: string;
  readonly at: number;
  readonly all: Effect;
  readonly byLabel: Readonly<Record<Label, Effect>>;
}

/** The whole trial. */
export interface Robustness {
  readonly pictures: number;
  readonly threshold: number;
  readonly rows: readonly RobustnessRow[];
}

/** How it is tried. */
export interface RobustnessOptions {
  readonly judge: () => Promise<PictureJudge>;
  readonly answers: Cache<Answer>;
  readonly threshold: number;
  /** At most so many pictures, drawn evenly from both labels with the seed. */
  readonly limit: number;
  readonly seed: number;
  readonly concurrency?: number;
  readonly onDone?: () => void;
}

interface Pair {
  readonly label: Label;
  readonly before: Answer;
  readonly after: Answer;
}

function verdict({ outcome, rawScore }: Answer, threshold: number): string {
  if (outcome !== 'judged' || rawScore === null) return 'no response';
  return rawScore > threshold ? 'accepted' : 'rejected';
}

function effect(pairs: readonly Pair[], threshold: number): Effect {
  const changed = pairs.filter((p) => verdict(p.before, threshold) !== verdict(p.after, threshold)).length;
  const lost = pairs.filter((p) => p.before.outcome === 'judged' && p.after.outcome !== 'judged').length;
  const both = pairs.filter((p) => p.before.outcome === 'judged' && p.after.outcome === 'judged');
  const moves = both.map((p) => p.after.rawScore! - p.before.rawScore!);
  const sizes = moves.map(Math.abs).sort((a, b) => a - b);
  const mean = (values: readonly number[]) =>
    values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;
  return {
    n: both.length,
    changed,
    tried: pairs.length,
    changedShare: pairs.length === 0 ? null : changed / pairs.length,
    changedInterval: clopperPearson(changed, pairs.length),
    lost,
    shift: mean(moves),
    meanMove: mean(sizes),
    move95: sizes.length === 0 ? null : quantile(sizes, 0.95),
  };
}

/** The pictures that are tried: as many of either label as can be had, drawn with the seed. */
export function drawPictures(judged: readonly JudgedPicture[], limit: number, seed: number): JudgedPicture[] {
  const random = createRandom(seed);
  const mixed = judged
    .filter((j) => j.facts !== null)
    .map((j) => ({ j, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ j }) => j);
  const bonaFide = mixed.filter((j) => j.picture.label === 'bona-fide');
  const attacks = mixed.filter((j) => j.picture.label === 'attack');
  const fromAttacks = Math.min(attacks.length, Math.max(Math.floor(limit / 2), limit - bonaFide.length));
  return [...bonaFide.slice(0, limit - fromAttacks), ...attacks.slice(0, fromAttacks)];
}

/** Judges pictures again after each transformation. Answers are kept by picture and transformation. */
export async function tryRobustness(
  judged: readonly JudgedPicture[],
  options: RobustnessOptions,
  transformations: readonly Transformation[] = TRANSFORMATIONS,
): Promise<Robustness> {
  const drawn = drawPictures(judged, options.limit, options.seed);
  const perPicture = await mapConcurrently(drawn, options.concurrency ?? 1, async (j) => {
    const answers: Answer[] = [];
    for (const t of transformations) {
      const key = `${j.sha256}/${t.family}=${t.step}`;
      let answer = options.answers.get(key);
      if (answer === undefined) {
        answer = await ask(
          await options.judge(),
          await t.apply(await plainFile(await readPicture(j.picture))),
        );
        await options.answers.put(key, answer);
      }
      answers.push(answer);
    }
    options.onDone?.();
    return answers;
  });
  const rows = transformations.map(({ family, step, at }, k) => {
    const pairs = drawn.map(
      (j, i): Pair => ({ label: j.picture.label, before: j.answer, after: perPicture[i][k] }),
    );
    const of = (label: Label) =>
      effect(
        pairs.filter((p) => p.label === label),
        options.threshold,
      );
    return {
      family,
      step,
      at,
      all: effect(pairs, options.threshold),
      byLabel: { 'bona-fide': of('bona-fide'), attack: of('attack') },
    };
  });
  return { pictures: drawn.length, threshold: options.threshold, rows };
}
