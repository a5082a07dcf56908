import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/**
 * The chains that are kept: decisions, and changes by operators. Where several nodes write into one database,
 * each has a chain of its own for its decisions, with the node's name.
 */
export type ChainName = 'ledger' | 'admin' | `ledger:${string}`;

/** Who signed, and the signature. */
export interface Signed {
  /** Name of the key that signed: the first 16 hex letters of the SHA-256 of the public key (SPKI, DER). */
  readonly keyId: string;
  /** Ed25519 (RFC 8032), base64. */
  readonly signature: string;
}

/**
 * The state of a chain at one moment, signed: whoever has it can tell later whether anything before it was
 * changed.
 */
export interface Checkpoint extends Signed {
  readonly chain: ChainName;
  /** The newest row that it covers. */
  readonly rowId: number;
  /** The hash of that row. */
  readonly hash: string;
  readonly at: Date;
}

/**
 * What remains of rows that were deleted on purpose, signed, so that nobody without the key can make rows go
 * unseen.
 */
export interface Tombstone extends Signed {
  readonly chain: ChainName;
  readonly fromId: number;
  readonly toId: number;
  /** How many rows went. */
  readonly rows: number;
  /**
   * Digest of the content, where a single row was erased: its link can be computed anew. Null for pruned
   * ranges.
   */
  readonly digest: string | null;
  readonly hashBefore: string;
  readonly hashAfter: string;
  /** `gap`: rows were not there when the data folder was opened, as after a restore. */
  readonly reason: 'pruned' | 'erased' | 'gap';
  readonly at: Date;
}

/** A key that signs checkpoints and tombstones. */
export interface AuditKey {
  readonly keyId: string;
  /** SPKI, PEM. */
  readonly publicKey: string;
  sign(text: string): Signed;
}

/** What is signed of a checkpoint. */
export function checkpointText({ chain, rowId, hash, at }: Omit<Checkpoint, keyof Signed>): string {
  return `livestill checkpoint 1\n${chain}\n${rowId}\n${hash}\n${at.toISOString()}\n`;
}

/** What is signed of a tombstone. */
export function tombstoneText(stone: Omit<Tombstone, keyof Signed>): string {
  const { chain, fromId, toId, rows, digest, hashBefore, hashAfter, reason, at } = stone;
  const values = [chain, fromId, toId, rows, digest, hashBefore, hashAfter, reason, at.toISOString()];
  return `livestill tombstone 1\n${JSON.stringify(values)}\n`;
}

/** A new Ed25519 key, PKCS #8 in PEM. */
export function newAuditKeyText(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/**
 * The key in a text: PKCS #8 in PEM, or the base64 of its DER (fit for an environment variable).
 * @throws {Error} when it is no Ed25519 private key
 */
export function auditKeyFrom(text: string): AuditKey {
  const trimmed = text.trim();
  const key = trimmed.startsWith('-----')
    ? createPrivateKey(trimmed)
    : createPrivateKey({ key: Buffer.from(trimmed, 'base64'), format: 'der', type: 'pkcs8' });
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('expected an Ed25519 key');
  const spki = createPublicKey(key);
  const keyId = keyIdOf(spki);
  return {
    keyId,
    publicKey: spki.export({ type: 'spki', format: 'pem' }) as string,
    sign: (text) => ({ keyId, signature: sign(null, Buffer.from(text), key).toString('base64') }),
  };
}

/** Whether a text was signed by the key whose public half is given (SPKI, PEM). */
export function isGenuine(text: string, { keyId, signature }: Signed, publicKey: string): boolean {
  try {
    const key = createPublicKey(publicKey);
    return keyIdOf(key) === keyId && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

function keyIdOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16);
}
