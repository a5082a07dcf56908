import { PROFILES } from './profiles.ts';
import { CAPTURE_NAMES } from './quality/capture.ts';
import { areReviewLimits } from './review.ts';
import type { CapturePreset, Profile, ReviewLimits } from './types.ts';

// Programs without types are checked too: an option that is passed over would judge by other rules than the
// caller believes.

const shown = (value: unknown) => (typeof value === 'number' ? String(value) : JSON.stringify(value));

/**
 * Refuses an option that there is not.
 * @param known the names of those that there are
 * @param prefix what stands in front of the names in the message
 * @throws {TypeError} names it and those that there are
 */
export function checkNames(options: object, known: readonly string[], prefix = ''): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const names = known.map((name) => `${prefix}${name}`).join(', ');
  throw new TypeError(`unknown option "${prefix}${unknown}"; there are ${names}`);
}

/** @throws {RangeError} when it is no number from 0 to 100 */
export function checkThreshold(threshold: number): number {
  if (typeof threshold === 'number' && threshold >= 0 && threshold <= 100) return threshold;
  throw new RangeError(`threshold must be a number from 0 to 100, found ${shown(threshold)}`);
}

/** @throws {RangeError} when there is no such profile */
export function checkProfile(profile: Profile): Profile {
  if (PROFILES.includes(profile)) return profile;
  throw new RangeError(`profile must be ${PROFILES.join(', ')}, found ${shown(profile)}`);
}

/** @throws {RangeError} when there is no such preset */
export function checkCapture(capture: CapturePreset): CapturePreset {
  if (CAPTURE_NAMES.includes(capture)) return capture;
  throw new RangeError(`capture must be ${CAPTURE_NAMES.join(', ')}, found ${shown(capture)}`);
}

/** @throws {RangeError} when they are not two numbers from 0 to 1, the first the lower */
export function checkReview(limits: ReviewLimits | undefined): ReviewLimits | undefined {
  if (limits === undefined || areReviewLimits(limits)) return limits;
  throw new RangeError(
    `review must be two numbers from 0 to 1, low below high, found ${limits.low} and ${limits.high}`,
  );
}

/**
 * @param limits by name; those that are not given are not looked at
 * @throws {TypeError} for a limit that there is not
 * @throws {RangeError} when one is no whole number from 1
 */
export function checkLimits(limits: object, known: readonly string[]): void {
  checkNames(limits, known, 'limits.');
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
    throw new RangeError(`limits.${name} must be a whole number from 1, found ${shown(value)}`);
  }
}
