import type { Fault } from '../../faults.ts';
import type { Ledger } from '../../ledger/types.ts';
import type { Judgement } from '../../liveness/types.ts';
import type { Envelope } from '../http/envelope.ts';
import { type Decided, ledgerRow } from './ledger-row.ts';

/** What is known of a request before it is decided. */
type Open = Omit<Decided, 'at' | 'envelope' | 'judgement' | 'fault'>;

/**
 * Writes the rows of one request: each is on disk when its promise resolves.
 * @param open what the rows have in common
 */
export function recorderOf(
  { ledger, clock }: { readonly ledger: Ledger; readonly clock: () => number },
  open: Open,
): (envelope: Envelope, judgement: Judgement | null, fault: Fault | null) => Promise<void> {
  return (envelope, judgement, fault) => {
    open.facts.isRecorded = true;
    open.facts.stages?.enter('record');
    return ledger.append(ledgerRow({ ...open, at: clock(), envelope, judgement, fault }));
  };
}
