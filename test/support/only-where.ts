import { describe, it } from 'vitest';

/** What stands before the reason in the name of a test that is skipped; the reporter of skipped tests looks for it. */
export const SKIPPED = 'skipped: ';

type Named = (name: string, ...rest: never[]) => unknown;

/** A way to name tests that skips each and says why in its name. */
function skipping<T extends typeof it | typeof describe>(given: T, reason: string): T {
  const named =
    (skip: Named): Named =>
    (name, ...rest) =>
      skip(`${name} (${SKIPPED}${reason})`, ...rest);
  const skip = given.skip as unknown as Named & { each: (...cases: never[]) => Named };
  return Object.assign(named(skip), {
    each: (...cases: never[]) => named(skip.each(...cases)),
  }) as unknown as T;
}

/**
 * `it` where `condition` holds; elsewhere an `it` that skips its tests and gives `reason` in their names, for example
 * `itWhere(process.platform === 'linux', 'needs Linux')('…', …)`.
 */
export const itWhere = (condition: boolean, reason: string): typeof it =>
  condition ? it : skipping(it, reason);

/** As `itWhere`, for a group of tests. */
export const describeWhere = (condition: boolean, reason: string): typeof describe =>
  condition ? describe : skipping(describe, reason);
