import { createHash } from 'node:crypto';

/** What the first row of a chain is linked to. */
export const CHAIN_START = '0'.repeat(64);

/** A value of a chained row: what its columns hold. */
export type ChainValue = string | number | null;

/**
 * Digest of a row's content, SHA-256 in hex: over the name of the form, the row's own random salt and its
 * values as JSON. The salt is deleted with an erased row, so that what remains of it (this digest) cannot be
 * tried against guessed addresses or pictures.
 * @param form names which values there are and in which order (`ledger-1`)
 * @param salt 32 hex letters
 */
export function contentDigest(form: string, salt: string, values: readonly ChainValue[]): string {
  return createHash('sha256')
    .update(`livestill ${form}\n${salt}\n${JSON.stringify(values)}`)
    .digest('hex');
}

/**
 * The hash of a row: SHA-256, in hex, over the hash of the row before it and the digest of its own content.
 */
export function linkHash(previous: string, digest: string): string {
  return createHash('sha256').update(`${previous}\n${digest}`).digest('hex');
}
