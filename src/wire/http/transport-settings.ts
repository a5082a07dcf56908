import type { ConnectionLimits } from './connection-limits.ts';
import type { PipelineLimits } from './pipelines.ts';
import type { LingerSettings } from './respond.ts';

/** Times and sizes of the transport. Durations in ms. */
export interface TransportSettings extends ConnectionLimits, PipelineLimits {
  /** For a request's headers to arrive. */
  readonly headersTimeout: number;
  /** For a whole request, body included, to arrive. */
  readonly requestTimeout: number;
  /** How long an idle connection is kept. */
  readonly keepAliveTimeout: number;
  /**
   * How long a connection is kept, beyond `requestTimeout`, on which nothing moves: its caller does not read
   * the answer.
   */
  readonly stallTimeout: number;
  /** How long a caller may take nothing of an answer that lies ready. */
  readonly unreadTimeout: number;
  /** How often connections are looked at for the time-outs above. */
  readonly checkInterval: number;
  /** Bytes of all headers together. */
  readonly maxHeaderBytes: number;
  /** How many headers there may be. */
  readonly maxHeaders: number;
  readonly linger: LingerSettings;
}

/** The transport where nothing is configured. */
export const DEFAULT_TRANSPORT: TransportSettings = {
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  // Longer than the 60 s after which common load balancers let go, so that they close first and no request is
  // lost.
  keepAliveTimeout: 65_000,
  stallTimeout: 60_000,
  unreadTimeout: 30_000,
  checkInterval: 1000,
  maxHeaderBytes: 16 * 1024,
  maxHeaders: 200,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 5000,
  // Proxies and most clients send one request at a time on a connection, the few that pipeline some ten, load
  // generators hundreds.
  maxPipelined: 512,
  // Some 5 KB each with its answer, 20 MB in all.
  maxPipelinedInAll: 4096,
  linger: { milliseconds: 10_000, bytes: 64 * 1024 * 1024 },
};
