/** How long and how much is remembered. */
export interface Remembering {
  readonly clock: () => number;
  readonly forMs: number;
  /** Answers that are kept at once; the oldest goes first. */
  readonly most: number;
}

/**
 * Answers that cost much, each made once for those who ask for the same within a while: also while it is
 * still being made. One that failed is made anew.
 */
export function remembered<T>({
  clock,
  forMs,
  most,
}: Remembering): (name: string, make: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, { readonly until: number; readonly answer: Promise<T> }>();
  return (name, make) => {
    const known = kept.get(name);
    if (known !== undefined && known.until > clock()) return known.answer;
    kept.delete(name);
    const answer = make();
    const entry = { until: clock() + forMs, answer };
    kept.set(name, entry);
    answer.catch(() => {
      if (kept.get(name) === entry) kept.delete(name);
    });
    const [oldest] = kept.keys();
    if (kept.size > most && oldest !== undefined) kept.delete(oldest);
    return answer;
  };
}
