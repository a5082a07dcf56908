import { parameterValue, splitOutsideQuotes } from './content-type.ts';

/** What the headers of a part say of it. */
export interface PartHead {
  /** The name of its form field; null where it is no form data. */
  readonly name: string | null;
  /** Of its content as text; `utf-8` where none is named. */
  readonly charset: string;
}

/** Bytes of a part's headers that are looked at. */
const LONGEST_HEAD = 16 * 1024;

/**
 * Reads the headers of a part (RFC 7578 §4.2, §4.4): `Content-Disposition` for its name, `Content-Type` for
 * its charset; of a repeated header the first. All others are let through unread, as is what lies beyond 16
 * KiB.
 * @returns null where these are no headers: none at all, or lines of another form. That is how the rest of a
 * picture looks that
 *   held a whole delimiter line.
 */
export function readPartHead(head: Buffer): PartHead | null {
  const headers = new Map<string, string>();
  let current = '';
  for (const line of linesOf(head)) {
    if (/[\r\n]/.test(line)) return null;
    // A folded line goes on with the header above it.
    if (current !== '' && /^[ \t]/.test(line)) {
      headers.set(current, `${headers.get(current)}${line}`);
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trimEnd().toLowerCase();
    if (!/^[!#-'*+.0-9A-Z^-z|~-]+$/i.test(name)) return null;
    current = headers.has(name) ? '' : name;
    if (current !== '') headers.set(name, line.slice(colon + 1));
  }
  return headers.size === 0 ? null : { name: fieldName(headers), charset: charsetOf(headers) };
}

function linesOf(head: Buffer): string[] {
  const lines = head.toString('utf8', 0, LONGEST_HEAD).split('\r\n');
  // A line that was cut says nothing.
  if (head.length > LONGEST_HEAD) lines.pop();
  return lines;
}

function fieldName(headers: ReadonlyMap<string, string>): string | null {
  const [type = '', ...parameters] = splitOutsideQuotes(headers.get('content-disposition') ?? '');
  if (type.trim().toLowerCase() !== 'form-data') return null;
  return parameterValue(parameters, 'name') ?? null;
}

function charsetOf(headers: ReadonlyMap<string, string>): string {
  const [, ...parameters] = splitOutsideQuotes(headers.get('content-type') ?? '');
  return parameterValue(parameters, 'charset') ?? 'utf-8';
}
