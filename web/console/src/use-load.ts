import { useEffect, useState } from 'preact/hooks';
import { ApiError, comebacks } from './api.ts';

/** Something that is loaded for a page. */
export interface Loaded<T> {
  /** What was loaded last; it stays while something newer is on its way. */
  readonly value: T | null;
  readonly error: ApiError | null;
  readonly isLoading: boolean;
  reload(): void;
}

/** Loads something anew whenever `key` changes, and when the service comes back. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({
    value: null,
    error: null,
    isLoading: true,
  });
  const [turn, setTurn] = useState(0);
  const { value: back } = comebacks;
  useEffect(() => {
    const controller = new AbortController();
    setState((known) => ({ ...known, isLoading: true }));
    load(controller.signal).then(
      (value) => {
        if (!controller.signal.aborted) setState({ value, error: null, isLoading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setState((known) => ({ ...known, error, isLoading: false }));
      },
    );
    return () => controller.abort();
  }, [key, turn, back]);
  return { ...state, reload: () => setTurn((count) => count + 1) };
}
