import { timingSafeEqual } from 'node:crypto';
import { Fault } from '../../faults.ts';
import type { JudgingRules } from '../../policy/policy.ts';
import type { App, Clock } from '../types.ts';
import { type ApiKeyScope, type ApiKeyStore, apiKeyDigest, apiKeyId, isInside } from './api-key.ts';

/** Who calls with an API key. */
export interface ApiKeyCaller {
  readonly app: App;
  readonly keyId: string;
  readonly rules: JudgingRules;
}

/** What is looked at. */
export interface ApiKeyRequest {
  /** The `Authorization` header as received. */
  readonly authorization: string | undefined;
  /** The caller's IP address; `unknown` where a trusted proxy did not tell it. */
  readonly callerAddress: string;
  /** The scope that the call needs, or several of which one is enough. */
  readonly scope: ApiKeyScope | readonly ApiKeyScope[];
}

/** Says who calls, or why not. */
export interface ApiKeyAuthenticator {
  /**
   * @throws {Fault} `api_key_missing`, `api_key_invalid`, `api_key_disabled`, `api_key_expired`,
   * `address_not_allowed`, `scope_missing`, `app_suspended` or `app_closed`, with a message fit for the
   * caller: it says nothing that the holder of the key may not know; `accounts_unavailable` when the store
   * does not answer
   */
  authenticate(request: ApiKeyRequest): Promise<ApiKeyCaller>;
}

/** Stands in for the digest of a key that does not exist, so that the comparison is made in every case. */
const nobody = Buffer.alloc(32);

/**
 * Checks API keys: present, known (digests compared in constant time), enabled, not ended, from an allowed
 * address, with the scope, of an active app. What is wrong beyond "unknown" is told only to callers that hold
 * the whole key.
 */
export function createApiKeyAuthenticator(parts: {
  readonly apiKeys: ApiKeyStore;
  readonly clock: Clock;
}): ApiKeyAuthenticator {
  const { apiKeys, clock } = parts;
  return {
    async authenticate({ authorization, callerAddress, scope }) {
      const apiKey = bearerToken(authorization);
      const keyId = apiKeyId(apiKey);
      const found = keyId === null ? null : await apiKeys.findApiKey(keyId);
      const given = Buffer.from(apiKeyDigest(apiKey), 'hex');
      const stored = found === null ? nobody : Buffer.from(found.digest, 'hex');
      const same = stored.length === given.length && timingSafeEqual(stored, given);
      if (found === null || !same) {
        throw new Fault(
          'api_key_invalid',
          'api_key_invalid',
          'No such API key: it was mistyped, cut off, or never made here.',
        );
      }
      const { key, app, rules } = found;
      const now = clock();
      if (!key.enabled)
        throw new Fault('api_key_disabled', 'api_key_disabled', `The API key ${key.keyId} is disabled.`);
      if (key.expiresAt !== null && key.expiresAt.getTime() <= now) {
        const end = key.expiresAt.toISOString();
        throw new Fault('api_key_expired', 'api_key_expired', `The API key ${key.keyId} ended at ${end}.`);
      }
      if (key.networks.length > 0 && !isInside(key.networks, callerAddress)) {
        throw new Fault(
          'address_not_allowed',
          'address_not_allowed',
          `The API key ${key.keyId} may not be used from ${callerAddress === 'unknown' ? 'an address that the proxy did not tell' : callerAddress}.`,
        );
      }
      const enough = [scope].flat();
      if (!enough.some((one) => key.scopes.includes(one))) {
        throw new Fault(
          'scope_missing',
          'scope_missing',
          `This call needs the scope ${enough.join(' or ')}; the API key ${key.keyId} has ${key.scopes.join(', ')}.`,
        );
      }
      if (app.state !== 'active') {
        const why = `The app ${app.appid} is ${app.state}.`;
        throw app.state === 'closed'
          ? new Fault('app_closed', 'app_closed', why)
          : new Fault('app_suspended', 'app_suspended', why);
      }
      apiKeys.touchApiKey(key.keyId, new Date(now));
      return { app, keyId: key.keyId, rules };
    },
  };
}

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1). */
function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === '') {
    throw new Fault(
      'api_key_missing',
      'api_key_missing',
      'Send the API key as "Authorization: Bearer lsk_…".',
    );
  }
  const token = /^bearer +([^\s]+) *$/i.exec(authorization.trim())?.[1];
  if (token === undefined) {
    throw new Fault(
      'api_key_missing',
      'api_key_missing',
      'The Authorization header must be "Bearer" followed by an API key that begins with lsk_; it is not.',
    );
  }
  return token;
}
