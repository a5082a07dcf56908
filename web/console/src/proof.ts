import { signal } from '@preact/signals';
import { onProofNeeded } from './api.ts';

/** Ends a question who sits there: true where that was shown. */
export type EndProof = (isProven: boolean) => void;

/** The question that is open; null: none is. */
export const proofAsked = signal<EndProof | null>(null);

let open: Promise<boolean> | null = null;

/** Asks the person to show who it is, once for all calls that wait for it. */
function askForProof(): Promise<boolean> {
  open ??= new Promise<boolean>((resolve) => {
    proofAsked.value = resolve;
  }).finally(() => {
    open = null;
    proofAsked.value = null;
  });
  return open;
}

onProofNeeded.current = askForProof;
