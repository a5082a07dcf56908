import type { QueueDepth } from '../../jobs/types.ts';
import type { ScoreDrift } from '../../ledger/score-drift.ts';
import type { CallHealth, StoreHealth } from '../../ledger/store-health.ts';
import type { SpanCounts } from '../../traces/types.ts';
import { guarded, type Observer } from '../decision/observer.ts';
import { watchBatches } from './batches.ts';
import { createObserver } from './counted.ts';
import { type FleetSeen, watchFleet } from './fleet.ts';
import { type MetricsOptions, type MetricsPage, openPage } from './page.ts';
import type { Kit } from './registry.ts';
import { type SessionFigures, watchSessions } from './sessions.ts';
import { watchTraces } from './spans.ts';
import { watchRedis, watchSqlite, watchStore } from './store.ts';

/** What is looked at whenever the page is asked for. */
export interface Watched {
  readonly fleet: FleetSeen;
  readonly server: ServerSeen;
  /** What the bodies of all requests hold, and may hold, in bytes. */
  readonly bodies: { readonly held: number; readonly limit: number };
  /** The end of the certificate in use; without it there is no TLS. */
  readonly certificate?: () => Date | undefined;
  /** Tries of callers without a valid key, since the start; none: they are not limited. */
  readonly failedTries?:
    | { readonly counts: { readonly refused: number; readonly addresses: number } }
    | undefined;
  /** The batches of the whole installation, as last looked at; without it there are none. */
  readonly batches?: (() => QueueDepth | null) | undefined;
  /** Sessions and their webhooks, as last looked at. */
  readonly sessions?: (() => SessionFigures | null) | undefined;
  /** How the shared store does; without it the store is this node's own. */
  readonly store?: StoreHealth | null | undefined;
  /** How the calls of the SQLite file's thread do, and of a Redis server; without them there are none. */
  readonly sqlite?: CallHealth | null | undefined;
  readonly redis?: CallHealth | null | undefined;
  /** What became of spans; without it none are made. */
  readonly traces?: SpanCounts | undefined;
  /** How far the scores of apps are from their own past. */
  readonly drift?: (() => readonly ScoreDrift[]) | undefined;
  /** What is known of the clock by which records are let go. */
  readonly clock?: () => ClockSeen;
}

/** The clock as the page shows it. */
export interface ClockSeen {
  /** How far the record time is behind the clock, in ms. */
  readonly lagMs: number;
  readonly jumps: { readonly forward: number; readonly back: number };
}

/** As much of the server as the page shows. */
export interface ServerSeen {
  /** Requests being worked on. */
  readonly running: number;
  /** Connections open now, and since the start: those that found no place, and idle ones that made room. */
  readonly connections: { readonly open: number; readonly refused: number; readonly closedIdle: number };
}

export interface Metrics extends MetricsPage {
  /** Fit for the middle of a request: it counts, waits for nothing and never throws. */
  readonly observer: Observer;
  /** Adds the figures of what stands by now. */
  watch(watched: Watched): void;
  stop(): void;
}

/**
 * Every figure of the service, in a registry of its own. Labels take their values from closed lists and are
 * bounded once more; one alone names apps, and none a host, a url or a request. Units are seconds and bytes.
 */
export function createMetrics(options: MetricsOptions): Metrics {
  const { kit, ...page } = openPage('service', options);
  return {
    ...page,
    observer: guarded(createObserver(kit), options.onTrouble),
    watch: (watched) => watchService(kit, watched),
  };
}

/** What is looked at when the page is asked for. */
function watchService(kit: Kit, watched: Watched): void {
  const { fleet, server, bodies, certificate, failedTries, clock, batches, sessions, store, traces, drift } =
    watched;
  if (drift !== undefined) watchDrift(kit, drift);
  if (traces !== undefined) watchTraces(kit, traces);
  if (store) watchStore(kit, store);
  if (watched.sqlite) watchSqlite(kit, watched.sqlite);
  if (watched.redis) watchRedis(kit, watched.redis);
  if (batches !== undefined) watchBatches(kit, batches);
  if (sessions !== undefined) watchSessions(kit, sessions);
  if (clock !== undefined) watchClock(kit, clock);
  if (certificate !== undefined) {
    kit.looked(
      'tls_certificate_days_left',
      'Days until the certificate in use ends; negative: it is over.',
      () => {
        const end = certificate();
        return end === undefined ? null : (end.getTime() - Date.now()) / 86_400_000;
      },
    );
  }
  watchFleet(kit, fleet);
  kit.looked('requests_in_work', 'Requests being worked on, of any kind.', () => server.running);
  kit.looked(
    'body_memory_bytes',
    'Memory that bodies of requests hold, until they are answered.',
    () => bodies.held,
  );
  kit.looked('body_memory_limit_bytes', 'Memory that they may hold all together.', () => bodies.limit);
  kit.looked('connections', 'Connections open on the service port.', () => server.connections.open);
  kit.looked(
    'connections_refused_total',
    'New connections closed at once, since there was no place.',
    () => server.connections.refused,
  );
  kit.looked(
    'connections_closed_idle_total',
    'Idle connections closed in favour of a new one.',
    () => server.connections.closedIdle,
  );
  kit.looked(
    'failed_tries_refused_total',
    'Requests without a valid key refused for the number of those from their address.',
    () => failedTries?.counts.refused ?? 0,
  );
  kit.looked(
    'failed_tries_addresses',
    'Addresses remembered for requests without a valid key.',
    () => failedTries?.counts.addresses ?? 0,
  );
}

/** The only figure that names apps: as many as are looked at, see ledger/score-drift.ts. */
function watchDrift(kit: Kit, drift: () => readonly ScoreDrift[]): void {
  kit.lookedEach(
    'score_psi',
    'Population stability index of the scores of an app, of yesterday and today against the 28 days before.',
    'app',
    () => drift().map(({ appid, psi }) => [appid, psi] as const),
  );
}

function watchClock(kit: Kit, clock: () => ClockSeen): void {
  kit.looked(
    'record_clock_lag_seconds',
    'How far the time by which old records are deleted is behind the clock, after a jump.',
    () => clock().lagMs / 1000,
  );
  kit.lookedEach('clock_jumps_total', 'Jumps of the clock that were seen.', 'direction', () =>
    Object.entries(clock().jumps),
  );
}
