import type {
  Batch,
  BatchList,
  BatchResults,
  Liveness,
  LivenessTogether,
  NewSession,
  OperatingPoints,
  Session,
} from './types.ts';

/**
 * Whether an object is what the API answers with: a proxy, a login page or another service answers 200 too.
 */
export type Check<T> = (found: unknown) => found is T;

const VERDICTS: readonly unknown[] = [
  'live',
  'attack',
  'poor_quality',
  'no_face',
] satisfies Liveness['verdict'][];

/** The members that a decision hangs on, each of its type. */
export function isLiveness(found: unknown): found is Liveness {
  const { verdict, score, threshold, reasons } = found as Partial<Liveness>;
  const judged = verdict === 'live' || verdict === 'attack';
  return (
    VERDICTS.includes(verdict) &&
    (judged ? isPercent(score) : score === null) &&
    isPercent(threshold) &&
    Array.isArray(reasons)
  );
}

/** The same of several stills. */
export function isTogether(found: unknown): found is LivenessTogether {
  return isLiveness(found) && Array.isArray((found as Partial<LivenessTogether>).stills);
}

/** The same of the table of error rates. */
export function isOperatingPoints(found: unknown): found is OperatingPoints {
  const { threshold, tables } = found as Partial<OperatingPoints>;
  return isPercent(threshold) && Array.isArray(tables);
}

/** The same of a batch. */
export function isBatch(found: unknown): found is Batch {
  const { batchId, state, pictures } = found as Partial<Batch>;
  return typeof batchId === 'string' && typeof state === 'string' && typeof pictures === 'number';
}

/** The same of a list of batches. */
export function isBatchList(found: unknown): found is BatchList {
  return Array.isArray((found as Partial<BatchList>).batches);
}

/** The same of a page of results. */
export function isBatchResults(found: unknown): found is BatchResults {
  const { results, next } = found as Partial<BatchResults>;
  return Array.isArray(results) && (next === null || typeof next === 'number');
}

/** The same of a session that was made, … */
export function isNewSession(found: unknown): found is NewSession {
  const { sessionId, token } = found as Partial<NewSession>;
  return typeof sessionId === 'string' && typeof token === 'string';
}

/** … and of one that is read: an outcome is there where it is done, and nowhere else. */
export function isSession(found: unknown): found is Session {
  const { sessionId, state, outcome } = found as Partial<Session>;
  return (
    typeof sessionId === 'string' && typeof state === 'string' && (state === 'done') === (outcome !== null)
  );
}

/** A score or threshold. */
export function isPercent(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 100;
}
