import { isIP } from 'node:net';
import type { SettingNotes } from './config-schema.ts';

/** An IP address, or one with a prefix length: `10.0.0.0/8`, `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  const [address, prefix, ...more] = text.split('/');
  const family = isIP(address!);
  if (family === 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

function isHost(text: string): boolean {
  const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i;
  return text.length <= 253 && !/^[\d.]+$/.test(text) && text.split('.').every((part) => label.test(part));
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

/** Whether `text` is one key of 32 bytes, as base64 or as 64 hexadecimal letters. */
export function isKeyText(text: string): boolean {
  if (/^[0-9a-f]{64}$/i.test(text)) return true;
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) && Buffer.from(text, 'base64').length === 32;
}

interface Form {
  readonly expected: string;
  readonly holds: (text: string) => boolean;
}

const forms: Readonly<Record<NonNullable<SettingNotes['check']>, Form>> = {
  network: { expected: 'an IP address or a network such as 10.0.0.0/8', holds: isNetwork },
  networkOrHost: {
    expected: 'an IP address, a network such as 10.0.0.0/8 or a host name',
    holds: (text) => isNetwork(text) || isHost(text),
  },
  origin: {
    expected: 'an origin such as https://example.org (no path, no slash at the end) or *',
    holds: isOrigin,
  },
  masterKey: {
    expected: '32 bytes as base64 or as 64 hexadecimal letters, several with commas between',
    holds: (text) => text.split(',').every((part) => isKeyText(part.trim())),
  },
};

/** What a setting's text must be beyond its JSON type, in words. */
export function expectedForm(check: NonNullable<SettingNotes['check']>): string {
  return forms[check].expected;
}

/** Whether a setting's value, or each member of a list, has the form its schema's `check` asks for. */
export function hasForm(check: NonNullable<SettingNotes['check']>, value: unknown): boolean {
  if (value === null) return true;
  return [value].flat().every((text) => typeof text !== 'string' || forms[check].holds(text));
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
