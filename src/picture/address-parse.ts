import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Ip = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Reads an address as the operating system would: `::8.8.8.8` is the IPv6 address `::808:808`, which the library takes for
 * `::ffff:8.8.8.8`; and none of its short or octal forms of IPv4. Null for text that is no plain address (a zone id, `0x7f.1`).
 */
export function parseAddress(text: string): Ip | null {
  const family = isIP(text);
  if (family === 0 || text.includes('%')) return null;
  if (family === 4) return ipaddr.IPv4.parse(text);
  // The url standard writes every IPv6 address in hexadecimal groups alone, which can be read in one way only.
  return ipaddr.IPv6.parse(new URL(`http://[${text}]/`).hostname.slice(1, -1));
}

/** As `parseAddress`, an IPv4 address inside `::ffff:0:0/96` being taken out. */
export function plainIp(text: string): Ip | null {
  const address = parseAddress(text);
  if (address === null || address.kind() === 'ipv4') return address;
  const v6 = address as ipaddr.IPv6;
  return v6.isIPv4MappedAddress() ? v6.toIPv4Address() : v6;
}

/** One spelling for each address, zone ids left aside; other text as it is. */
export function plainAddress(text: string): string {
  return plainIp(text.replace(/%.*$/, ''))?.toString() ?? text;
}
