import { useEffect, useState } from 'preact/hooks';
import { ApiError, call } from '../../api.ts';
import { said } from '../../ui/said.ts';
import type { Limits, Range, WhatIf } from './types.ts';

/** Asks what a threshold would have done, a moment after the last move of it. */
export function useWhatIf(
  range: Range | null,
  threshold: number,
  review: Limits | null,
): { readonly effect: WhatIf | null; readonly problem: string } {
  const [state, setState] = useState<{ effect: WhatIf | null; problem: string }>({
    effect: null,
    problem: '',
  });
  const asked = JSON.stringify({ ...range, threshold, review });
  useEffect(() => {
    if (range === null) {
      setState({ effect: null, problem: '' });
      return;
    }
    const controller = new AbortController();
    const { signal } = controller;
    const json = { ...range, threshold, ...(review === null ? {} : { review }) };
    const ask = async () => {
      try {
        const effect = await call<WhatIf>('/scores/what-if', { method: 'POST', json, signal });
        if (!signal.aborted) setState({ effect, problem: '' });
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setState({ effect: null, problem: said(error) });
      }
    };
    const timer = setTimeout(() => void ask(), 200);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [asked]);
  return state;
}
