import { Fault } from '../../faults.ts';
import type { CallHealth, StoreCall } from '../../ledger/store-health.ts';

/** Watches calls of a store for those who want to know how it does. */
export interface CallWatch {
  readonly health: CallHealth;
  /** A call begins. @returns what is to be called when it ends, with what it failed by, if it did */
  begin(): (error?: unknown) => void;
}

/** Nobody listens yet, and nothing is waited for. */
export function createCallWatch(): CallWatch {
  const listeners: ((call: StoreCall) => void)[] = [];
  let waiting = 0;
  return {
    health: { waiting: () => waiting, listen: (heard) => void listeners.push(heard) },
    begin() {
      const since = performance.now();
      waiting += 1;
      return (error) => {
        waiting -= 1;
        const call = { seconds: (performance.now() - since) / 1000, failure: failureOf(error) };
        for (const heard of listeners) heard(call);
      };
    },
  };
}

/** What is refused for its content is an answer of a store that is well. */
function failureOf(error: unknown): string | null {
  return error instanceof Fault && error.area === 'store' ? error.reason : null;
}
