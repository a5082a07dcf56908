import { describe, expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import type { LedgerRow } from '../../ledger/types.ts';
import { observedLedger } from './observed-ledger.ts';

const row = { requestId: 'r' } as LedgerRow;

/** A ledger that does as `append` says, and what its observer is told. */
function watched(append: (row: LedgerRow) => Promise<void>) {
  const told: boolean[] = [];
  const ledger = observedLedger(
    { append },
    {
      ledgerAppend(seconds, written) {
        expect(seconds).toBeGreaterThanOrEqual(0);
        told.push(written);
      },
    },
  );
  return { ledger, told };
}

describe('an observed ledger', () => {
  it('writes the row, and tells of it only when it is written', async () => {
    let finish = () => {};
    const rows: LedgerRow[] = [];
    const { ledger, told } = watched((given) => {
      rows.push(given);
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const appended = ledger.append(row);
    expect([rows, told]).toEqual([[row], []]);
    finish();
    await appended;
    expect(told).toEqual([true]);
  });

  it('fails as the ledger does, and tells of it', async () => {
    const fault = new Fault('state_unavailable', 'store_full', 'no room');
    const { ledger, told } = watched(() => Promise.reject(fault));
    await expect(ledger.append(row)).rejects.toBe(fault);
    expect(told).toEqual([false]);
  });
});
