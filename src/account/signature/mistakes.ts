import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SigningMistake } from '../../faults.ts';
import { withoutPadding } from './text.ts';

/** Bytes of an HMAC-SHA1. */
const DIGEST_LENGTH = 20;

/** A mistake in making a signature that can be told from its bytes. */
export interface Mistake {
  readonly reason: SigningMistake;
  readonly message: string;
}

interface Layout extends Mistake {
  /** How many bytes stand where the 20 bytes of digest should be. */
  readonly prefix: number;
  /** What these bytes look like. */
  readonly shape: RegExp;
}

const LAYOUTS: readonly Layout[] = [
  {
    prefix: 40,
    shape: /^[0-9a-f]{40}$/i,
    reason: 'hex_digest',
    message: 'the digest was put in as 40 hexadecimal letters: it must be the 20 raw bytes',
  },
  {
    prefix: 28,
    shape: /^[A-Za-z0-9+/]{27}=$/,
    reason: 'base64_digest',
    message:
      'the digest was put in as base64 text, and then all was encoded again: it must be the 20 raw bytes',
  },
  {
    prefix: 64,
    shape: /^[0-9a-f]{64}$/i,
    reason: 'sha256_digest',
    message: 'the digest is a SHA-256 in hexadecimal: it must be the 20 raw bytes of HMAC-SHA1',
  },
  {
    prefix: 32,
    shape: /^[0-9a-f]{32}$/i,
    reason: 'md5_digest',
    message: 'the digest is an MD5 in hexadecimal: it must be the 20 raw bytes of HMAC-SHA1',
  },
  {
    prefix: 32,
    shape: /^/,
    reason: 'sha256_digest',
    message: 'the digest has 32 bytes, as HMAC-SHA256 makes: it must be HMAC-SHA1 with 20',
  },
];

/**
 * Whether `text` reads like the start of an original: the appid first, as every known client has it, then
 * another field.
 */
