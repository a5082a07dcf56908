import { UsageError } from '../../faults.ts';
import type { AccountAdmin, AccountStore } from '../types.ts';
import { DIGEST_LENGTH, sign } from './signature.ts';

/** Whose signature is made, and with which key. */
export interface Signer {
  readonly appid: string;
  readonly secretId: string;
  readonly secretKey: string;
}

/** What a signature is for. */
export interface WantedSignature {
  /** Seconds from now until it ends; null: usable once, and then `fileid` must be there. */
  readonly seconds: number | null;
  readonly bucket?: string | undefined;
  readonly fileid?: string | undefined;
}

/** A signature, ready for the `Authorization` header. */
export interface MadeSignature {
  readonly signature: string;
  /** The text that was signed. */
  readonly original: string;
  readonly appid: string;
  readonly secretId: string;
  /** Seconds since 1970. */
  readonly issued: number;
  /** Seconds since 1970; 0: single use. */
  readonly expires: number;
  readonly singleUse: boolean;
}

/**
 * The pair to sign with: the one that is named, else the newest of the app that can be used.
 * @param now milliseconds since 1970
 * @throws {UsageError} `no_usable_secret`, `secret_unknown`, `app_unknown`
 */
export async function chooseSigner(
  accounts: Pick<AccountStore, 'findSecret'> & Pick<AccountAdmin, 'listSecrets'>,
  wanted: { readonly appid: string; readonly secretId?: string | undefined },
  now: number,
): Promise<Signer> {
  const { appid } = wanted;
  const usable = (await accounts.listSecrets(appid)).filter(
    ({ enabled, expiresAt }) => enabled && (expiresAt === null || expiresAt.getTime() > now),
  );
  const secretId = wanted.secretId ?? usable.at(-1)?.secretId;
  if (secretId === undefined) {
    throw new UsageError(
      'no_usable_secret',
      `the app ${appid} has no usable pair: "livestill key create ${appid}" makes one`,
    );
  }
  const pair = await accounts.findSecret(secretId);
  if (pair === null || pair.appid !== appid) {
    throw new UsageError(
      'secret_unknown',
      `the app ${appid} has no SecretId ${secretId}: "livestill key list ${appid}" shows them`,
    );
  }
  return { appid, secretId, secretKey: pair.secretKey };
}

/**
 * Makes a signature for use from now on.
 * @param now milliseconds since 1970
 * @param rand a number that makes two signatures of one second differ
 * @throws {UsageError} `fileid_missing`; `invalid_bucket`, `invalid_fileid` where a text would end its field
 */
export function makeSignature(
  signer: Signer,
  { seconds, bucket, fileid }: WantedSignature,
  now: number,
  rand: number,
): MadeSignature {
  const { appid, secretId, secretKey } = signer;
  checkField('bucket', bucket);
  checkField('fileid', fileid);
  if (seconds === null && (fileid === undefined || fileid === '')) {
    throw new UsageError('fileid_missing', 'a single-use signature is for one file: name it');
  }
  const issued = Math.floor(now / 1000);
  const expires = seconds === null ? 0 : issued + seconds;
  const signature = sign({ appid, secretId, bucket, expires, issued, rand, fileid }, secretKey);
  const original = Buffer.from(signature, 'base64').subarray(DIGEST_LENGTH).toString('utf8');
  return { signature, original, appid, secretId, issued, expires, singleUse: expires === 0 };
}

function checkField(name: 'bucket' | 'fileid', value: string | undefined): void {
  if (value === undefined || !value.includes('&')) return;
  throw new UsageError(`invalid_${name}`, `the ${name} has "&" in it, which ends a field of the signature`);
}
