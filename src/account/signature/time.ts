import { Fault } from '../../faults.ts';
import type { SignatureSettings } from '../types.ts';
import type { ParsedSignature } from './signature.ts';

/** Above this a number of seconds lies after the year 5138: it was meant in milliseconds. */
const SURELY_MILLISECONDS = 1e11;
/** Below this a time lies before March 1973: it was meant as a duration. */
const SURELY_DURATION = 1e8;
const SECONDS_OF_DAY = 86_400;

/** A duration in words, rounded down to its two largest units: `3 h 12 min`. */
export function inWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const units: readonly (readonly [number, string])[] = [
    [SECONDS_OF_DAY, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  let rest = whole;
  const parts: string[] = [];
  for (const [size, name] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? '0 s' : parts.join(' ');
}

/**
 * Check the times of a verified signature against the clock.
 *
 * @param now milliseconds since 1970
 * @throws {Fault} `signature_invalid` (`clock_ahead`, `issued_in_milliseconds`) when `t` lies further in the
 * future than the skew allows; 9 (`single_use_window_over`, `expired`, `expires_before_issued`,
 * `over_maximum`, `expires_in_milliseconds`, `expires_is_a_duration`)
 */
export function checkTime(
  signature: Pick<ParsedSignature, 'expires' | 'issued' | 'singleUse'>,
  now: number,
  settings: Pick<SignatureSettings, 'skewSeconds' | 'windowSeconds' | 'maxDays'>,
): void {
  const { expires, issued, singleUse } = signature;
  const nowSeconds = now / 1000;
  const ahead = issued - nowSeconds;
  if (ahead > settings.skewSeconds) {
    if (issued > SURELY_MILLISECONDS) {
      throw new Fault(
        'signature_invalid',
        'issued_in_milliseconds',
        't is in milliseconds: it must be in seconds since 1970',
      );
    }
    throw new Fault(
      'signature_invalid',
      'clock_ahead',
      `t lies ${inWords(ahead)} in the future, at most ${inWords(settings.skewSeconds)} are allowed: the signer's clock is ahead`,
    );
  }
  if (singleUse) {
    const age = nowSeconds - issued;
    if (age > settings.windowSeconds) {
      throw new Fault(
        'signature_expired',
        'single_use_window_over',
        `the single-use signature was made ${inWords(age)} ago, it is accepted for ${inWords(settings.windowSeconds)}`,
      );
    }
    return;
  }
  checkExpiry(expires, issued, nowSeconds, settings.maxDays);
}

function checkExpiry(expires: number, issued: number, now: number, maxDays: number): void {
  if (expires > SURELY_MILLISECONDS) {
    throw new Fault(
      'signature_expired',
      'expires_in_milliseconds',
      'e is in milliseconds: it must be in seconds since 1970',
    );
  }
  if (expires < SURELY_DURATION) {
    throw new Fault(
      'signature_expired',
      'expires_is_a_duration',
      `e is ${expires}, which reads like a duration: it must be the moment of the end, t plus the duration`,
    );
  }
  if (expires <= issued) {
    throw new Fault(
      'signature_expired',
      'expires_before_issued',
      `e lies ${inWords(issued - expires)} before t: it must lie after t`,
    );
  }
  if (expires - issued > maxDays * SECONDS_OF_DAY) {
    throw new Fault(
      'signature_expired',
      'over_maximum',
      `the signature is valid for ${inWords(expires - issued)}, at most ${maxDays} d are allowed`,
    );
  }
  if (expires <= now) {
    throw new Fault('signature_expired', 'expired', `the signature ended ${inWords(now - expires)} ago`);
  }
}
