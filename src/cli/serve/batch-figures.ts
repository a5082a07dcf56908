import type { BatchStore, QueueDepth } from '../../jobs/types.ts';

/** How often the figures are asked for, in ms. */
const EVERY_MS = 10_000;

/** The figures of batches as they were a moment ago: a page of metrics asks the database for nothing. */
export interface BatchFigures {
  /** Null while they are not known. */
  seen(): QueueDepth | null;
  stop(): void;
}

/** Asks for the figures now and then; what cannot be had is not known. */
export function watchBatchFigures(batches: BatchStore): BatchFigures {
  let seen: QueueDepth | null = null;
  const look = () => {
    batches.depth().then(
      (depth) => {
        seen = depth;
      },
      () => {
        seen = null;
      },
    );
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return { seen: () => seen, stop: () => clearInterval(timer) };
}
