import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, type FaultReason } from '../../../faults.ts';
import { createKeyFile, modeOthersMayUse, replaceKeyFile } from './key-file.ts';
import { type MasterKey, masterKey } from './seal.ts';

/** The master keys at hand. */
export interface Keyring {
  /** The key that new encryptions would use if nothing were encrypted yet. */
  readonly newest: MasterKey;
  /**
   * The key of that name; the file is read once more when the name is not known, as another process may have
   * added it.
   */
  find(id: string): MasterKey | null;
  /**
   * Put a new key in front of the others. Only where the keys lie in a file; otherwise the newest is handed
   * back as it is.
   */
  addNewest(): MasterKey;
  /**
   * Forget all keys but this one, in the file too. Where the keys come from the environment nothing changes.
   */
  keepOnly(id: string): void;
}

const FILE_NAME = 'master.key';
const banner =
  '# Master key of this livestill data folder. Keep it secret and keep a copy: without it no stored SecretKey can be read.\n';

const refused = (reason: FaultReason<'accounts_unavailable'>, message: string, cause?: unknown): Fault =>
  new Fault('accounts_unavailable', reason, message, { cause });

function parseKey(text: string, where: string): MasterKey {
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (bytes.length !== 32 || !/^[A-Za-z0-9+/_=-]+$/.test(text)) {
    throw refused(
      'master_key_malformed',
      `${where}: expected 32 bytes as base64 or as 64 hexadecimal letters, found something else`,
    );
  }
  return masterKey(bytes);
}

/**
 * Master keys from the environment: one or several with commas, the newest first.
 * @throws {Fault} `accounts_unavailable` (`master_key_malformed`)
 */
export function keyringFromText(text: string): Keyring {
  const keys = text.split(',').map((part) => parseKey(part.trim(), 'LIVESTILL_MASTER_KEY'));
  return {
    newest: keys[0]!,
    find: (id) => keys.find((key) => key.id === id) ?? null,
    addNewest: () => keys[0]!,
    keepOnly: () => {},
  };
}

/**
 * Master keys from `master.key` of the data folder, the newest on the first line.
 *
 * @param mayCreate whether a missing file may be made with a fresh key (nothing is encrypted yet)
 * @throws {Fault} `accounts_unavailable` (`master_key_missing`, `master_key_malformed`, `master_key_exposed`,
 * `master_key_unreadable`)
 */
export function keyringFromFile(dataDir: string, mayCreate: boolean): Keyring {
  const path = join(dataDir, FILE_NAME);
  let keys = readKeys(path) ?? (mayCreate ? create(path) : null);
  if (keys === null) {
    throw refused(
      'master_key_missing',
      `${path} is missing, but the data folder holds SecretKeys that are encrypted under it: put the file back, or hand its ` +
        'content over in LIVESTILL_MASTER_KEY',
    );
  }
  return {
    get newest() {
      return keys![0]!;
    },
    find(id) {
      const known = keys!.find((key) => key.id === id);
      if (known !== undefined) return known;
      keys = readKeys(path) ?? keys;
      return keys!.find((key) => key.id === id) ?? null;
    },
    addNewest() {
      const fresh = masterKey(randomBytes(32));
      const all = [fresh, ...(readKeys(path) ?? keys!)];
      replace(path, all);
      keys = all;
      return fresh;
    },
    keepOnly(id) {
      const kept = (readKeys(path) ?? keys!).filter((key) => key.id === id);
      if (kept.length === 0) throw refused('master_key_missing', `${path} no longer holds the key ${id}`);
      replace(path, kept);
      keys = kept;
    },
  };
}

function readKeys(path: string): readonly MasterKey[] | null {
  let text: string;
  try {
    const found = modeOthersMayUse(path);
    if (found !== null) {
      throw refused(
        'master_key_exposed',
        `${path}: expected mode 600 (its owner alone), found ${found}: run chmod 600 on it`,
      );
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (error instanceof Fault) throw error;
    throw refused('master_key_unreadable', `${path} cannot be read: ${(error as Error).message}`, error);
  }
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => parseKey(line, path));
  if (keys.length === 0)
    throw refused('master_key_malformed', `${path}: expected a key on a line of its own, found none`);
  return keys;
}

/** Make the file with a fresh key, unless another process was faster: then its key counts. */
function create(path: string): readonly MasterKey[] {
  createKeyFile(path, keysText([masterKey(randomBytes(32))]));
  return readKeys(path)!;
}

function replace(path: string, keys: readonly MasterKey[]): void {
  replaceKeyFile(path, keysText(keys));
}

function keysText(keys: readonly MasterKey[]): string {
  return banner + keys.map((key) => `${key.bytes.toString('base64')}\n`).join('');
}
