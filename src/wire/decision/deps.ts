import type { Logger } from 'pino';
import type { Clock, Limiter } from '../../account/types.ts';
import type { Judge } from '../../fleet/types.ts';
import type { RefusalCounter } from '../../ledger/refusals.ts';
import type { Ledger } from '../../ledger/types.ts';
import type { Downloader } from '../../picture/types.ts';
import type { Traces } from '../../traces/types.ts';
import type { BodyMemory } from '../intake/body-memory.ts';
import type { Observer } from './observer.ts';

/** What every API that judges works with: one admission, one fleet, one ledger for all of them. */
export interface DecisionDeps {
  readonly limiter: Limiter;
  readonly downloader: Downloader;
  readonly judge: Judge;
  readonly ledger: Ledger;
  /** Memory for bodies; one for all APIs of the service. */
  readonly bodies: BodyMemory;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called with every request; it must not throw. */
  readonly observer?: Observer | undefined;
  /** Counts refusals of known callers for the ledger. */
  readonly refusals?: RefusalCounter | undefined;
  /** Takes the spans of each request; none: nobody asked for them. */
  readonly traces?: Traces | undefined;
  /** livestill's version, for the ledger. */
  readonly version: string;
}
