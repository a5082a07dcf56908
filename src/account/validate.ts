import { UsageError } from '../faults.ts';
import { PROFILES } from '../liveness/profiles.ts';
import { CAPTURE_NAMES } from '../liveness/quality/capture.ts';
import type { AppLimits, AppPolicy, NewApp, NewSecret } from './types.ts';

const refuse = (reason: string, what: string, expected: string, found: unknown): never => {
  throw new UsageError(reason, `${what}: expected ${expected}, found ${JSON.stringify(found)}`);
};

/**
 * Whether a text can be an appid at all: 1-15 digits without a leading zero, so that it is the same as text
 * and as a JSON number (clients send both).
 */
export function isAppid(text: string): boolean {
  return /^[1-9]\d{0,14}$/.test(text);
}

/**
 * Whether a text can be a SecretId: 8-64 letters, digits, `_` or `-`; nothing that would need quoting in an
 * original.
 */
export function isSecretId(text: string): boolean {
  return /^[A-Za-z0-9_-]{8,64}$/.test(text);
}

/** @throws {UsageError} `invalid_appid` */
export function checkAppid(appid: string): void {
  if (!isAppid(appid)) refuse('invalid_appid', 'appid', '1 to 15 digits, the first not 0', appid);
}

/** @throws {UsageError} `invalid_name` */
export function checkName(name: string): void {
  const { length } = name.trim();
  if (length < 1 || length > 100 || hasUnseen(name.replaceAll(JOINERS, ''))) {
    refuse('invalid_name', 'name', '1 to 100 characters without control characters', name);
  }
}

/** Some scripts and emoji are written with these. */
const JOINERS = /[\u200c\u200d]/g;

/**
 * Whether a text has characters that are not seen or turn others around: control and format characters, ends
 * of lines, halves of characters. A name with one can look like another one in the log of changes.
 */
export function hasUnseen(text: string): boolean {
  return /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}

/** @throws {UsageError} `invalid_name`, `invalid_appid`, `invalid_bucket`, and those of limits and policy */
export function checkNewApp(app: NewApp): void {
  checkAppid(app.appid);
  checkName(app.name);
  checkBuckets(app.buckets ?? []);
  checkLimits(app.limits ?? {});
  checkPolicy(app.policy ?? {});
}

/** @throws {UsageError} `invalid_secret_id`, `invalid_secret_key`; the key itself is never in the message */
export function checkNewSecret(secret: NewSecret): void {
  if (!isSecretId(secret.secretId)) {
    refuse('invalid_secret_id', 'SecretId', '8 to 64 letters, digits, _ or -', secret.secretId);
  }
  const { length } = secret.secretKey;
  if (/[^\x21-\x7e]/.test(secret.secretKey)) {
    throw new UsageError(
      'invalid_secret_key',
      'SecretKey: expected printable ASCII characters without spaces, found others (was a line break copied with it?)',
    );
  }
  if (length < 16 || length > 128) {
    throw new UsageError('invalid_secret_key', `SecretKey: expected 16 to 128 characters, found ${length}`);
  }
}

/** @throws {UsageError} `invalid_bucket` */
export function checkBuckets(buckets: readonly string[]): void {
  if (buckets.length > 100) refuse('invalid_bucket', 'buckets', 'at most 100', buckets.length);
  for (const bucket of buckets) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(bucket)) {
      refuse('invalid_bucket', 'bucket', '1 to 64 letters, digits, ., _ or -', bucket);
    }
  }
}

/** @throws {UsageError} `invalid_limit` */
export function checkLimits(limits: Partial<AppLimits>): void {
  const { requestsPerSecond: rate, burst, concurrent, daily } = limits;
  if (rate != null && !(typeof rate === 'number' && rate >= 0.001 && rate <= 1e6)) {
    refuse('invalid_limit', 'requests a second', 'a number from 0.001 to 1000000, or none', rate);
  }
  const whole = [
    ['burst', burst, 0],
    ['requests at once', concurrent, 1],
    ['requests a day', daily, 1],
  ] as const;
  for (const [name, value, least] of whole) {
    if (value != null && !(Number.isInteger(value) && value >= least && value <= 1e9)) {
      refuse('invalid_limit', name, `a whole number from ${least} to 1000000000, or none`, value);
    }
  }
}

/** @throws {UsageError} `invalid_policy` */
export function checkPolicy(policy: Partial<AppPolicy>): void {
  const { threshold, profile, capture } = policy;
  if (threshold != null && !(typeof threshold === 'number' && threshold >= 0 && threshold <= 100)) {
    refuse('invalid_policy', 'threshold', 'a number from 0 to 100, or default', threshold);
  }
  if (profile != null && !PROFILES.includes(profile)) {
    refuse('invalid_policy', 'profile', `${PROFILES.join(', ')} or default`, profile);
  }
  if (capture != null && !CAPTURE_NAMES.includes(capture)) {
    refuse('invalid_policy', 'capture preset', `${CAPTURE_NAMES.join(', ')} or default`, capture);
  }
}