function looksLikeOriginal(text: string): boolean {
  return /^(\[?a=|b=[^&]*&|k=[^&]+&)/.test(text) && /[&][a-z]=/.test(text);
}

/**
 * What went wrong when the bytes are not 20 of digest and then the original, as far as the bytes tell:
 * reasons `hex_encoded`, `original_only`, `digest_appended_after`, `hex_digest`, `base64_digest`,
 * `sha256_digest`, `md5_digest`, `utf8_digest`, `utf8_lossy_digest`, `encoded_twice`. Null when none of them
 * explains it. Meant for bytes that were refused: a good digest may look odd by chance.
 */
export function misplacedDigest(bytes: Buffer): Mistake | null {
  const text = bytes.toString('latin1');
  if (looksLikeOriginal(text)) return originalFirst(bytes);
  const throughText = digestThroughText(bytes, text);
  if (throughText !== null) return throughText;
  for (const { prefix, shape, reason, message } of LAYOUTS) {
    if (shape.test(text.slice(0, prefix)) && looksLikeOriginal(text.slice(prefix)))
      return { reason, message };
  }
  // 40 or more hex letters are valid base64 too; decoded so, every three bytes carry four of them.
  const letters = withoutPadding(bytes.toString('base64'));
  if (letters.length >= 40 && /^[0-9a-f]+$/i.test(letters)) {
    return {
      reason: 'hex_encoded',
      message: 'the signature is written in hexadecimal: it must be base64 of the raw bytes',
    };
  }
  if (
    /^[A-Za-z0-9+/\r\n]{28,}={0,2}$/.test(text) &&
    looksLikeOriginal(Buffer.from(text, 'base64').toString('latin1').slice(20))
  ) {
    return { reason: 'encoded_twice', message: 'the signature was encoded in base64 twice' };
  }
  return null;
}

/** Most bytes that 20 bytes of digest become as text in UTF-8: three for each that is no character. */
const LONGEST_TEXT = 60;

/**
 * A digest that became a text and was written out again in UTF-8: read as Latin-1 each byte from 0x80 on
 * becomes two, read as UTF-8 what is no character becomes U+FFFD and is lost. JavaScript (`digest('binary')`
 * or `toString()` and then `+`), Java and C# (`new String(digest)`) do so without a word.
 */
function digestThroughText(bytes: Buffer, text: string): Mistake | null {
  for (let end = DIGEST_LENGTH; end <= Math.min(LONGEST_TEXT, text.length); end++) {
    if (!looksLikeOriginal(text.slice(end))) continue;
    const digest = bytes.subarray(0, end).toString('utf8');
    if (!Buffer.from(digest, 'utf8').equals(bytes.subarray(0, end))) return null;
    if (digest.includes('\ufffd')) {
      return {
        reason: 'utf8_lossy_digest',
        message:
          'the digest was read as UTF-8 text and written out again: what is no character became U+FFFD, and the digest is lost',
      };
    }
    // The last bytes of the digest itself look like the beginning of an original, such as "k=".
    if (digest.length < DIGEST_LENGTH) continue;
    const isLatin1 = [...digest].every((letter) => letter <= '\u00ff') && digest.length === DIGEST_LENGTH;
    if (!isLatin1 || end === DIGEST_LENGTH) return null;
    return {
      reason: 'utf8_digest',
      message:
        'the digest was read as Latin-1 text and written out as UTF-8: every byte from 0x80 on became two of them',
    };
  }
  return null;
}

function originalFirst(bytes: Buffer): Mistake {
  const tail = bytes.subarray(-20);
  if (bytes.length > 40 && tail.some((byte) => byte < 0x20 || byte > 0x7e)) {
    return {
      reason: 'digest_appended_after',
      message: 'the original comes first and the digest after it: the 20 bytes of digest must come first',
    };
  }
  return {
    reason: 'original_only',
    message: 'the signature holds the original alone: 20 bytes of HMAC-SHA1 must come before it',
  };
}

const hmac = (algorithm: string, key: string | Buffer, text: Buffer | string): Buffer =>
  createHmac(algorithm, key).update(text).digest();

/** Ways to make a wrong digest out of the right key. */
const WRONG_WAYS: readonly (Mistake & { make(original: Buffer, key: string, secretId: string): Buffer })[] = [
  {
    reason: 'signed_with_secret_id',
    message: 'the digest was made with the SecretId as the key: it must be made with the SecretKey',
    make: (original, _key, secretId) => hmac('sha1', secretId, original),
  },
  {
    reason: 'key_with_line_break',
    message: 'the digest was made with a line break or a space at the end of the SecretKey',
    make: (original, key) => hmac('sha1', `${key}\n`, original),
  },
  {
    reason: 'key_with_line_break',
    message: 'the digest was made with a line break or a space at the end of the SecretKey',
    make: (original, key) => hmac('sha1', `${key} `, original),
  },
  {
    reason: 'original_with_line_break',
    message: 'a line break was signed at the end of the original, but not appended with it',
    make: (original, key) => hmac('sha1', key, Buffer.concat([original, Buffer.from('\n')])),
  },
  {
    reason: 'key_and_text_swapped',
    message: 'key and text were handed to HMAC in the wrong order',
    make: (original, key) => hmac('sha1', original, key),
  },
  {
    reason: 'plain_sha1',
    message: 'the digest is a plain SHA-1 without the key: it must be HMAC-SHA1',
    make: (original) => createHash('sha1').update(original).digest(),
  },
  {
    reason: 'sha256_cut',
    message: 'the digest is the start of an HMAC-SHA256: it must be HMAC-SHA1',
    make: (original, key) => hmac('sha256', key, original).subarray(0, 20),
  },
  {
    reason: 'ascii_digest',
    message: 'the digest was written out as ASCII text: every byte from 0x80 on became a question mark',
    make: (original, key) => hmac('sha1', key, original).map((byte) => (byte < 0x80 ? byte : 0x3f)) as Buffer,
  },
  {
    reason: 'ascii_digest',
    message: 'the digest was read as ASCII text: every byte from 0x80 on lost its highest bit',
    make: (original, key) => hmac('sha1', key, original).map((byte) => byte & 0x7f) as Buffer,
  },
  {
    reason: 'signed_url_encoded',
    message: 'the url-encoded original was signed, but the plain one appended: both must be the same bytes',
    make: (original, key) => hmac('sha1', key, encodeURIComponent(original.toString('utf8'))),
  },
];

/**
 * Why a digest does not fit although the key is known: tries the mistakes that clients make. All are tried,
 * in constant time each. `hmac_differs` when none explains it: wrong key, or a changed text.
 */
export function explainDigest(
  digest: Buffer,
  original: Buffer,
  secretKey: string,
  secretId: string,
): Mistake {
  let found: Mistake | null = null;
  for (const { reason, message, make } of WRONG_WAYS) {
    const equal = timingSafeEqual(make(original, secretKey, secretId), digest);
    if (equal && found === null) found = { reason, message };
  }
  return (
    found ??
    misplacedDigest(Buffer.concat([digest, original])) ?? {
      reason: 'hmac_differs',
      message:
        'the digest is not the HMAC-SHA1 of the appended original under this SecretKey: wrong key, or other bytes were signed',
    }
  );
}
