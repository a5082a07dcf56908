import { InputError } from './errors.ts';

/** What a signature of the old API says. Times in seconds since 1970. */
export interface LegacySignature {
  readonly appid: string;
  readonly secretId: string;
  readonly secretKey: string;
  readonly bucket?: string;
  /**
   * Until when it can be used, at most 90 days; 10 minutes from now where nothing is given. 0: once, for
   * `fileid`.
   */
  readonly expires?: number;
  /** When it was made; now where nothing is given. */
  readonly issued?: number;
  readonly rand?: number;
  readonly fileid?: string;
}

/**
 * Signs for the old API with Web Crypto: `Base64(HMAC-SHA1(SecretKey, original) ‖ original)`, the value of
 * `Authorization`. Web Crypto is there in Node, Deno, Bun, and on pages served over TLS.
 * @throws {InputError} when a value cannot stand in a signature
 */
export async function legacySign(signature: LegacySignature): Promise<string> {
  const issued = signature.issued ?? Math.floor(Date.now() / 1000);
  const {
    appid,
    secretId,
    secretKey,
    bucket = '',
    expires = issued + 600,
    rand = Math.floor(Math.random() * 1e10),
    fileid = '',
  } = signature;
  for (const value of [appid, secretId, bucket, fileid]) {
    if (/[&\s]/.test(value)) throw new InputError(`${JSON.stringify(value)} cannot stand in a signature`);
  }
  if (expires === 0 && fileid === '') throw new InputError('a signature for one use needs a fileid');
  const b = bucket === '' ? '' : `&b=${bucket}`;
  const text = `a=${appid}${b}&k=${secretId}&e=${expires}&t=${issued}&r=${rand}&f=${fileid}`;
  const original = new TextEncoder().encode(text);
  const hash = { name: 'HMAC', hash: 'SHA-1' };
  const bytes = new TextEncoder().encode(secretKey);
  const key = await crypto.subtle.importKey('raw', bytes, hash, false, ['sign']);
  const digest = new Uint8Array(await crypto.subtle.sign('HMAC', key, original));
  return btoa(String.fromCharCode(...digest, ...original));
}
