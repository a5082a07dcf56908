import { lagOf } from '../ledger/record-clock.ts';
import type { RecordClock } from '../ledger/types.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** No machine that runs this version can rightly show an earlier time. */
const FIRST_RELEASE = Date.UTC(2026, 10, 1);
/**
 * How far the newest ledger row may lie ahead of the clock: rows of several processes are not written to the
 * second, in ms.
 */
const AHEAD_MS = 60_000;

/** How long a jump of the clock is reported, in ms. */
const REMEMBER_JUMP_MS = 7 * 86_400_000;
/**
 * How far the clock may be behind the last look of the service: the looks of several machines differ by less,
 * in ms.
 */
const BEHIND_LOOK_MS = 5 * 60_000;

/** How far behind the clock the record time may be before it is reported, as in the service's log, in ms. */
const LITTLE_LAG_MS = 3_600_000;

/**
 * The clock: signatures are judged by it, and old records are deleted by it. It cannot be right when it shows
 * a time before this version was written, before a row that is already in the ledger, or before the service
 * looked at it last.
 */
export function checkClock(now: number, newestRowAt: Date | null, seen: RecordClock | null = null): Check {
  const name = 'clock';
  const found = new Date(now).toISOString();
  const advice =
    'Set the clock (NTP): signatures are refused or accepted by it, and old records are deleted by it.';
  if (now < FIRST_RELEASE) return fail(name, `${found}, before this version was written`, advice);
  if (newestRowAt !== null && newestRowAt.getTime() > now + AHEAD_MS) {
    return fail(name, `${found}, but the newest ledger row is of ${newestRowAt.toISOString()}`, advice);
  }
  if (seen === null) return ok(name, found);
  if (seen.wall > now + BEHIND_LOOK_MS) {
    return fail(name, `${found}, but the service saw ${new Date(seen.wall).toISOString()}`, advice);
  }
  const jump = seen.jump !== null && now - seen.jump.at < REMEMBER_JUMP_MS ? seen.jump : null;
  const lag = lagOf(seen);
  if (jump === null && lag <= LITTLE_LAG_MS) return ok(name, found);
  const what =
    jump === null
      ? ''
      : `, jumped ${jump.byMs > 0 ? 'ahead' : 'back'} by ${spanOf(jump.byMs)}, seen at ${new Date(jump.at).toISOString()}`;
  const behind =
    lag <= LITTLE_LAG_MS
      ? ''
      : `; records are deleted as if it were ${new Date(seen.time).toISOString()}, a day more every hour`;
  return warn(
    name,
    `${found}${what}${behind}`,
    `${advice} Where the service was down for so long, all is well.`,
  );
}

function spanOf(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  return minutes < 2880 ? `${minutes} minutes` : `${Math.round(minutes / 1440)} days`;
}
