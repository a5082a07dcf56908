import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * What kind of place an IP address is. Only `public` may be fetched from without being configured; every other one is at
 * the same time the constant for log and `X-Liveness-Reason`.
 */
export type AddressVerdict =
  | 'public'
  | 'invalid_address'
  | 'unspecified_address'
  | 'loopback_address'
  | 'private_address'
  | 'link_local_address'
  | 'metadata_address'
  | 'shared_address'
  | 'multicast_address'
  | 'broadcast_address'
  | 'translated_address'
  | 'reserved_address';

/** Where clouds answer questions about the machine itself, credentials included; some of these look public. */
const metadata: ReadonlySet<string> = new Set([
  '169.254.169.254', // AWS, Azure, Google, Oracle and others
  '169.254.170.2', // AWS container credentials
  '100.100.100.200', // Alibaba
  '168.63.129.16', // Azure
  '192.0.0.192', // Oracle
  'fd00:ec2::254', // AWS over IPv6
  'fd20:ce::254', // Google over IPv6
]);

/** The library's names for the special ranges of the IANA registries, as verdicts; what is not here is `reserved_address`. */
const verdicts: Readonly<Record<string, AddressVerdict>> = {
  unicast: 'public',
  unspecified: 'unspecified_address',
  broadcast: 'broadcast_address',
  multicast: 'multicast_address',
  linkLocal: 'link_local_address',
  loopback: 'loopback_address',
  carrierGradeNat: 'shared_address',
  private: 'private_address',
  uniqueLocal: 'private_address',
  deprecatedSiteLocal: 'private_address',
  // IPv4 inside IPv6: where the packets end up is decided by a translator that nobody here knows.
  rfc6145: 'translated_address',
  rfc6052: 'translated_address',
  '6to4': 'translated_address',
  teredo: 'translated_address',
};

/** 2000::/3, the only part of IPv6 handed out for global unicast (RFC 4291 §2.4, IANA registry). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Says what kind of place an address is. An IPv4 address inside an IPv6 one (`::ffff:10.0.0.1`) is judged as what it is. Never
 * throws: text that is no address is `invalid_address`.
 */
export function classifyAddress(text: string): AddressVerdict {
  // Not the library's own check, which takes `1.2.3` and octal forms too.
  if (isIP(text) === 0 || text.includes('%')) return 'invalid_address';
  const address = ipaddr.process(text);
  if (metadata.has(address.toString())) return 'metadata_address';
  const verdict = verdicts[address.range()] ?? 'reserved_address';
  if (verdict !== 'public' || address instanceof ipaddr.IPv4) return verdict;
  const v6 = address as ipaddr.IPv6;
  if (!v6.match(globalUnicast)) return 'reserved_address';
  return isIsatap(v6) ? 'translated_address' : 'public';
}

/** An interface id `0:5efe` or `200:5efe` and then an IPv4 address (RFC 5214 §6.1). */
function isIsatap(address: ipaddr.IPv6): boolean {
  const [high, low] = [address.parts[4], address.parts[5]];
  return (high === 0 || high === 0x200) && low === 0x5efe;
}

/** Which places are allowed although they are not public. */
export interface AllowList {
  /** Whether this address is in one of the allowed networks. */
  allowsAddress(text: string): boolean;
  /** Whether this host name is allowed, itself or as part of an allowed domain. */
  allowsHost(host: string): boolean;
}

/**
 * Reads the allowed places: IP addresses, networks (`10.1.0.0/16`, `fd00:1::/32`), and host names, which allow the hosts below
 * them too (`pictures.example` allows `a.pictures.example`).
 */
export function allowListOf(entries: readonly string[]): AllowList {
  const networks: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  const hosts: string[] = [];
  for (const entry of entries) {
    if (ipaddr.isValidCIDR(entry)) networks.push(ipaddr.parseCIDR(entry));
    else if (ipaddr.isValid(entry)) {
      const address = ipaddr.process(entry);
      networks.push([address, address.kind() === 'ipv4' ? 32 : 128]);
    } else hosts.push(bareHost(entry));
  }
  return {
    allowsAddress(text) {
      if (isIP(text) === 0) return false;
      const address = ipaddr.process(text);
      return networks.some(
        ([network, prefix]) => network.kind() === address.kind() && address.match([network, prefix] as never),
      );
    },
    allowsHost(host) {
      const name = bareHost(host);
      return hosts.some((allowed) => name === allowed || name.endsWith(`.${allowed}`));
    },
  };
}

function bareHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
