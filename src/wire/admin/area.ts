import type { FastifyInstance } from 'fastify';
import type { ServerPolicy } from '../../console/apps.ts';
import type { Console } from '../../console/console.ts';
import type { WriteAnew } from '../../ledger/erased-results.ts';
import type { Profile } from '../../liveness/types.ts';
import type { OperatingTable } from '../v1/operating-points.ts';
import type { Callers } from './caller.ts';

/** The settings of the server that count where an app has none of its own. */
export interface ServerDefaults extends ServerPolicy {
  readonly profile: Profile;
}

/** What a plugin with routes is given. */
export interface AreaParts {
  readonly console: Console;
  readonly callers: Callers;
  readonly version: string;
  readonly defaults: ServerDefaults;
  /** Measured error rates that the server was started with; uploaded ones come before them. */
  readonly operatingPoints?: readonly OperatingTable[];
  /** Copies of the store that an erasure does not reach, by name. */
  readonly notReached?: () => readonly string[];
  /** Writes results of batches anew that rows were erased from. */
  readonly writeAnew?: WriteAnew;
}

/** Routes that belong together. */
export type AdminArea = (app: FastifyInstance, parts: AreaParts) => Promise<void>;
