/** What stands for every value beyond the bound. */
export const OTHER = 'other';

/**
 * Keeps a label from growing without bound: the first `most` values of a plain form pass as they are, every
 * other one becomes `other`. All values come from closed lists today; this holds also for the day when one
 * does not.
 */
export function boundedValues(most: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= most || !/^-?[A-Za-z0-9][A-Za-z0-9_:.-]{0,63}$/.test(value)) return OTHER;
    known.add(value);
    return value;
  };
}

/**
 * Numbers for workers, from 1: a process keeps its number as long as it lives, its successor takes the lowest
 * free one. So a chart has as many lines as there are workers, however many processes came and went.
 */
export function workerNumbers(): (pids: readonly number[]) => ReadonlyMap<number, number> {
  let held = new Map<number, number>();
  return (pids) => {
    const next = new Map<number, number>();
    for (const pid of pids) {
      const number = held.get(pid);
      if (number !== undefined) next.set(pid, number);
    }
    const taken = new Set(next.values());
    let free = 1;
    for (const pid of pids) {
      if (next.has(pid)) continue;
      while (taken.has(free)) free++;
      taken.add(free);
      next.set(pid, free);
    }
    held = next;
    return next;
  };
}
