import { ADVICE_ZH } from './advice.zh.ts';

const layout =
  'The signature is base64( HMAC-SHA1(SecretKey, original) + original ): 20 raw bytes, then the original, encoded together once.';
const seconds =
  'Use whole seconds since 1970: t is now, e is t plus the life you want, for example t + 3600.';
const PLACEHOLDERS = 'Write the value itself: 1000001, not [1000001].';

/** What to do about each reason for which a signature is refused. */
export const ADVICE: ReadonlyMap<string, string> = new Map([
  ['sign_missing', 'Send the signature in the Authorization header.'],
  [
    'sign_empty',
    'Send the signature in the Authorization header: the variable that should hold it is probably empty.',
  ],
  ['sign_too_long', 'Send the signature alone. A normal one has 150 to 300 characters.'],
  ['scheme_word', 'Send "Authorization: <signature>", with no word in front of the signature.'],
  [
    'cos_signature',
    'Make a signature of this API: "livestill sign" shows one. The SDK for object storage makes another kind.',
  ],
  [
    'tc3_signature',
    'Make a signature of this API: "livestill sign" shows one. The SDKs of the API 3.0 make another kind.',
  ],
  ['original_in_clear', layout],
  ['brackets', 'Send the signature without brackets.'],
  ['space_inside', 'Do not url-decode the signature on the way, or encode + as %2B before.'],
  ['not_base64', 'Use standard base64 (A-Z a-z 0-9 + / =) of the raw bytes, and send all of it.'],
  ['digest_only', layout],
  ['too_short', layout],
  ['hex_encoded', layout],
  ['original_only', layout],
  ['digest_appended_after', layout],
  [
    'hex_digest',
    'Take the raw 20 bytes of the digest (in PHP: hash_hmac(…, true); in Python: .digest(), not .hexdigest()).',
  ],
  ['base64_digest', 'Take the raw 20 bytes of the digest, append the original, and encode once.'],
  [
    'utf8_digest',
    'Keep the digest as bytes and append the original as bytes, never as texts: in JavaScript Buffer.concat([hmac.digest(), Buffer.from(original)]), in Java and C# arrays of bytes. Then encode in base64.',
  ],
  [
    'utf8_lossy_digest',
    'Keep the digest as bytes and append the original as bytes, never as texts: in JavaScript Buffer.concat([hmac.digest(), Buffer.from(original)]), in Java no new String(digest). Then encode in base64.',
  ],
  ['ascii_digest', 'Keep the digest as bytes, never as text, and append the original as bytes.'],
  ['sha256_digest', 'Use HMAC-SHA1: its digest has 20 bytes.'],
  ['md5_digest', 'Use HMAC-SHA1: its digest has 20 bytes.'],
  ['encoded_twice', 'Encode in base64 once.'],
  [
    'field_missing',
    'Put a (appid), k (SecretId), e (end) and t (now) into the original: a=…&k=…&e=…&t=…&r=…&f=',
  ],
  ['field_twice', 'Name every field once.'],
  ['field_not_a_time', seconds],
  ['field_in_brackets', PLACEHOLDERS],
  [
    'single_use_without_fileid',
    'For many uses set e to t plus the life you want; for single use give f a value.',
  ],
  [
    'appid_unknown',
    'Use the appid of an app that exists ("livestill app list"), or make it: "livestill app create --appid A"',
  ],
  ['appid_in_brackets', PLACEHOLDERS],
  [
    'secretid_unknown',
    'Use a SecretId that exists ("livestill key list"), or bring yours along: "livestill key import"',
  ],
  ['secretid_in_brackets', PLACEHOLDERS],
  ['secretid_of_another_app', 'Use appid and SecretId of the same app.'],
  ['secretid_disabled', 'Use another pair, or enable this one: "livestill key enable"'],
  ['secretid_ended', 'Use the pair that came with the rotation.'],
  [
    'signed_with_secret_id',
    'Hand the SecretKey to HMAC as the key; the SecretId stands in the original as k.',
  ],
  ['key_with_line_break', 'Trim the SecretKey after reading it from a file.'],
  ['original_with_line_break', 'Sign and append the very same bytes: no echo without -n, no println.'],
  [
    'key_and_text_swapped',
    'Key: the SecretKey. Text: the original. Look up which comes first in your library.',
  ],
  ['plain_sha1', 'Use HMAC-SHA1 with the SecretKey as key.'],
  ['sha256_cut', 'Use HMAC-SHA1.'],
  ['signed_url_encoded', 'Sign the original as it is; url-encode nothing.'],
  [
    'hmac_differs',
    'Check that the SecretKey belongs to this SecretId, and that the bytes that were signed are the bytes appended.',
  ],
  [
    'clock_ahead',
    'Set the clock of the machine that signs (NTP), and check that t is UTC seconds, not local time.',
  ],
  ['issued_in_milliseconds', seconds],
  ['expires_in_milliseconds', seconds],
  ['expires_is_a_duration', seconds],
  ['expires_before_issued', seconds],
  [
    'single_use_window_over',
    'Make a single-use signature right before the request, and check the clock of the machine that signs.',
  ],
  ['expired', 'Sign anew, and shortly before the request; check the clock of the machine that signs.'],
  ['over_maximum', 'Let e lie at most 90 days after t (or what the server is configured to).'],
  ['account_suspended', 'Ask the operator: "livestill app resume"'],
  ['account_closed', 'The app is closed for good: ask the operator for a new one.'],
  ['replay', 'Make a new single-use signature for every request, also for a retry.'],
  ['appid_differs', 'Use the same appid in the body and in the signature.'],
  ['bucket_of_another_app', 'Sign with a bucket of this app, or leave b out.'],
  ['bucket_unknown', 'Sign with a bucket of this app, or leave b out.'],
]);

/**
 * What to do about a finding, in a language.
 * @param fix in English
 * @param madeBy the SecretId of another pair that made the digest
 */
export function adviceOn(
  { reason, fix, madeBy }: { readonly reason: string; readonly fix: string; readonly madeBy?: string },
  language: 'en' | 'zh',
): string {
  if (language === 'en') return fix;
  if (madeBy !== undefined) return `把 ${madeBy} 写入 k，或用 k 所指 SecretId 的 SecretKey 签名。`;
  return ADVICE_ZH.get(reason) ?? fix;
}

/**
 * What is said of things that were tidied: they are accepted here, the old service may have been stricter.
 */
export const NOTE_TEXTS = {
  quoted: 'The signature stands in quotes. That is accepted.',
  url_encoded: 'The signature is url-encoded (%2B, %2F, %3D). That is accepted.',
  line_breaks: 'There are line breaks inside the signature. They are dropped.',
  url_safe: 'The signature uses the url-safe base64 letters - and _. That is accepted.',
  padding_missing: 'The = at the end of the base64 text is missing. That is accepted.',
} as const;
