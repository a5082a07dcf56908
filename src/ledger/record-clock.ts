import type { RecordClock } from './types.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/**
 * A clock that is this much off from what truly went by has jumped, in ms: corrections by NTP are far
 * smaller.
 */
export const JUMP_FROM = 5 * MINUTE;
/**
 * At a start nobody knows what truly went by: longer than this since the last look is told as a jump, in ms.
 */
export const GAP_FROM = 2 * DAY;
/** How many times faster than the clock the record time may go while it is behind. */
const CATCH_UP = 24;
/** The longest time between two looks that counts for catching up, in ms. */
const LONGEST_STEP = 2 * HOUR;

/**
 * The record time: it is the clock's time, except after the clock jumped forward. Then it stays behind and
 * comes after by a day an hour (not at all at the look that sees the jump), so that a wrong clock cannot let
 * all records go at once: whoever sees the jump in the log has time to set the clock right. It is never ahead
 * of the clock.
 *
 * @param before what was known at the last look; null: nothing ever
 * @param now ms since 1970
 * @param elapsedMs what truly went by since the last look by the same process; null: unknown
 * @param newestRecordAt ms since 1970; stands in for `before` where nothing is known
 */
export function nextRecordClock(
  before: RecordClock | null,
  now: number,
  elapsedMs: number | null,
  newestRecordAt: number | null,
): { readonly clock: RecordClock; readonly jumped: boolean } {
  const start = before ?? { time: newestRecordAt ?? now, wall: newestRecordAt ?? now, jump: null };
  const gone = now - start.wall;
  const byMs = elapsedMs === null ? gone : gone - elapsedMs;
  const forward = elapsedMs === null ? byMs > GAP_FROM : byMs > JUMP_FROM;
  const jumped = forward || byMs < -JUMP_FROM;
  const truly = elapsedMs ?? 0;
  const step = jumped ? truly : Math.max(truly, CATCH_UP * Math.min(Math.max(gone, 0), LONGEST_STEP));
  const time = Math.min(now, start.time + step);
  return { clock: { time, wall: now, jump: jumped ? { at: now, byMs } : start.jump }, jumped };
}

/** How far the record time is behind the clock, in ms. */
export function lagOf({ time, wall }: RecordClock): number {
  return Math.max(0, wall - time);
}
