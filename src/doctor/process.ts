import type { Config } from '../config/load.ts';
import type { Check } from './check.ts';
import { examineRunning, THIS_MACHINE } from './examine.ts';

/** What the process tells the one that started it. */
export type DoctorMessage =
  | { readonly kind: 'check'; readonly check: Check }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };

/** Runs the checks for the process that sends a configuration, and ends this one when it has them. */
export function serveChecks(port: Pick<NodeJS.Process, 'once' | 'send'>): void {
  const send = (message: DoctorMessage) => port.send?.(message);
  port.once('message', (config: Config) => {
    examineRunning(config, THIS_MACHINE, (check) => send({ kind: 'check', check })).then(
      () => send({ kind: 'done' }),
      (error: unknown) =>
        send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
  });
}

if (process.env.LIVESTILL_DOCTOR_PROCESS === '1') serveChecks(process);
