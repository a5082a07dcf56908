import type { ReasonCode } from '../reasons.ts';

/** Values below `min` or above `max` are outside; `below` and `above` are the reasons given then. */
export interface Bound {
  readonly min?: number;
  readonly max?: number;
  readonly below?: ReasonCode;
  readonly above?: ReasonCode;
}

/** A limit that a value passed, and the reason for it. */
export interface Breach {
  readonly code: ReasonCode;
  readonly limit: number;
}

/** What a value outside the bound passed. A value that is no number is outside too. */
export function breached(bound: Bound | undefined, value: number): Breach | null {
  const { min, max, below, above } = bound ?? {};
  if (min !== undefined && below !== undefined && !(value >= min)) return { code: below, limit: min };
  if (max !== undefined && above !== undefined && !(value <= max)) return { code: above, limit: max };
  return null;
}
