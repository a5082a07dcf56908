import { randomInt } from 'node:crypto';
import type { NewSecret } from './types.ts';

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function random(length: number): string {
  return Array.from({ length }, () => ALPHANUMERIC[randomInt(ALPHANUMERIC.length)]).join('');
}

/** A new pair in the form of the old service: `AKID` and 32 letters or digits; a key of 32 (190 bits). */
export function newSecret(): NewSecret {
  return { secretId: `AKID${random(32)}`, secretKey: random(32) };
}

/** A new appid in the form of the old service: ten digits, the first two 12 or 13. */
export function newAppid(): string {
  return `1${randomInt(2, 4)}${String(randomInt(100_000_000)).padStart(8, '0')}`;
}
