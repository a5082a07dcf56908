/**
 * What a request for a judgement spends its time on, one after the other. `admit`: key, signature and limits;
 * `body`: reading and decoding it; `fetch`: a picture behind a url, or in a file; `queue`: waiting for a
 * worker; `judge`: from being handed to a worker to its answer; `record`: its row, and with an
 * `Idempotency-Key` the kept answer.
 */
export type Stage = 'admit' | 'body' | 'fetch' | 'queue' | 'judge' | 'record';

/** A part of the time that one request took, by `performance.now()`. */
export interface Stretch {
  readonly stage: Stage;
  readonly from: number;
  readonly to: number;
}

/** Which stage a request is in, and was in when: at each moment in exactly one. */
export interface Stages {
  /** From now on it is in this stage. */
  enter(stage: Stage): void;
  /** The stages up to `now` in their order, those of no length left out. */
  until(now: number): readonly Stretch[];
}

/**
 * A request that is in `admit` since `startedAt`.
 * @param clock `performance.now()`; another in tests
 */
export function createStages(startedAt: number, clock: () => number = () => performance.now()): Stages {
  const ended: Stretch[] = [];
  let stage: Stage = 'admit';
  let from = startedAt;
  const upTo = (to: number): readonly Stretch[] => (to > from ? [{ stage, from, to }] : []);
  return {
    enter(next) {
      if (next === stage) return;
      const now = clock();
      ended.push(...upTo(now));
      stage = next;
      from = Math.max(from, now);
    },
    until: (now) => [...ended, ...upTo(now)],
  };
}

/** Milliseconds of every stage that was entered, and of all together. */
export function millisecondsOf(
  stretches: readonly Stretch[],
): Readonly<Partial<Record<Stage | 'total', number>>> {
  const sums: Partial<Record<Stage | 'total', number>> = {};
  let total = 0;
  for (const { stage, from, to } of stretches) {
    sums[stage] = (sums[stage] ?? 0) + (to - from);
    total += to - from;
  }
  return { ...sums, total };
}
