import type { QueueDepth } from '../../jobs/types.ts';
import type { Kit } from './registry.ts';

/** The figures of batches: of the whole installation, the same on every node. */
export function watchBatches(kit: Kit, seen: () => QueueDepth | null): void {
  kit.lookedEach(
    'batch_chunks',
    'Chunks of batches that wait, run, or wait in a paused batch.',
    'state',
    () => Object.entries(seen()?.chunks ?? {}),
  );
  kit.looked(
    'batch_oldest_waiting_seconds',
    'Since when the chunk waits that does so for longest.',
    () => seen()?.oldestWaitingSeconds ?? null,
  );
  kit.lookedEach('batch_rows_total', 'Pictures of batches by what came of them.', 'outcome', () =>
    Object.entries(seen()?.rows ?? {}),
  );
}
