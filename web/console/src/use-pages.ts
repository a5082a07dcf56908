import { useEffect, useState } from 'preact/hooks';
import { ApiError, call, comebacks } from './api.ts';

/** A list that is read page by page. */
export interface Pages<T> {
  readonly rows: readonly T[];
  readonly next: string | null;
  readonly error: ApiError | null;
  readonly isLoading: boolean;
  /** Reads the next page, or again the one that failed. */
  more(): void;
  /** Reads from the start. */
  reload(): void;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

interface Turn {
  readonly after: string | null;
  readonly count: number;
}

/**
 * Reads a list of the admin API, anew whenever the path changes and when the service comes back. What is shown
 * stays until the new first page is there.
 * @param path with its query, without `after`
 */
export function usePages<T>(path: string): Pages<T> {
  const [state, setState] = useState<Omit<Pages<T>, 'more' | 'reload'>>({
    rows: [],
    next: null,
    error: null,
    isLoading: true,
  });
  const [turn, setTurn] = useState<Turn>({ after: null, count: 0 });
  const { value: back } = comebacks;
  const start = () => setTurn(({ count }) => ({ after: null, count: count + 1 }));
  const [seen, setSeen] = useState(path);
  if (seen !== path) {
    setSeen(path);
    setState({ rows: [], next: null, error: null, isLoading: true });
    start();
  }
  useEffect(() => {
    const controller = new AbortController();
    const { after } = turn;
    setState((known) => ({ ...known, error: null, isLoading: true }));
    const joint = path.includes('?') ? '&' : '?';
    const query = after === null ? '' : `${joint}after=${encodeURIComponent(after)}`;
    call<Page<T>>(path + query, { signal: controller.signal }).then(
      ({ items, next }) => {
        if (controller.signal.aborted) return;
        setState(({ rows }) => ({
          rows: after === null ? items : [...rows, ...items],
          next,
          error: null,
          isLoading: false,
        }));
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setState((known) => ({ ...known, error, isLoading: false }));
      },
    );
    return () => controller.abort();
  }, [path, turn, back]);
  return {
    ...state,
    more: () => setTurn(({ count }) => ({ after: state.next, count: count + 1 })),
    reload: start,
  };
}
