import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** A new id and token; 128 and 256 random bits. */
export function newSessionNames(): { readonly sessionId: string; readonly token: string } {
  return {
    sessionId: `ses_${randomBytes(16).toString('base64url')}`,
    token: `lst_${randomBytes(32).toString('base64url')}`,
  };
}

/** The form of an id. */
export const SESSION_ID = /^ses_[\w-]{22}$/;

export function newNonce(): string {
  return randomBytes(16).toString('base64url');
}

/** What is stored of a token: SHA-256, hex. It has 256 random bits, so a slow hash would gain nothing. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/** Whether a token is the one that was hashed, in constant time. */
export function isToken(token: string, digest: string): boolean {
  return timingSafeEqual(Buffer.from(tokenDigest(token), 'hex'), Buffer.from(digest, 'hex'));
}

/** What the MAC of an upload covers besides the picture. */
export interface UploadParts {
  readonly sessionId: string;
  readonly nonce: string;
  /** The header as sent; empty where there is none. */
  readonly facts: string;
}

/**
 * The MAC of one upload: HMAC-SHA256 (base64url) over `livestill-still-1`, the session's id, the nonce and
 * the facts, a line each, and the picture's bytes.
 * @param key base64url
 */
export function uploadMac(
  key: string,
  { sessionId, nonce, facts }: UploadParts,
  picture: Uint8Array,
): string {
  return createHmac('sha256', Buffer.from(key, 'base64url'))
    .update(`livestill-still-1\n${sessionId}\n${nonce}\n${facts}\n`)
    .update(picture)
    .digest('base64url');
}

/** Whether two MACs are the same, in constant time. */
export function isSameMac(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
