import ipaddr from 'ipaddr.js';
import { embeddedAddresses, isIsatap } from './embedded.ts';
import { NOBODY, type OwnAddresses } from './own.ts';
import { type Ip, plainIp } from './parse.ts';
import { type AddressVerdict, METADATA_ADDRESSES, SPECIAL_RANGES } from './ranges.ts';

export type { AddressVerdict } from './ranges.ts';

/** 2000::/3, the only part of IPv6 handed out for global unicast (RFC 4291 §2.4, IANA registry). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** The special ranges, the narrowest first, so that the first one that matches is the most telling one. */
const ranges = SPECIAL_RANGES.map((range) => {
  const [address, prefix] = ipaddr.parseCIDR(range.cidr);
  return { address, prefix, verdict: range.verdict };
}).sort((a, b) => b.prefix - a.prefix);

/**
 * Says what kind of place an address is. An IPv4 address inside `::ffff:0:0/96` is judged as what it is; one
 * that a translator or tunnel would unpack has the tunnel's verdict, unless it is a metadata service's. `own`
 * are the machine's own addresses. Never throws: text that is no plain address (a zone id, `0x7f.1`) is
 * `invalid_address`.
 */
export function classifyAddress(text: string, own: OwnAddresses = NOBODY): AddressVerdict {
  const address = plainIp(text);
  if (address === null) return 'invalid_address';
  const plain = address.toString();
  if (METADATA_ADDRESSES.has(plain)) return 'metadata_address';
  if (embeddedAddresses(plain).some((inside) => METADATA_ADDRESSES.has(inside))) return 'metadata_address';
  const verdict = rangeOf(address);
  if (verdict !== 'public' && verdict !== 'private_address') return verdict;
  if (own.broadcasts.has(plain)) return 'broadcast_address';
  return own.addresses.has(plain) ? 'own_address' : verdict;
}

function rangeOf(address: Ip): AddressVerdict {
  for (const range of ranges) {
    if (range.address.kind() === address.kind() && address.match([range.address, range.prefix] as never)) {
      return range.verdict;
    }
  }
  if (address.kind() === 'ipv4') return 'public';
  const v6 = address as ipaddr.IPv6;
  if (!v6.match(globalUnicast)) return 'reserved_address';
  return isIsatap(v6) ? 'isatap_address' : 'public';
}
