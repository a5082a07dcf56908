import type { IncomingMessage } from 'node:http';
import { refused } from './reasons.ts';

const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

/**
 * Where a redirect points, null for every other answer. `Location` may have raw bytes beyond ASCII, most
 * often UTF-8: they are percent-encoded as they are, as browsers do, so that the url asked next has the bytes
 * that the server wrote.
 * @throws {Fault} `download_refused` `bad_redirect` where there is no `Location`, several that differ, or
 * none that is a url
 */
export function redirectOf(answer: IncomingMessage, base: URL): URL | null {
  const { statusCode, headersDistinct } = answer;
  if (!REDIRECTS.has(statusCode)) return null;
  const [location = '', ...others] = new Set(headersDistinct.location);
  const target = asciiOnly(location);
  if (location === '' || others.length > 0 || !URL.canParse(target, base.href)) {
    throw refused('bad_redirect', `A redirect (${statusCode}) without a usable Location.`);
  }
  return new URL(target, base);
}

/**
 * Headers come as one character a byte (Latin-1): each that is not ASCII becomes the byte's percent-encoding.
 */
function asciiOnly(text: string): string {
  return text.replace(
    /[\u0080-\u00ff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}
