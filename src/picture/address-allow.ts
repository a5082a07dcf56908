import { classifyAddress } from './address.ts';
import { embeddedAddresses } from './address-embedded.ts';
import type { OwnAddresses } from './address-own.ts';
import { type Ip, parseAddress, plainIp } from './address-parse.ts';
import type { AddressVerdict } from './address-ranges.ts';

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
 * Reads the allowed places: IP addresses, networks (`10.1.0.0/16`, `fd00:1::/32`), and host names, which allow the hosts below
 * them too (`pictures.example` allows `a.pictures.example`).
 */
export function allowListOf(entries: readonly string[]): AllowList {
  const networks: [Ip, number][] = [];
  const singles = new Set<string>();
  const hosts: string[] = [];
  for (const entry of entries) {
    const address = plainIp(entry);
    const network = address === null ? networkOf(entry) : ([address, bitsOf(address)] as const);
    if (network === null) hosts.push(bareHost(entry));
    else networks.push([...network]);
  }
  for (const [network, prefix] of networks) {
    if (prefix === bitsOf(network)) singles.add(network.toString());
  }
  return {
    allowsAddress(text) {
      const address = plainIp(text);
      if (address === null) return false;
      return networks.some(
        ([network, prefix]) => network.kind() === address.kind() && address.match([network, prefix] as never),
      );
    },
    namesAddress(text) {
      const address = plainIp(text);
      return address !== null && singles.has(address.toString());
    },
    allowsHost(host) {
      const name = bareHost(host);
      return hosts.some((allowed) => name === allowed || name.endsWith(`.${allowed}`));
    },
    namesHost: (host) => hosts.includes(bareHost(host)),
  };
}

function networkOf(entry: string): readonly [Ip, number] | null {
  const [text = '', bits = '', ...more] = entry.split('/');
  const address = parseAddress(text);
  if (address === null || more.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > bitsOf(address)) {
    return null;
  }
  const plain = plainIp(text);
  // `::ffff:10.0.0.0/104` is `10.0.0.0/8`, since the addresses it is compared with are plain, too.
  if (plain !== null && plain.kind() !== address.kind()) {
    return Number(bits) < 96 ? [address, Number(bits)] : [plain, Number(bits) - 96];
  }
  return [address, Number(bits)];
}

function bitsOf(address: Ip): number {
  return address.kind() === 'ipv4' ? 32 : 128;
}

/** Verdicts that neither an allowed network nor an allowed name opens: a listing of the very address must. */
const onlyByName: ReadonlySet<AddressVerdict> = new Set<AddressVerdict>([
  'metadata_address',
  'unspecified_address',
  'this_network_address',
]);

/** Verdicts that nothing opens: no server answers there. */
const never: ReadonlySet<AddressVerdict> = new Set<AddressVerdict>([
  'invalid_address',
  'multicast_address',
  'broadcast_address',
]);

/**
 * The verdict that keeps `host` from being fetched at `address`, or null where it may be. An address that a translator
 * unpacks must be allowed inside as well as outside, so that opening NAT64 does not open the private networks behind it.
 */
export function objection(
  host: string,
  address: string,
  allowed: AllowList,
  own: OwnAddresses,
): AddressVerdict | null {
  const verdict = classifyAddress(address, own);
  if (verdict === 'public') return null;
  if (never.has(verdict)) return verdict;
  if (onlyByName.has(verdict)) return allowed.namesAddress(address) ? null : verdict;
  if (!allowed.allowsAddress(address) && !allowed.allowsHost(host)) return verdict;
  for (const inside of embeddedAddresses(address)) {
    const inner = objection(host, inside, allowed, own);
    if (inner !== null) return inner;
  }
  return null;
}

/** For the operator: which setting would let an address of this verdict be fetched from. */
export function wayIn(verdict: AddressVerdict): string {
  if (never.has(verdict)) return 'no setting allows it';
  if (onlyByName.has(verdict)) return 'only this very address in download.allowPrivate allows it';
  return 'download.allowPrivate can allow it';
}

/** A host name in small letters and without the dot that ends it. */
export function bareHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
