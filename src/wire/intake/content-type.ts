/** What a `Content-Type` header announces, as far as the legacy endpoint cares. */
export type BodyType =
  | { readonly kind: 'json' }
  | { readonly kind: 'multipart'; readonly boundary: string }
  | { readonly kind: 'refused'; readonly reason: BodyTypeReason; readonly found: string };

/** Why a content type is refused. */
export type BodyTypeReason = 'no_content_type' | 'content_type' | 'no_boundary' | 'bad_boundary';

/** Longest boundary that is taken; RFC 2046 allows 70 characters, the multipart library at most 252. */
const LONGEST_BOUNDARY = 200;

/**
 * Reads the `Content-Type` of a legacy request. The media type is compared alone and without regard to case.
 * One pair of quotes around the whole value (the API's published sample sends `"application/json"`) or around
 * the media type is stripped, and parameters other than `boundary` are ignored. Never throws.
 */
export function readBodyType(header: string | undefined): BodyType {
  const value = stripQuotes((header ?? '').trim()).trim();
  if (value === '') return { kind: 'refused', reason: 'no_content_type', found: '' };
  const [first = '', ...parameters] = splitOutsideQuotes(value);
  const mediaType = first.trim().toLowerCase();
  if (mediaType === 'application/json') return { kind: 'json' };
  if (mediaType !== 'multipart/form-data') {
    return { kind: 'refused', reason: 'content_type', found: mediaType.slice(0, 100) };
  }
  const boundary = parameterValue(parameters, 'boundary');
  if (boundary === undefined || boundary === '') {
    return { kind: 'refused', reason: 'no_boundary', found: mediaType };
  }
  // Printable ASCII that does not end in a space: RFC 2046 §5.1.1, without its short list of punctuation.
  if (boundary.length > LONGEST_BOUNDARY || !/^[\x20-\x7e]*[\x21-\x7e]$/.test(boundary)) {
    return { kind: 'refused', reason: 'bad_boundary', found: boundary.slice(0, 100) };
  }
  return { kind: 'multipart', boundary };
}

/** Removes the quotes around the whole value, or around the media type where parameters follow it. */
function stripQuotes(value: string): string {
  if (!value.startsWith('"')) return value;
  const close = value.indexOf('"', 1);
  if (close !== -1 && /^\s*(?:;|$)/.test(value.slice(close + 1))) {
    return value.slice(1, close) + value.slice(close + 1);
  }
  return value.endsWith('"') ? value.slice(1, -1) : value.slice(1);
}

/** Splits at semicolons that do not stand inside a quoted string. */
export function splitOutsideQuotes(value: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < value.length; at++) {
    const character = value[at];
    if (character === '"') quoted = !quoted;
    else if (character === '\\' && quoted) at++;
    else if (character === ';' && !quoted) {
      parts.push(value.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(value.slice(start));
  return parts;
}

/** The first parameter of that name, unquoted; undefined where there is none. */
export function parameterValue(parameters: readonly string[], name: string): string | undefined {
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    if (equals === -1 || parameter.slice(0, equals).trim().toLowerCase() !== name) continue;
    const value = parameter.slice(equals + 1).trim();
    if (!value.startsWith('"')) return value;
    const closed = /^"((?:[^"\\]|\\.)*)"/.exec(value);
    return (closed?.[1] ?? value.slice(1)).replace(/\\(.)/g, '$1');
  }
  return undefined;
}
