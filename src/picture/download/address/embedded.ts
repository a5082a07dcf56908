import ipaddr from 'ipaddr.js';
import { plainIp } from './parse.ts';

/** An interface id `0:5efe` or `200:5efe` and then an IPv4 address (RFC 5214 §6.1). */
export function isIsatap(address: ipaddr.IPv6): boolean {
  const [high, low] = [address.parts[4], address.parts[5]];
  return (high === 0 || high === 0x200) && low === 0x5efe;
}

/**
 * Where translators and tunnels keep an IPv4 address: the range, and what they read out of its eight 16-bit
 * parts.
 */
const carriers: readonly [string, (parts: readonly number[]) => (readonly [number, number])[]][] = [
  ['::/96', tail], // RFC 4291 §2.5.5.1
  ['::ffff:0:0:0/96', tail], // RFC 2765 §2.1
  ['64:ff9b::/96', tail], // RFC 6052 §2.1
  // RFC 8215 leaves the length of the prefix to the operator: any of RFC 6052 §2.2 from 48 bits on.
  ['64:ff9b:1::/48', (p) => [...tail(p), after48(p), after56(p), after64(p)]],
  ['2002::/16', (p) => [[part(p, 1), part(p, 2)]]], // RFC 3056 §2
  // RFC 4380 §4: the server, and the client's own address with every bit turned over.
  [
    '2001::/32',
    (p) => [
      [part(p, 2), part(p, 3)],
      [part(p, 6) ^ 0xffff, part(p, 7) ^ 0xffff],
    ],
  ],
];

const networks = carriers.map(([cidr, read]) => ({ network: ipaddr.IPv6.parseCIDR(cidr), read }));

/**
 * The IPv4 addresses that a translator (NAT64) or a tunnel (6to4, Teredo, ISATAP) may unpack from an IPv6
 * address; none where it is no such address.
 */
export function embeddedAddresses(text: string): readonly string[] {
  const address = plainIp(text);
  if (address === null || address.kind() === 'ipv4') return [];
  const v6 = address as ipaddr.IPv6;
  // `::` and `::1` have the form of `::a.b.c.d` and are none.
  if (['unspecified', 'loopback'].includes(v6.range())) return [];
  const found = networks.flatMap(({ network, read }) => (v6.match(network) ? read(v6.parts) : []));
  if (isIsatap(v6)) found.push(...tail(v6.parts));
  return [...new Set(found.map(([high, low]) => dotted(high, low)))];
}

function part(parts: readonly number[], at: number): number {
  return parts[at] ?? 0;
}

function tail(parts: readonly number[]): (readonly [number, number])[] {
  return [[part(parts, 6), part(parts, 7)]];
}

// RFC 6052 §2.2: bits 64 to 71 are left out wherever the address lies across them.
function after48(parts: readonly number[]): readonly [number, number] {
  return [part(parts, 3), ((part(parts, 4) & 0xff) << 8) | (part(parts, 5) >>> 8)];
}

function after56(parts: readonly number[]): readonly [number, number] {
  return [((part(parts, 3) & 0xff) << 8) | (part(parts, 4) & 0xff), part(parts, 5)];
}

function after64(parts: readonly number[]): readonly [number, number] {
  const [a, b, c] = [part(parts, 4), part(parts, 5), part(parts, 6)];
  return [((a & 0xff) << 8) | (b >>> 8), ((b & 0xff) << 8) | (c >>> 8)];
}

function dotted(high: number, low: number): string {
  return [high >>> 8, high & 0xff, low >>> 8, low & 0xff].join('.');
}
