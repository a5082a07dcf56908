import { boundedValues, workerNumbers } from './bounded.ts';
import { KNOWN_SERIES } from './known-series.ts';
import type { Kit } from './registry.ts';

/** As much of the fleet as the page shows. */
export interface FleetSeen {
  readonly workers: number;
  /** Pictures waiting for a worker, and being judged. */
  readonly waiting: number;
  readonly running: number;
  /** How long a picture that comes now is expected to wait for a worker, in ms. */
  readonly expectedWaitMs: number;
  /** Resident memory a worker may take, in bytes; Infinity: any. */
  readonly workerMemoryBytes: number;
  /** The workers that are ready, at this moment. */
  workersNow(): readonly {
    readonly pid: number;
    readonly rssBytes: number | null;
    readonly judged: number;
  }[];
  /** Workers lost since the start, by reason. */
  readonly lost: Readonly<Record<string, number>>;
  /** The profile of pictures that are judged without one being named. */
  readonly profile: string;
  /** The networks that are not in place; null where none is missing. */
  readonly lacking: { readonly networks: readonly string[] } | null;
}

/** The figures of the processes that judge, and of what waits for them. */
export function watchFleet(kit: Kit, fleet: FleetSeen): void {
  const lostReason = boundedValues(30);
  const numbers = workerNumbers();
  const workers = () => {
    const now = fleet.workersNow();
    const numbered = numbers(now.map(({ pid }) => pid));
    return now.map((worker) => ({ ...worker, number: String(numbered.get(worker.pid)) }));
  };
  kit.looked('pictures_in_work', 'Pictures being judged.', () => fleet.running);
  kit.looked('pictures_waiting', 'Pictures waiting for a worker.', () => fleet.waiting);
  kit.looked(
    'expected_wait_seconds',
    'How long a picture that comes now is expected to wait for a worker.',
    () => fleet.expectedWaitMs / 1000,
  );
  kit.looked(
    'networks_missing',
    'Networks that are not in place: above 0, only the profile that needs none of them is used.',
    () => fleet.lacking?.networks.length ?? 0,
  );
  kit.lookedEach(
    'default_profile',
    'Profile in use where none is named; the value is always 1.',
    'profile',
    () => [[fleet.profile, 1] as const],
  );
  kit.looked('workers_wanted', 'Worker processes as configured.', () => fleet.workers);
  if (Number.isFinite(fleet.workerMemoryBytes)) {
    kit.looked(
      'worker_memory_limit_bytes',
      'Resident memory above which a worker process is replaced.',
      () => fleet.workerMemoryBytes,
    );
  }
  kit.looked('workers', 'Worker processes that are ready.', () => fleet.workersNow().length);
  kit.lookedEach('worker_resident_bytes', 'Resident memory of a worker process.', 'worker', () =>
    workers().flatMap(({ number, rssBytes }) => (rssBytes === null ? [] : [[number, rssBytes] as const])),
  );
  kit.lookedEach('worker_pictures_total', 'Pictures that a worker process has answered.', 'worker', () =>
    workers().map(({ number, judged }) => [number, judged] as const),
  );
  kit.lookedEach('workers_lost_total', 'Worker processes that were lost and replaced.', 'reason', () =>
    Object.entries({ ...KNOWN_SERIES.lost, ...fleet.lost }).map(
      ([why, count]) => [lostReason(why), count] as const,
    ),
  );
}
