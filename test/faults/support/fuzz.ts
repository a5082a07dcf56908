import { seeded } from './seeded.ts';

export type Random = ReturnType<typeof seeded>;

/** Where a run begins; another number tries other inputs. */
export const fuzzSeed = Number(process.env.LIVESTILL_FUZZ_SEED ?? 20_261_123);
/** How many times as many cases as in CI are tried: for a long run by hand. */
export const fuzzRounds = Number(process.env.LIVESTILL_FUZZ_ROUNDS ?? 1);

/** Longest time that one case may take, in ms. */
const patience = 60_000;

/** What a fuzzing run came to. */
export interface FuzzResult {
  readonly cases: number;
  /** How often each outcome came. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

/**
 * Tries `count` cases, each from a seed of its own, behind the seeds of past failures. `attempt` makes its input out of the
 * random numbers, checks what comes of it and says which outcome it was.
 * @throws Error naming the seed, when a case fails or takes over 10 s
 */
export async function fuzz(
  name: string,
  count: number,
  kept: readonly number[],
  attempt: (random: Random) => string | Promise<string>,
): Promise<FuzzResult> {
  const outcomes = new Map<string, number>();
  const cases = count * fuzzRounds;
  let slowestMs = 0;
  for (let done = 0; done < kept.length + cases; done++) {
    const seed = kept[done] ?? fuzzSeed + done - kept.length;
    const started = performance.now();
    const outcome = await withinPatience(Promise.resolve(seeded(seed)).then(attempt)).catch(
      (cause: unknown) => {
        throw new Error(`${name}, seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        });
      },
    );
    const took = performance.now() - started;
    if (took > patience) throw new Error(`${name}, seed ${seed}: took ${took.toFixed(0)} ms`);
    slowestMs = Math.max(slowestMs, took);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const result = {
    cases: kept.length + cases,
    outcomes: Object.fromEntries([...outcomes].sort()),
    slowestMs,
  };
  console.log(
    `${name}: ${result.cases} cases from seed ${fuzzSeed}, slowest ${slowestMs.toFixed(0)} ms, ${JSON.stringify(result.outcomes)}`,
  );
  return result;
}

function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${patience} ms`)), patience);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** One of a list. */
export function pick<T>({ below }: Random, list: readonly T[]): T {
  return list[below(list.length)] as T;
}

/** Changes a few places of `bytes`: single bytes, cuts, repeats, moved pieces, words of a dictionary put in or over. */
export function mutate(bytes: Buffer, random: Random, words: readonly string[]): Buffer {
  const { below } = random;
  let copy = Buffer.from(bytes);
  for (let left = 1 + (below(2) === 0 ? 0 : below(6)); left > 0; left--) {
    const at = below(copy.length + 1);
    const length = 1 + below(below(4) === 0 ? 200 : 12);
    const [before, after] = [copy.subarray(0, at), copy.subarray(at)];
    switch (below(8)) {
      case 0:
        if (at < copy.length) copy[at] = below(256);
        break;
      case 1:
        if (at < copy.length) copy[at] = (copy[at] as number) ^ (1 << below(8));
        break;
      case 2:
        copy = Buffer.concat([before, copy.subarray(at + length)]);
        break;
      case 3:
        copy = Buffer.concat([before, copy.subarray(at, at + length), after]);
        break;
      case 4:
        copy = Buffer.concat([before, Buffer.from(pick(random, words), 'latin1'), after]);
        break;
      case 5: {
        const word = Buffer.from(pick(random, words), 'latin1');
        copy = Buffer.concat([before, word, copy.subarray(at + word.length)]);
        break;
      }
      case 6: {
        const from = below(copy.length + 1);
        copy = Buffer.concat([before, copy.subarray(from, from + length), after]);
        break;
      }
      default:
        copy = below(4) === 0 ? Buffer.from(before) : Buffer.concat([before, random.bytes(length), after]);
    }
  }
  return copy;
}
