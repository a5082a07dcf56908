import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A master key: 32 bytes, and a short name that says nothing of them. */
export interface MasterKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Whose SecretKey it is: bound into the encryption, so that a sealed key cannot be moved to another row. */
export interface SealedFor {
  readonly appid: string;
  readonly secretId: string;
}

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The master key made of 32 bytes. Its name is the start of a SHA-256 over a fixed word and the bytes. */
export function masterKey(bytes: Buffer): MasterKey {
  if (bytes.length !== 32) throw new RangeError(`a master key has 32 bytes, not ${bytes.length}`);
  const id = createHash('sha256')
    .update('livestill master key name\0')
    .update(bytes)
    .digest('hex')
    .slice(0, 16);
  return { id, bytes };
}

function associated(key: MasterKey, whose: SealedFor): Buffer {
  return Buffer.from(['livestill SecretKey', String(FORMAT), key.id, whose.appid, whose.secretId].join('\0'));
}

/** Encrypt with AES-256-GCM: one byte of format, 12 of random nonce, the ciphertext, 16 of tag. */
export function seal(secretKey: string, key: MasterKey, whose: SealedFor): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated(key, whose));
  return Buffer.concat([
    Buffer.from([FORMAT]),
    nonce,
    cipher.update(secretKey, 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/**
 * Decrypt what `seal` made.
 * @throws {Error} when a bit was changed, the key is another one, or it was sealed for another SecretId or
 * app
 */
export function unseal(sealed: Uint8Array, key: MasterKey, whose: SealedFor): string {
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== FORMAT)
    throw new Error('not a sealed SecretKey');
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated(key, whose));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  return Buffer.concat([
    decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES)),
    decipher.final(),
  ]).toString('utf8');
}
