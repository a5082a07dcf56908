import { useEffect } from 'preact/hooks';
import { isReachable } from './api.ts';

/** How often a page looks anew, in ms. */
const EVERY_MS = 2000;

/** Calls something now and then while it is wanted, the page is seen and the service answers. */
export function useEvery(isWanted: boolean, work: () => void): void {
  const { value: isHere } = isReachable;
  useEffect(() => {
    if (!isWanted || !isHere) return;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') work();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [isWanted, isHere]);
}
