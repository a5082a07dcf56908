import type { BatchStatus } from './types.ts';

/** Rows of a batch that have their result. */
export const doneOf = ({ judged, refused, failed }: BatchStatus): number => judged + refused + failed;

/**
 * Seconds until a running batch is over, by its pace since it was begun; null where nothing can be said.
 * @param now milliseconds since 1970
 */
export function secondsLeft(status: BatchStatus, now: number): number | null {
  const done = doneOf(status);
  if (status.state !== 'running' || status.begunAt === null || done === 0) return null;
  const seconds = Math.max(0, now - status.begunAt.getTime()) / 1000;
  return Math.round((seconds / done) * (status.pictures - done));
}
