import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits as base64url, for a cookie, a link or a challenge. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * What is kept of a token: its SHA-256, hex. A slow hash would gain nothing over so many random bits.
 */
export function digestOf(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/** Compares in a time that says nothing of where two texts differ. */
export function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(one)), Buffer.from(digestOf(other)));
}
