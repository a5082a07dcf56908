import { Fault } from '../faults.ts';
import { explainDigest } from './signature/mistakes.ts';
import { type ParsedSignature, verifyDigest } from './signature/signature.ts';
import type { AccountStore, App, SecretPair } from './types.ts';

/**
 * Does the pair belong to the signed app, and did it make the digest? The digest is computed in every case,
 * before the first answer, so that an unknown SecretId costs as much as a known one.
 *
 * @param now milliseconds since 1970
 * @throws {Fault} `app_unknown` (`appid_unknown`, `appid_in_brackets`), `key_unknown` (`secretid_unknown`,
 * `secretid_in_brackets`), `key_unusable` (`secretid_of_another_app`, `secretid_disabled`, `secretid_ended`),
 * `signature_invalid` (those of `explainDigest`)
 */
export function checkPair(
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
    throw new Fault('app_unknown', reason, `no app has the signed appid ${printable(appid)}${hint}`);
  }
  if (pair === null) {
    const hint = /^\[.*\]$/.test(secretId) ? ': the brackets of the documentation were copied' : '';
    const reason = hint === '' ? 'secretid_unknown' : 'secretid_in_brackets';
    throw new Fault('key_unknown', reason, `no key has the signed SecretId ${printable(secretId)}${hint}`);
  }
  if (pair.appid !== appid) {
    throw new Fault(
      'key_unusable',
      'secretid_of_another_app',
      `the SecretId belongs to another app than the signed appid ${appid}`,
    );
  }
  if (!pair.enabled)
    throw new Fault('key_unusable', 'secretid_disabled', `the SecretId ${secretId} is disabled`);
  if (pair.expiresAt !== null && pair.expiresAt.getTime() <= now) {
    throw new Fault(
      'key_unusable',
      'secretid_ended',
      `the SecretId ${secretId} was rotated and ended at ${pair.expiresAt.toISOString()}`,
    );
  }
  if (!passed) {
    const { reason, message } = explainDigest(signature.digest, signature.original, pair.secretKey, secretId);
    throw new Fault('signature_invalid', reason, message);
  }
  return pair;
}

/**
 * A closed app is answered as a suspended one: the contract has one answer for an account out of service.
 * Code 10 (no such appid) would send its owner looking for a typing error, and 24 and 25 belong to other
 * calls. The log tells them apart.
 * @throws {Fault} `request_malformed` (`account_suspended`, `account_closed`)
 */
export function checkState(app: App): void {
  if (app.state === 'suspended')
    throw new Fault('app_suspended', 'account_suspended', `the app ${app.appid} is suspended`);
  if (app.state === 'closed')
    throw new Fault('app_closed', 'account_closed', `the app ${app.appid} is closed`);
}

/**
 * Compares the signed bucket with the app's, when the app lists buckets and the signature names one. A
 * missing or empty `b` is no mistake: the contract lets it be missing, the old Node client never sends one,
 * others send an empty one. It gives away nothing, since here every bucket of an app may do the same.
 * @throws {Fault} `signature_misdirected` (`bucket_of_another_app`), `bucket_unknown`
 */
export async function checkBucket(
  signature: ParsedSignature,
  app: App,
  accounts: Pick<AccountStore, 'findBucketOwner'>,
): Promise<void> {
  const { bucket } = signature;
  if (app.buckets.length === 0 || bucket === null || app.buckets.includes(bucket)) return;
  const owner = await accounts.findBucketOwner(bucket);
  if (owner !== null)
    throw new Fault(
      'signature_misdirected',
      'bucket_of_another_app',
      `the signed bucket ${printable(bucket)} belongs to another app`,
    );
  throw new Fault('bucket_unknown', 'bucket_unknown', `no app lists the signed bucket ${printable(bucket)}`);
}

/** A caller's text as it may stand in a log line: quoted, escaped and cut. */
function printable(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
