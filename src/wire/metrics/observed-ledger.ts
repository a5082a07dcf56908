import type { Ledger } from '../../ledger/types.ts';
import type { Observer } from '../decision/observer.ts';

/** The same ledger; the observer hears of each row, how long it took and whether it was written. */
export function observedLedger(ledger: Ledger, observer: Pick<Observer, 'ledgerAppend'>): Ledger {
  return {
    async append(row) {
      const since = performance.now();
      let written = false;
      try {
        await ledger.append(row);
        written = true;
      } finally {
        observer.ledgerAppend((performance.now() - since) / 1000, written);
      }
    },
  };
}
