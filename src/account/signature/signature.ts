import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Fault, type FaultReason } from '../../faults.ts';
import { misplacedDigest } from './mistakes.ts';
import { decodeSignatureText, type TextNote } from './text.ts';

/** A signature taken apart, not yet verified. */
export interface ParsedSignature {
  /** The 20 bytes of HMAC-SHA1. */
  readonly digest: Buffer;
  /** The text that was signed, byte for byte as received. */
  readonly original: Buffer;
  /** Every field of the original by its name, in the order received. */
  readonly fields: ReadonlyMap<string, string>;
  /** Field `a`. */
  readonly appid: string;
  /** Field `k`. */
  readonly secretId: string;
  /** Field `b`; null when missing or empty. */
  readonly bucket: string | null;
  /** Field `f`; null when missing or empty. */
  readonly fileid: string | null;
  /** Field `e` in seconds since 1970, perhaps with a fraction; 0 marks a single-use signature. */
  readonly expires: number;
  /** Field `t` in seconds since 1970, perhaps with a fraction. */
  readonly issued: number;
  /** Usable once: `e` is 0. */
  readonly singleUse: boolean;
  /** What had to be tidied before decoding. */
  readonly notes: readonly TextNote[];
}

/** Bytes of an HMAC-SHA1. */
export const DIGEST_LENGTH = 20;

const malformed = (reason: FaultReason<'signature_malformed'>, message: string): Fault =>
  new Fault('signature_malformed', reason, message);

const NEEDED = ['a', 'k', 'e', 't'] as const;
const MEANINGFUL = new Set(['a', 'b', 'k', 'e', 't', 'f']);

/**
 * Take a signature apart: `Base64(HMAC-SHA1 ‖ original)`, `original` being `a=…&b=…&k=…&e=…&t=…&r=…&f=…` in
 * any order, of which `b`, `r`, `u` and `f` may be missing. Nothing is verified here.
 *
 * @param header the `Authorization` header as received
 * @throws {Fault} `signature_missing` (`sign_missing`, `sign_empty`); `signature_malformed` with the reasons
 * of `decodeSignatureText` and `digest_only`, `too_short`, those of `misplacedDigest`, `field_missing`,
 * `field_twice`, `field_not_a_time`, `field_in_brackets`, `single_use_without_fileid`
 */
export function readSignature(header: string | undefined): ParsedSignature {
  const { bytes, notes } = decodeSignatureText(header);
  const { original, fields } = split(bytes);
  const expires = seconds(fields, 'e');
  const issued = seconds(fields, 't');
  const fileid = fields.get('f') || null;
  if (expires === 0 && fileid === null) {
    throw malformed(
      'single_use_without_fileid',
      'e is 0 (single use), but f, the file it is for, is missing or empty',
    );
  }
  return {
    digest: bytes.subarray(0, DIGEST_LENGTH),
    original,
    fields,
    appid: fields.get('a')!,
    secretId: fields.get('k')!,
    bucket: fields.get('b') || null,
    fileid,
    expires,
    issued,
    singleUse: expires === 0,
    notes,
  };
}

/**
 * The same for a caller that may go on without: the fault in place of the signature where it cannot be taken
 * apart. So a header is read once a request, however many ask for it.
 */
export function tryReadSignature(header: string | undefined): ParsedSignature | Fault {
  try {
    return readSignature(header);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** Cuts digest and original apart; where that fails, says which mistake in the layout explains it. */
function split(bytes: Buffer): Pick<ParsedSignature, 'original' | 'fields'> {
  try {
    if (bytes.length === DIGEST_LENGTH) {
      throw malformed(
        'digest_only',
        'the signature holds the digest alone: append the original text before base64',
      );
    }
    if (bytes.length < DIGEST_LENGTH) {
      throw malformed(
        'too_short',
        `the signature holds ${bytes.length} bytes: 20 of digest and the original are needed`,
      );
    }
    const original = bytes.subarray(DIGEST_LENGTH);
    return { original, fields: splitFields(original.toString('utf8')) };
  } catch (error) {
    const mistake = misplacedDigest(bytes);
    throw mistake === null ? error : malformed(mistake.reason, mistake.message);
  }
}

function splitFields(original: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const part of original.split('&')) {
    const at = part.indexOf('=');
    if (at <= 0) continue;
    const name = part.slice(0, at);
    if (!fields.has(name)) fields.set(name, part.slice(at + 1));
    else if (MEANINGFUL.has(name))
      throw malformed('field_twice', `the original holds the field ${name} twice`);
  }
  const missing = NEEDED.filter((name) => !fields.get(name));
  if (missing.length > 0) {
    throw malformed(
      'field_missing',
      `the original lacks ${missing.join(', ')}: a, k, e and t must be there with a value`,
    );
  }
  return fields;
}

function seconds(fields: ReadonlyMap<string, string>, name: 'e' | 't'): number {
  const text = fields.get(name)!;
  if (/^\[.*\]$/.test(text)) {
    throw malformed(
      'field_in_brackets',
      `${name} stands in brackets, which in the documentation only mark a placeholder`,
    );
  }
  const value = /^\d{1,20}(\.\d{0,20})?([eE]\+?\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) {
    throw malformed(
      'field_not_a_time',
      `${name} must be a time in seconds since 1970, found ${JSON.stringify(text.slice(0, 40))}`,
    );
  }
  return value;
}

/** HMAC-SHA1 of `original` under `secretKey`: 20 bytes. */
export function digestOf(original: Buffer, secretKey: string): Buffer {
  return createHmac('sha1', secretKey).update(original).digest();
}

const nobody = randomBytes(24).toString('base64');

/**
 * Whether the digest is the HMAC-SHA1 of the received original under `secretKey`, in constant time. Null
 * stands for a SecretId that does not exist: the same work is done and the answer is false.
 */
export function verifyDigest(parsed: ParsedSignature, secretKey: string | null): boolean {
  const equal = timingSafeEqual(digestOf(parsed.original, secretKey ?? nobody), parsed.digest);
  return equal && secretKey !== null;
}

/** What a signature is made of. Times in whole seconds since 1970. */
export interface SignatureContent {
  readonly appid: string;
  readonly secretId: string;
  readonly bucket?: string | undefined;
  /** When it ends; 0 for single use, which needs `fileid`. */
  readonly expires: number;
  /** Now. */
  readonly issued: number;
  /** A number that makes two signatures of one second differ. */
  readonly rand?: number | undefined;
  readonly fileid?: string | undefined;
}

/**
 * Make a signature as the old service documented it: fields in the order `a, b, k, e, t, r, f`, standard
 * base64. What is handed in is signed as it is, unchecked.
 *
 * @example sign({ appid: '1000001', secretId: 'AKID…', issued: 1438669115, expires: 1438672715 }, secretKey)
 */
export function sign(content: SignatureContent, secretKey: string): string {
  const { appid, bucket, secretId, expires, issued, rand, fileid } = content;
  const fields = [`a=${appid}`];
  if (bucket !== undefined) fields.push(`b=${bucket}`);
  fields.push(`k=${secretId}`, `e=${expires}`, `t=${issued}`);
  if (rand !== undefined) fields.push(`r=${rand}`);
  fields.push(`f=${fileid ?? ''}`);
  const original = Buffer.from(fields.join('&'));
  return Buffer.concat([digestOf(original, secretKey), original]).toString('base64');
}
