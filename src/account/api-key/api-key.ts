import { createHash, randomInt } from 'node:crypto';
import { UsageError } from '../../faults.ts';
import { isInNetworks, networkProblem, networksOf } from '../../networks.ts';
import type { JudgingRules } from '../../policy/policy.ts';
import type { App } from '../types.ts';
import { checkName } from '../validate.ts';

/** What an API key may be used for. */
export const API_KEY_SCOPES = ['judge', 'read:operating-points', 'batch', 'sessions'] as const;

/** What a key may be used for where nothing is said: the others are given to those that ask for them. */
export const DEFAULT_SCOPES = ['judge', 'read:operating-points'] as const;

/** One of `API_KEY_SCOPES`. */
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

/** An API key and what is known of it; the key itself is kept nowhere. */
export interface ApiKeySummary {
  /**
   * The public beginning of the key: `lsk_` and 12 letters or digits. Names the key in lists, logs and the
   * ledger.
   */
  readonly keyId: string;
  readonly appid: string;
  /** What people call it. */
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  /** Networks or addresses it may be used from; empty: from everywhere. */
  readonly networks: readonly string[];
  readonly enabled: boolean;
  /** After this moment it no longer counts; null: no end. */
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** A key as the store finds it, with the app it belongs to and that app's rules. */
export interface StoredApiKey {
  readonly key: ApiKeySummary;
  /** SHA-256 of the whole key, hex. */
  readonly digest: string;
  readonly app: App;
  readonly rules: JudgingRules;
}

/** What is kept of a new key. */
export interface NewApiKey {
  readonly keyId: string;
  readonly digest: string;
  readonly name: string;
  readonly scopes: readonly ApiKeyScope[];
  readonly networks: readonly string[];
  readonly expiresAt: Date | null;
}

/**
 * Where API keys are looked up. Rejects with a `Fault` `accounts_unavailable` when the store does not answer.
 */
export interface ApiKeyStore {
  /** The key by its public beginning; null when there is none. */
  findApiKey(keyId: string): Promise<StoredApiKey | null>;
  /** Remember that the key was used; may be written later, in bulk. */
  touchApiKey(keyId: string, at: Date): void;
}

/**
 * Changing API keys. Rejects with a `UsageError` (`app_unknown`, `app_closed`, `api_key_unknown`,
 * `invalid_…`).
 */
export interface ApiKeyAdmin {
  addApiKey(appid: string, key: NewApiKey): Promise<ApiKeySummary>;
  /** The keys of one app, oldest first. */
  listApiKeys(appid: string): Promise<readonly ApiKeySummary[]>;
  setApiKeyEnabled(keyId: string, enabled: boolean): Promise<ApiKeySummary>;
  /**
   * Adds a key with the name, scopes and networks of another, which ends at `oldEndsAt`, in one step.
   * @returns the new key
   */
  rotateApiKey(
    keyId: string,
    next: Pick<NewApiKey, 'keyId' | 'digest'>,
    oldEndsAt: Date,
  ): Promise<ApiKeySummary>;
}

const BASE62 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID_LENGTH = 12;
const SECRET_LENGTH = 32;
/** `ID_LENGTH` and `SECRET_LENGTH` characters. */
const FORM = /^(lsk_[A-Za-z0-9]{12})[A-Za-z0-9]{32}$/;

/**
 * A new key: `lsk_` and 44 letters or digits from the system's random source. The first 12 are its public id,
 * the other 32 (190 bits) its secret.
 */
export function newApiKey(): { readonly keyId: string; readonly apiKey: string } {
  const apiKey = newKeyText('lsk_');
  return { keyId: apiKey.slice(0, 'lsk_'.length + ID_LENGTH), apiKey };
}

/** A prefix and 44 letters or digits from the system's random source. */
export function newKeyText(prefix: string): string {
  const letters = Array.from({ length: ID_LENGTH + SECRET_LENGTH }, () => BASE62[randomInt(BASE62.length)]);
  return `${prefix}${letters.join('')}`;
}

/** The public beginning of a key, or null when the text cannot be a key at all. */
export function apiKeyId(apiKey: string): string | null {
  return FORM.exec(apiKey)?.[1] ?? null;
}

/**
 * What is stored of a key: its SHA-256, hex. A slow password hash would gain nothing: the secret holds 190
 * random bits, and no guessing reaches those, however fast the hash is.
 */
export function apiKeyDigest(apiKey: string): string {
  return createHash('sha256').update(apiKey, 'utf8').digest('hex');
}

/** @throws {UsageError} `invalid_name`, `invalid_scope`, `invalid_network`, `invalid_expiry` */
export function checkNewApiKey(key: NewApiKey, now: number): void {
  checkName(key.name);
  const unknown = key.scopes.find((scope) => !API_KEY_SCOPES.includes(scope));
  if (unknown !== undefined || key.scopes.length === 0) {
    throw new UsageError(
      'invalid_scope',
      `scope: expected one or more of ${API_KEY_SCOPES.join(', ')}, found ${JSON.stringify(unknown ?? '')}`,
    );
  }
  if (key.networks.length > 100) {
    throw new UsageError('invalid_network', `networks: expected at most 100, found ${key.networks.length}`);
  }
  for (const network of key.networks) {
    const problem = networkProblem(network);
    if (problem !== null) {
      throw new UsageError('invalid_network', `network ${JSON.stringify(network)}: ${problem}`);
    }
  }
  if (key.expiresAt !== null && !(key.expiresAt.getTime() > now)) {
    throw new UsageError(
      'invalid_expiry',
      `expiry: expected a time to come, found ${JSON.stringify(key.expiresAt)}`,
    );
  }
}

/** Whether an IP address lies in one of the networks. An address that cannot be read lies in none. */
export function isInside(networks: readonly string[], address: string): boolean {
  return isInNetworks(networksOf(networks), address);
}
