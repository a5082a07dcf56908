import { Fault } from '../errors.ts';
import { type ParsedSignature, readSignature, verifyDigest } from './signature.ts';
import { explainDigest } from './signature-mistakes.ts';
import { checkTime } from './signature-time.ts';
import type {
  AccountStore,
  App,
  AuthenticationRequest,
  Authenticator,
  Caller,
  Clock,
  ReplayStore,
  SecretPair,
  SignatureSettings,
} from './types.ts';

/** What an authenticator works with. */
export interface AuthenticatorParts {
  readonly accounts: AccountStore;
  readonly replay: ReplayStore;
  readonly clock: Clock;
  readonly settings: SignatureSettings;
}

/**
 * The part of the contract's order of checks that runs from "signature present" to "the body's appid equals the signed
 * one": 4, 5, 10, 11, 12, 14, 9, 3 (403), 13, 6, 16. A single-use signature is used up once it comes as far as 13, also when
 * 6 or 16 refuses the request afterwards.
 */
export function createAuthenticator(parts: AuthenticatorParts): Authenticator {
  const { accounts, replay, clock, settings } = parts;
  return {
    async authenticate(request: AuthenticationRequest): Promise<Caller> {
      const signature = readSignature(chooseSignature(request, settings));
      const [app, pair] = await Promise.all([
        accounts.findApp(signature.appid),
        accounts.findSecret(signature.secretId),
      ]);
      const now = clock();
      const secret = checkPair(signature, app, pair, now);
      checkTime(signature, now, settings);
      checkState(app!);
      if (signature.singleUse) await useUp(signature, replay, settings);
      if (request.bodyAppid !== signature.appid) {
        throw new Fault(
          6,
          'appid_differs',
          `the body's appid is not the one that was signed, ${signature.appid}`,
        );
      }
      await checkBucket(signature, app!, accounts);
      accounts.touchSecret(secret.secretId, new Date(now));
      return { app: app!, secretId: secret.secretId, singleUse: signature.singleUse };
    },
  };
}

function chooseSignature(request: AuthenticationRequest, settings: SignatureSettings): string | undefined {
  const { authorization, bodySign } = request;
  const headerIsThere = authorization !== undefined && authorization.trim() !== '';
  return settings.bodySign && !headerIsThere && bodySign !== undefined ? bodySign : authorization;
}

/** 10, 11, 12, 14. The digest is computed in every case, before the first answer, so that all cases cost the same. */
function checkPair(
  signature: ParsedSignature,
  app: App | null,
  pair: SecretPair | null,
  now: number,
): SecretPair {
  const { appid, secretId } = signature;
  const passed = verifyDigest(signature, pair?.secretKey ?? null);
  if (app === null) {
    const hint = /^\[.*\]$/.test(appid) ? ': the brackets of the documentation were copied' : '';
    const reason = hint === '' ? 'appid_unknown' : 'appid_in_brackets';
    throw new Fault(10, reason, `no app has the signed appid ${printable(appid)}${hint}`);
  }
  if (pair === null) {
    const hint = /^\[.*\]$/.test(secretId) ? ': the brackets of the documentation were copied' : '';
    const reason = hint === '' ? 'secretid_unknown' : 'secretid_in_brackets';
    throw new Fault(11, reason, `no key has the signed SecretId ${printable(secretId)}${hint}`);
  }
  if (pair.appid !== appid) {
    throw new Fault(
      12,
      'secretid_of_another_app',
      `the SecretId belongs to another app than the signed appid ${appid}`,
    );
  }
  if (!pair.enabled) throw new Fault(12, 'secretid_disabled', `the SecretId ${secretId} is disabled`);
  if (pair.expiresAt !== null && pair.expiresAt.getTime() <= now) {
    throw new Fault(
      12,
      'secretid_ended',
      `the SecretId ${secretId} was rotated and ended at ${pair.expiresAt.toISOString()}`,
    );
  }
  if (!passed) {
    const { reason, message } = explainDigest(signature.digest, signature.original, pair.secretKey, secretId);
    throw new Fault(14, reason, message);
  }
  return pair;
}

function checkState(app: App): void {
  if (app.state === 'suspended') throw new Fault(3, 'account_suspended', `the app ${app.appid} is suspended`);
  if (app.state === 'closed') throw new Fault(3, 'account_closed', `the app ${app.appid} is closed`);
}

async function useUp(
  signature: ParsedSignature,
  replay: ReplayStore,
  settings: SignatureSettings,
): Promise<void> {
  // Kept one skew longer than it could be accepted, so that a clock set back a little cannot revive it.
  const until = new Date((signature.issued + settings.windowSeconds + settings.skewSeconds) * 1000);
  const fresh = await replay.remember(signature.digest.toString('hex'), until);
  if (!fresh) throw new Fault(13, 'replay', 'this single-use signature was used before');
}

async function checkBucket(signature: ParsedSignature, app: App, accounts: AccountStore): Promise<void> {
  const { bucket } = signature;
  if (app.buckets.length === 0 || bucket === null || app.buckets.includes(bucket)) return;
  const owner = await accounts.findBucketOwner(bucket);
  if (owner !== null)
    throw new Fault(
      6,
      'bucket_of_another_app',
      `the signed bucket ${printable(bucket)} belongs to another app`,
    );
  throw new Fault(16, 'bucket_unknown', `no app lists the signed bucket ${printable(bucket)}`);
}

/** A caller's text as it may stand in a log line: quoted, escaped and cut. */
function printable(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
