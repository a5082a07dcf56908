import { Fault, type FaultReason } from '../../faults.ts';

/** What had to be tidied before the text could be decoded; each is accepted, none is an error. */
export type TextNote = 'quoted' | 'url_encoded' | 'line_breaks' | 'url_safe' | 'padding_missing';

/** The bytes of a signature, and what was tidied on the way. */
export interface DecodedText {
  readonly bytes: Buffer;
  readonly notes: readonly TextNote[];
}

/**
 * Longest signature text that is looked at, in characters; the longest one seen in the wild has about 300.
 */
export const LONGEST_SIGNATURE = 8192;

const malformed = (reason: FaultReason<'signature_malformed'>, message: string): Fault =>
  new Fault('signature_malformed', reason, message);

/**
 * Decode the text of an `Authorization` header (or of a `sign` member) into bytes: white space around it, one
 * pair of quotes, `%2B %2F %3D`, CR and LF inside, the url-safe alphabet and missing padding are accepted.
 *
 * @throws {Fault} `signature_missing` (`sign_missing`, `sign_empty`); `signature_malformed` (`sign_too_long`,
 * `scheme_word`, `cos_signature`, `tc3_signature`, `original_in_clear`, `brackets`, `space_inside`,
 * `not_base64`)
 */
export function decodeSignatureText(header: string | undefined): DecodedText {
  if (header === undefined)
    throw new Fault(
      'signature_missing',
      'sign_missing',
      'no Authorization header and no sign came with the request',
    );
  if (header.length > LONGEST_SIGNATURE) {
    throw malformed(
      'sign_too_long',
      `the signature has ${header.length} characters, at most ${LONGEST_SIGNATURE} are read`,
    );
  }
  const notes: TextNote[] = [];
  const text = tidy(header, notes);
  if (text === '')
    throw new Fault('signature_missing', 'sign_empty', 'the Authorization header is there, but empty');
  refuseOtherSchemes(text);
  return { bytes: decodeBase64(text, notes), notes };
}

function tidy(header: string, notes: TextNote[]): string {
  let text = header.trim();
  const quote = text[0];
  if (text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote)) {
    text = text.slice(1, -1).trim();
    notes.push('quoted');
  }
  const decoded = text.replace(/%2B/gi, '+').replace(/%2F/gi, '/').replace(/%3D/gi, '=');
  const plain = decoded.replace(/%0[AD]/gi, '\n');
  if (plain !== text) notes.push('url_encoded');
  const joined = plain.replace(/[\r\n]+/g, '');
  if (joined !== plain) notes.push('line_breaks');
  return joined.trim();
}

function refuseOtherSchemes(text: string): void {
  if (/^TC3-HMAC-SHA256\b/.test(text)) {
    throw malformed(
      'tc3_signature',
      'this is a TC3-HMAC-SHA256 signature of the API 3.0, not one of this API',
    );
  }
  if (/^q-sign-algorithm=/.test(text)) {
    throw malformed(
      'cos_signature',
      'this is an object storage signature (q-sign-algorithm=…), not one of this API',
    );
  }
  if (/^[A-Za-z][A-Za-z0-9-]{0,15}:?[ \t]/.test(text)) {
    throw malformed(
      'scheme_word',
      'a scheme word such as Bearer or Basic stands before the signature: only the signature may stand there',
    );
  }
  if (/^\[?[abk]=.*&/.test(text)) {
    throw malformed(
      'original_in_clear',
      'this is the original text itself: it must be signed, and digest and text encoded in base64 together',
    );
  }
  if (/^\[.*\]$/.test(text)) {
    throw malformed(
      'brackets',
      'the signature stands in brackets, which in the documentation only mark a placeholder',
    );
  }
}

/**
 * A base64 text without the `=` at its end, two at most: what stands before them is no padding. By hand,
 * since an expression that looks for the last `=` begins anew at each of them.
 */
export function withoutPadding(text: string): string {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return padding === 0 ? text : text.slice(0, -padding);
}

function decodeBase64(text: string, notes: TextNote[]): Buffer {
  const body = withoutPadding(text);
  const wrong = /[^A-Za-z0-9+/_-]/.exec(body);
  if (wrong?.[0] === ' ') {
    throw malformed(
      'space_inside',
      'the signature holds a space: a + was probably turned into one by url-decoding',
    );
  }
  if (wrong !== null) {
    const shown = JSON.stringify(wrong[0]);
    throw malformed(
      'not_base64',
      `character ${wrong.index + 1} of the signature is ${shown}, which base64 does not have`,
    );
  }
  if (/[-_]/.test(body)) notes.push('url_safe');
  const standard = body.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = Buffer.from(standard, 'base64');
  // Bits left over at the end must be zero, so that one signature has one text (apart from what is tidied
  // above).
  if (standard.length % 4 === 1 || withoutPadding(bytes.toString('base64')) !== standard) {
    throw malformed(
      'not_base64',
      `the signature is cut off or damaged: ${standard.length} base64 characters do not end on a byte`,
    );
  }
  if (text.length < Math.ceil(body.length / 4) * 4) notes.push('padding_missing');
  return bytes;
}
