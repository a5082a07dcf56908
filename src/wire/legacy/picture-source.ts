import { Fault } from '../../errors.ts';
import type { LegacyBody } from './body.ts';

/** Where the picture of a request comes from. */
export type PictureSource =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'url'; readonly url: URL };

/** Longest url that is taken, in characters. */
const longestUrl = 8192;

/**
 * Chooses between `url` and `image`: where both are given only the url is used; an empty or null url does not count.
 * @throws Fault -5805 `no_image` when neither is there; Fault 21 `invalid_parameter_url` or `invalid_parameter_image` when the
 *   chosen one has the wrong form (not text, not an absolute http or https url, not base64)
 */
export function choosePicture(body: LegacyBody): PictureSource {
  if (body.url.kind !== 'absent') return { kind: 'url', url: parseUrl(body.url) };
  switch (body.image.kind) {
    case 'absent':
      throw new Fault(-5805, 'no_image', 'Neither image nor url is in the body, or both are empty.');
    case 'bytes':
      return { kind: 'bytes', bytes: body.image.bytes };
    case 'text':
      return { kind: 'bytes', bytes: decodeBase64Image(body.image.text) };
    case 'wrong':
      throw new Fault(21, 'image:type', `image must be base64 text; found ${body.image.found}.`);
  }
}

function parseUrl(input: LegacyBody['url']): URL {
  if (input.kind !== 'text') {
    const found = input.kind === 'wrong' ? input.found : 'bytes';
    throw new Fault(21, 'url:type', `url must be text; found ${found}.`);
  }
  const text = input.text.trim();
  if (text.length > longestUrl) {
    throw new Fault(
      21,
      'url:too_long',
      `url must be at most ${longestUrl} characters; found ${text.length}.`,
    );
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new Fault(21, 'url:not_http', 'url must be an absolute http or https address; this one is not.');
  }
  return url;
}

/**
 * Decodes the base64 text of `image`. Accepted: the standard and the url-safe alphabet, with or without padding, white space
 * anywhere, a `data:image/…;base64,` prefix. Anything else is refused rather than guessed, since `Buffer.from` would silently
 * stop at the first odd character and a shortened picture would be judged.
 * @throws Fault 21 `image:data_uri` or `image:base64`; Fault -5805 `no_image` when nothing follows the prefix
 */
export function decodeBase64Image(text: string): Uint8Array {
  let base64 = text;
  const prefix = /^\s*data:[^,]{0,200},/i.exec(text);
  if (prefix !== null) {
    if (!/;\s*base64\s*,$/i.test(prefix[0])) {
      throw new Fault(21, 'image:data_uri', 'A data: prefix of image must end in ";base64,".');
    }
    base64 = text.slice(prefix[0].length);
  }
  if (/\s/.test(base64)) base64 = withoutSpace(base64);
  if (base64 === '') throw new Fault(-5805, 'no_image', 'image is empty.');
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const digits = base64.length - padding;
  if (
    digits % 4 === 1 ||
    (padding > 0 && base64.length % 4 !== 0) ||
    !/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)
  ) {
    throw new Fault(
      21,
      'image:base64',
      `image must be base64 text; the ${base64.length} characters found are not.`,
    );
  }
  return Buffer.from(base64, 'base64');
}

/**
 * The text without its white space, wherever that stands; as it is where it cannot be base64. A regular expression that takes
 * out single blanks needs a third of a second for 6 MiB of them.
 */
function withoutSpace(text: string): string {
  const kept = Buffer.allocUnsafe(text.length);
  let used = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) continue;
    if (code > 0x7f) return text;
    kept[used++] = code;
  }
  return kept.toString('latin1', 0, used);
}

/** What `\s` stands for (ECMA-262, WhiteSpace and LineTerminator). */
function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return code === 0xa0 || code === 0xfeff || (code >= 0x1680 && rareSpaces.has(code));
}

const rareSpaces: ReadonlySet<number> = new Set([
  0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028,
  0x2029, 0x202f, 0x205f, 0x3000,
]);
