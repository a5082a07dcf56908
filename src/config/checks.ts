import { networkProblem } from '../networks.ts';
import type { SettingNotes } from './schema.ts';

function isHost(text: string): boolean {
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
  const labels = text.split('.');
  // What ends in a number is an IPv4 address to the reader of urls, however short or hexadecimal (WHATWG URL,
  // "ends in a number").
  const isAddress = /^(?:\d+|0x[\da-f]*)$/i.test(labels.at(-1) ?? '');
  return text.length <= 253 && !isAddress && labels.every((part) => label.test(part));
}

function isOrigin(text: string): boolean {
  if (text === '*') return true;
  try {
    const url = new URL(text);
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.origin === text;
  } catch {
    return false;
  }
}

/** Whether a text can be the issuer of ID tokens: over TLS, but on this very machine. */
function isIssuer(text: string): boolean {
  try {
    const { protocol, hostname, search, hash, username } = new URL(text);
    const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
    const isSafe = protocol === 'https:' || (protocol === 'http:' && isLocal);
    return isSafe && search === '' && hash === '' && username === '';
  } catch {
    return false;
  }
}

/** Whether a text is the url of a Redis server, as far as its form goes. */
function isRedisUrl(text: string): boolean {
  try {
    const { protocol, hostname, pathname, search, hash } = new URL(text);
    const isKnown = protocol === 'redis:' || protocol === 'rediss:';
    return isKnown && hostname !== '' && /^(?:\/\d{0,5})?$/.test(pathname) && search === '' && hash === '';
  } catch {
    return false;
  }
}

/** Whether a text is the url of a web service; name and password have settings of their own. */
function isHttpUrl(text: string): boolean {
  try {
    const { protocol, hostname, username, password, hash } = new URL(text);
    const isWeb = protocol === 'http:' || protocol === 'https:';
    return isWeb && hostname !== '' && username === '' && password === '' && hash === '';
  } catch {
    return false;
  }
}

function isPostgresUrl(text: string): boolean {
  try {
    const { protocol, pathname } = new URL(text);
    return /^postgres(?:ql)?:$/.test(protocol) && pathname.length > 1;
  } catch {
    return false;
  }
}

/** Whether `text` is one key of 32 bytes, as base64 or as 64 hexadecimal letters. */
export function isKeyText(text: string): boolean {
  if (/^[0-9a-f]{64}$/i.test(text)) return true;
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) && Buffer.from(text, 'base64').length === 32;
}

interface Form {
  readonly expected: string;
  readonly holds: (text: string) => boolean;
  /** What exactly is wrong with a text that does not hold, where more can be said. */
  readonly why?: (text: string) => string | null;
}

const FORMS: Readonly<Record<NonNullable<SettingNotes['check']>, Form>> = {
  network: {
    expected: 'an IP address or a network such as 10.0.0.0/8',
    holds: (text) => networkProblem(text) === null,
    why: networkProblem,
  },
  networkOrHost: {
    expected: 'an IP address, a network such as 10.0.0.0/8 or a host name',
    holds: (text) => networkProblem(text) === null || isHost(text),
    why: (text) => (/^[\da-fx.:]+(?:\/.*)?$/i.test(text) ? networkProblem(text) : null),
  },
  origin: {
    expected: 'an origin such as https://example.org (no path, no slash at the end) or *',
    holds: isOrigin,
  },
  issuer: {
    expected: 'a url such as https://id.example.org/realms/staff (http on this machine alone)',
    holds: isIssuer,
  },
  oneOrigin: {
    expected: 'an origin such as https://example.org (no path, no slash at the end)',
    holds: (text) => text !== '*' && isOrigin(text),
  },
  bucketPrefix: {
    expected: 'a bucket and folders, such as faces or faces/in (no slash at the end)',
    holds: (text) =>
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/[^/]+)*$/i.test(text) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(text),
  },
  postgresUrl: {
    expected: 'postgres://user:password@host:port/database',
    holds: isPostgresUrl,
  },
  redisUrl: {
    expected: 'redis://user:password@host:port/database, or rediss:// over TLS',
    holds: isRedisUrl,
  },
  httpUrl: {
    expected: 'http://host:port/path, or https://, without a name and a password',
    holds: isHttpUrl,
  },
  nodeName: {
    expected: '1 to 64 letters, digits, dots, underscores and hyphens, or up to 58 of them and an asterisk',
    holds: (text) => /^(?:[A-Za-z0-9._-]{1,64}|[A-Za-z0-9._-]{1,58}\*)$/.test(text),
  },
  masterKey: {
    expected: '32 bytes as base64 or as 64 hexadecimal letters, several with commas between',
    holds: (text) => text.split(',').every((part) => isKeyText(part.trim())),
  },
};

/** What a setting's text must be beyond its JSON type, in words. */
export function expectedForm(check: NonNullable<SettingNotes['check']>): string {
  return FORMS[check].expected;
}

/** Whether a setting's value, or each member of a list, has the form its schema's `check` asks for. */
export function hasForm(check: NonNullable<SettingNotes['check']>, value: unknown): boolean {
  if (value === null) return true;
  return [value].flat().every((text) => typeof text !== 'string' || FORMS[check].holds(text));
}

/**
 * What exactly is wrong with the first text that does not have the form; empty where there is nothing to add.
 */
export function formProblem(check: NonNullable<SettingNotes['check']>, value: unknown): string {
  const { holds, why } = FORMS[check];
  const wrong = [value].flat().find((text) => typeof text === 'string' && !holds(text));
  const problem = typeof wrong === 'string' ? (why?.(wrong) ?? null) : null;
  return problem === null ? '' : ` (${String(wrong)}: ${problem})`;
}

/** The candidate closest to `word` by edit distance, if it is close enough to have been meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return ranked !== undefined && ranked.distance <= Math.max(2, Math.floor(word.length / 3))
    ? ranked.candidate
    : undefined;
}

/** The end of a message about an unknown word: the candidate that may have been meant, or nothing. */
export function hint(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates);
  return candidate === undefined ? '' : `. Did you mean ${candidate}?`;
}

/** Optimal string alignment distance: the fewest letters to add, drop or change, or neighbours to swap. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change, swap));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
