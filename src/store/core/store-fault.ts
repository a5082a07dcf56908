import { Fault, type FaultReason, UsageError } from '../../faults.ts';
import type { StoreKind } from './database.ts';

/** What a database's own error means: the reason, and a text for people. */
export type Explained = readonly [reason: FaultReason<StoreKind>, text: string];

/**
 * A failed call as a fault of that kind. Usage errors and faults stay what they are, but for the kind of
 * those of the store.
 * @param explain what the database's error means; undefined where that is not known
 */
export function storeFaultOf(
  kind: StoreKind,
  error: unknown,
  explain: (error: unknown) => Explained | undefined,
): Fault | UsageError {
  if (error instanceof UsageError) return error;
  if (error instanceof Fault) {
    if (error.kind === kind || error.area !== 'store') return error;
    return new Fault(kind, error.reason as FaultReason<StoreKind>, error.message, { cause: error });
  }
  const [reason, text] = explain(error) ?? (['store_error', `the store failed: ${detailOf(error)}`] as const);
  return new Fault(kind, reason, text, { cause: error });
}

/** The database's own words. */
export const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
