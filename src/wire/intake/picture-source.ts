import { Fault } from '../../faults.ts';
import type { BodyMembers } from './input.ts';

/** Where the picture of a request comes from. */
export type PictureSource =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'url'; readonly url: URL };

/** Longest url that is taken, in characters. */
const LONGEST_URL = 8192;

/**
 * Chooses between `url` and `image`: where both are given only the url is used; an empty or null url does not
 * count.
 * @throws {Fault} `download_refused` `no_image` when neither is there
 * @throws {Fault} `image_invalid` `invalid_parameter_url` or `invalid_parameter_image` when the
 *   chosen one has the wrong form (not text, not an absolute http or https url, not base64)
 */
export function choosePicture(body: BodyMembers): PictureSource {
  if (body.url.kind !== 'absent') return { kind: 'url', url: parseUrl(body.url) };
  switch (body.image.kind) {
    case 'absent':
      throw new Fault(
        'picture_missing',
        'no_image',
        'Neither image nor url is in the body, or both are empty.',
      );
    case 'bytes':
      return { kind: 'bytes', bytes: body.image.bytes };
    case 'text':
      return { kind: 'bytes', bytes: decodeBase64Image(body.image.text) };
    case 'wrong':
      throw new Fault('image_invalid', 'image:type', `image must be base64 text; found ${body.image.found}.`);
  }
}

function parseUrl(input: BodyMembers['url']): URL {
  if (input.kind !== 'text') {
    const found = input.kind === 'wrong' ? input.found : 'bytes';
    throw new Fault('url_invalid', 'url:type', `url must be text; found ${found}.`);
  }
  const text = input.text.trim();
  if (text.length > LONGEST_URL) {
    throw new Fault(
      'url_invalid',
      'url:too_long',
      `url must be at most ${LONGEST_URL} characters; found ${text.length}.`,
    );
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw new Fault(
      'url_invalid',
      'url:not_http',
      'url must be an absolute http or https address; this one is not.',
    );
  }
  return url;
}

/**
 * Decodes the base64 text of `image`. Accepted: the standard and the url-safe alphabet, with or without
 * padding, line breaks after every so many characters, white space in front and line breaks behind, a
 * `data:image/…;base64,` prefix. Anything else is refused rather than guessed. `Buffer.from` would silently
 * stop at the first odd character and a shortened picture would be judged; and a blank is mostly what
 * decoding as a form made of a `+`: without it, all that follows would be other bytes.
 * @throws {Fault} `image_invalid` `image:data_uri`, `image:blank` or `image:base64`
 * @throws {Fault} `download_refused` `no_image` when nothing follows the prefix
 */
export function decodeBase64Image(text: string): Uint8Array {
  let base64 = text;
  const prefix = /^\s*data:[^,]{0,200},/i.exec(text);
  if (prefix !== null) {
    if (!/;\s*base64\s*,$/i.test(prefix[0])) {
      throw new Fault('image_invalid', 'image:data_uri', 'A data: prefix of image must end in ";base64,".');
    }
    base64 = text.slice(prefix[0].length);
  }
  // No picture's base64 begins with a +, so nothing was lost there.
  base64 = withoutLineBreaks(base64.trimStart());
  if (base64 === '') throw new Fault('picture_missing', 'no_image', 'image is empty.');
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const digits = base64.length - padding;
  if (
    digits % 4 === 1 ||
    (padding > 0 && base64.length % 4 !== 0) ||
    !/^[A-Za-z0-9+/_-]+={0,2}$/.test(base64)
  ) {
    throw new Fault(
      'image_invalid',
      'image:base64',
      `image must be base64 text; the ${base64.length} characters found are not.`,
    );
  }
  return Buffer.from(base64, 'base64');
}

/**
 * Joins a text that is broken into lines of one width, the last of them perhaps shorter, as RFC 2045 §6.8 and
 * `base64` of every system do.
 * @throws {Fault} `image_invalid` `image:blank` where white space stands anywhere else
 */
function withoutLineBreaks(text: string): string {
  const first = text.search(/\s/);
  if (first === -1) return text;
  const odd = text.search(/[^\x21-\x7e\r\n]/);
  if (odd !== -1) throw blank(text, odd);
  const bytes = Buffer.from(text, 'latin1');
  const { length } = bytes;
  let used = 0;
  let width = 0;
  for (let at = 0; at < length; ) {
    const start = used;
    while (at < length && !isLineBreak(bytes[at] as number)) bytes[used++] = bytes[at++] as number;
    while (at < length && isLineBreak(bytes[at] as number)) at++;
    const line = used - start;
    if (width === 0) width = line;
    if (line > width || (line < width && at < length)) throw blank(text, first);
  }
  return bytes.toString('latin1', 0, used);
}

function blank(text: string, at: number): Fault {
  const found = text.charCodeAt(at).toString(16).padStart(4, '0').toUpperCase();
  return new Fault(
    'image_invalid',
    'image:blank',
    `image must be base64 text; character ${at + 1} of it is U+${found}. Line breaks may stand after every so many characters, blanks nowhere: where a + of base64 was decoded as a form, it became one.`,
  );
}

function isLineBreak(byte: number): boolean {
  return byte === 0x0a || byte === 0x0d;
}
