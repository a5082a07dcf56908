import { parseAddress } from '../../networks.ts';

/**
 * The address that a proxy names a node by: an IP address, alone or with a port behind it, an IPv6 address in
 * brackets or without (then it has no port), white space around it. An IPv4 address inside an IPv6 one is
 * given as IPv4. Null for everything else, `unknown` and made-up names (RFC 7239 §6.2, §6.3) among it.
 */
export function readNode(text: string): string | null {
  const node = text.trim();
  if (node.startsWith('[')) {
    const end = node.indexOf(']');
    if (end === -1 || !isPort(node.slice(end + 1))) return null;
    const inside = parseAddress(node.slice(1, end));
    return inside !== null && node.slice(1, end).includes(':') ? inside.toString() : null;
  }
  const whole = parseAddress(node);
  if (whole !== null) return whole.toString();
  const colon = node.indexOf(':');
  if (colon === -1 || !isPort(node.slice(colon))) return null;
  const address = node.slice(0, colon);
  return parseAddress(address)?.toString() ?? null;
}

/** Nothing, or a colon and a port: a number, or a made-up name (RFC 7239 §6). */
function isPort(text: string): boolean {
  if (text === '') return true;
  const port = /^:(?:(\d{1,5})|_[\w.-]{1,64})$/.exec(text);
  return port !== null && Number(port[1] ?? 0) <= 65_535;
}

/**
 * RFC 9110 §5.6.2. Brackets and colons are taken too: proxies forget the quotes that an IPv6 address needs.
 */
const TOKEN = /^[\w!#$%&'*+.^`|~:[\]-]+$/;

/**
 * The nodes of a `Forwarded` header (RFC 7239 §4), the farthest first: of each element the address of its
 * `for`, null where it has none that can be read. Null for a header that does not follow the grammar as a
 * whole: an unclosed quote of the caller's could otherwise swallow what a proxy wrote behind it.
 */
export function forwardedNodes(header: string): readonly (string | null)[] | null {
  const nodes: (string | null)[] = [];
  let pairs: Pair[] = [];
  let at = 0;
  for (;;) {
    const pair = readPair(header, at);
    if (pair === null) return null;
    if (pair.name !== '') pairs.push(pair);
    at = pair.end;
    const next = header[at];
    if (next !== ';') {
      const named = pairs.filter(({ name }) => name === 'for');
      nodes.push(named.length === 1 ? readNode(named[0]?.value ?? '') : null);
      pairs = [];
    }
    if (next === undefined) return nodes;
    if (next !== ';' && next !== ',') return null;
    at++;
  }
}

interface Pair {
  /** In small letters; empty where nothing stands between two separators. */
  readonly name: string;
  readonly value: string;
  /** The place behind it, blanks included. */
  readonly end: number;
}

function readPair(header: string, from: number): Pair | null {
  const start = endOfBlanks(header, from);
  let at = start;
  while (at < header.length && !'=;,"'.includes(header[at] as string)) at++;
  if (header[at] !== '=')
    return header.slice(start, at).trim() === '' ? { name: '', value: '', end: at } : null;
  const name = header.slice(start, at).toLowerCase();
  if (!TOKEN.test(name)) return null;
  const read = header[at + 1] === '"' ? readQuoted(header, at + 2) : readToken(header, at + 1);
  return read === null ? null : { name, ...read, end: endOfBlanks(header, read.end) };
}

function readToken(header: string, from: number): Pick<Pair, 'value' | 'end'> | null {
  let end = from;
  while (end < header.length && !';, \t"'.includes(header[end] as string)) end++;
  const value = header.slice(from, end);
  return TOKEN.test(value) ? { value, end } : null;
}

function readQuoted(header: string, from: number): Pick<Pair, 'value' | 'end'> | null {
  const value: string[] = [];
  for (let at = from; at < header.length; at++) {
    const letter = header[at] as string;
    if (letter === '"') return { value: value.join(''), end: at + 1 };
    if (letter === '\\') at++;
    value.push(header[at] ?? '');
  }
  return null;
}

function endOfBlanks(header: string, from: number): number {
  let at = from;
  while (header[at] === ' ' || header[at] === '\t') at++;
  return at;
}
