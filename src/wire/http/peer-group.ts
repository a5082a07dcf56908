import type ipaddr from 'ipaddr.js';
import { parseAddress } from '../../networks.ts';

/**
 * Whom a connection belongs to when places are shared out: its IPv4 address, or the first 64 bits of an IPv6
 * address, which is what one network gets and can make up addresses in (RFC 4291 §2.5.1). An IPv4 address
 * inside an IPv6 one counts as IPv4.
 */
export function peerGroup(address: string | undefined): string {
  const parsed = parseAddress(address);
  if (parsed === null) return 'unknown';
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return (parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':');
}
