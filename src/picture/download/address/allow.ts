import { isInNetworks, networksOf, parseAddress } from '../../../networks.ts';
import { classifyAddress } from './address.ts';
import { embeddedAddresses } from './embedded.ts';
import type { OwnAddresses } from './own.ts';
import type { AddressVerdict } from './ranges.ts';

/** Which places are allowed although they are not public. */
export interface AllowList {
  /** Whether this address is in one of the allowed networks. */
  allowsAddress(text: string): boolean;
  /** Whether this very address is an entry of the list, not merely inside a network of it. */
  namesAddress(text: string): boolean;
  /** Whether this host name is allowed, itself or as part of an allowed domain. */
  allowsHost(host: string): boolean;
  /** Whether this very name is an entry of the list. */
  namesHost(host: string): boolean;
}

/**
 * Reads the allowed places: IP addresses, networks (`10.1.0.0/16`, `fd00:1::/32`), and host names, which
 * allow the hosts below them too (`pictures.example` allows `a.pictures.example`).
 */
export function allowListOf(entries: readonly string[]): AllowList {
  const networks = networksOf(entries);
  const hosts = entries.filter((entry) => networksOf([entry]).length === 0).map(bareHost);
  const singles = new Set(networks.map(({ text }) => text).filter((text) => !text.includes('/')));
  return {
    allowsAddress: (text) => isInNetworks(networks, text),
    namesAddress: (text) => {
      const address = parseAddress(text);
      return address !== null && singles.has(address.toString());
    },
    allowsHost(host) {
      const name = bareHost(host);
      return hosts.some((allowed) => name === allowed || name.endsWith(`.${allowed}`));
    },
    namesHost: (host) => hosts.includes(bareHost(host)),
  };
}

/** Verdicts that neither an allowed network nor an allowed name opens: a listing of the very address must. */
const ONLY_BY_NAME: ReadonlySet<AddressVerdict> = new Set<AddressVerdict>([
  'metadata_address',
  'unspecified_address',
  'this_network_address',
]);

/** Verdicts that nothing opens: no server answers there. */
const NEVER: ReadonlySet<AddressVerdict> = new Set<AddressVerdict>([
  'invalid_address',
  'multicast_address',
  'broadcast_address',
]);

/**
 * The verdict that keeps `host` from being fetched at `address`, or null where it may be. An address that a
 * translator unpacks must be allowed inside as well as outside, so that opening NAT64 does not open the
 * private networks behind it.
 */
export function objection(
  host: string,
  address: string,
  allowed: AllowList,
  own: OwnAddresses,
): AddressVerdict | null {
  const verdict = classifyAddress(address, own);
  if (verdict === 'public') return null;
  if (NEVER.has(verdict)) return verdict;
  if (ONLY_BY_NAME.has(verdict)) return allowed.namesAddress(address) ? null : verdict;
  if (!allowed.allowsAddress(address) && !allowed.allowsHost(host)) return verdict;
  for (const inside of embeddedAddresses(address)) {
    const inner = objection(host, inside, allowed, own);
    if (inner !== null) return inner;
  }
  return null;
}

/** For the operator: which setting would let an address of this verdict be fetched from. */
export function wayIn(verdict: AddressVerdict): string {
  if (NEVER.has(verdict)) return 'no setting allows it';
  if (ONLY_BY_NAME.has(verdict)) return 'only this very address in download.allowPrivate allows it';
  return 'download.allowPrivate can allow it';
}

/** A host name in small letters and without the dot that ends it. */
export function bareHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
