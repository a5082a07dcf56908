import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, type FaultReason } from '../../../faults.ts';
import { type AuditKey, auditKeyFrom, newAuditKeyText } from '../../../ledger/checkpoint.ts';
import { createKeyFile, modeOthersMayUse } from './key-file.ts';

/** The file in the data folder with the key that signs checkpoints. */
export const AUDIT_KEY_FILE = 'audit.key';

/**
 * The key that signs checkpoints and tombstones: from the text of `LIVESTILL_AUDIT_KEY` where there is one,
 * else from `audit.key` of the data folder, which is made with a fresh key where it is missing.
 * @throws {Fault} `accounts_unavailable` (`audit_key_malformed`, `audit_key_exposed`, `audit_key_unreadable`)
 */
export function openAuditKey(dataDir: string, text: string | undefined): AuditKey {
  if (text !== undefined && text !== '') return parsed(text, 'LIVESTILL_AUDIT_KEY');
  const path = join(dataDir, AUDIT_KEY_FILE);
  let content: string;
  try {
    content = readOrCreate(path);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw refused(
      'audit_key_unreadable',
      `${path} cannot be read or made: ${(error as Error).message}`,
      error,
    );
  }
  return parsed(content, path);
}

function readOrCreate(path: string): string {
  try {
    const mode = modeOthersMayUse(path);
    if (mode !== null) {
      throw refused(
        'audit_key_exposed',
        `${path}: expected mode 600 (its owner alone), found ${mode}: run chmod 600 on it`,
      );
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    createKeyFile(path, newAuditKeyText());
    return readFileSync(path, 'utf8');
  }
}

function parsed(text: string, where: string): AuditKey {
  try {
    return auditKeyFrom(text);
  } catch (error) {
    throw refused(
      'audit_key_malformed',
      `${where}: expected an Ed25519 private key (PKCS #8 in PEM, or its DER in base64), found something else`,
      error,
    );
  }
}

const refused = (reason: FaultReason<'accounts_unavailable'>, message: string, cause?: unknown): Fault =>
  new Fault('accounts_unavailable', reason, message, { cause });
