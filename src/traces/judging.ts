import type { Stretch } from './stages.ts';
import type { Span } from './types.ts';

/** What a worker says it spent on a picture, in ms, by step. */
export type Steps = Readonly<Record<string, number>>;

/**
 * The steps of a worker in their order; what classifying takes is spent crop by crop, cut out and run in
 * turn.
 */
const STEPS = [
  { name: 'decode', of: ['decode'] },
  { name: 'detect', of: ['detect'] },
  { name: 'quality', of: ['quality'] },
  { name: 'classify', of: ['crop', 'classify'] },
] as const;

/**
 * The span of a worker's process that has just answered, with one for each step. The worker measures how
 * long, this process when it answered: the spans are laid end to end before that, and may be off by what the
 * answer took on its way.
 * @param within what they may not pass
 */
export function workerSpan(steps: Steps, within: { readonly from: number; readonly to: number }): Span {
  const { total = 0 } = steps;
  const { to } = within;
  const from = Math.max(within.from, to - total);
  let at = from;
  const parts = STEPS.flatMap(({ name, of }): Span[] => {
    const spent = of.reduce((sum, step) => sum + (steps[step] ?? 0), 0);
    if (spent <= 0 || at >= to) return [];
    const part = { name, from: at, to: Math.min(to, at + spent) };
    at = part.to;
    return [part];
  });
  return { name: 'worker', from, to, parts };
}

/**
 * The spans of the stages that a request was in; the last of those at a worker has the worker's own in it.
 * @param steps of the picture; none where nothing was judged, or several pictures were at once
 */
export function stageSpans(stretches: readonly Stretch[], steps: Steps | null): readonly Span[] {
  const last = stretches.findLastIndex(({ stage }) => stage === 'judge');
  return stretches.map(({ stage, from, to }, at) => ({
    name: stage,
    from,
    to,
    ...(at === last && steps !== null ? { parts: [workerSpan(steps, { from, to })] } : {}),
  }));
}
