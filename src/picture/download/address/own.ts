import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { plainIp } from './parse.ts';

/** The addresses under which this machine answers itself, and the broadcast addresses of its networks. */
export interface OwnAddresses {
  readonly addresses: ReadonlySet<string>;
  readonly broadcasts: ReadonlySet<string>;
}

/** A machine without addresses. */
export const NOBODY: OwnAddresses = { addresses: new Set(), broadcasts: new Set() };

/** One address of an interface, as the operating system tells it. */
export interface InterfaceAddress {
  readonly address: string;
  /** Address and prefix length. */
  readonly cidr: string | null;
}

/**
 * Reads the machine's interfaces; asked anew for every download, since addresses come and go. An address that
 * cannot be read is left out.
 */
export function ownAddresses(
  interfaces: readonly InterfaceAddress[] = Object.values(networkInterfaces()).flatMap((all) => all ?? []),
): OwnAddresses {
  const addresses = new Set<string>();
  const broadcasts = new Set<string>();
  for (const { address, cidr } of interfaces) {
    const own = plainIp(address.split('%', 1)[0] as string);
    if (own === null) continue;
    addresses.add(own.toString());
    if (own.kind() !== 'ipv4' || cidr === null || !ipaddr.IPv4.isValidCIDR(cidr)) continue;
    // Networks of one or two addresses have no broadcast address (RFC 3021).
    if (ipaddr.IPv4.parseCIDR(cidr)[1] < 31) {
      broadcasts.add(ipaddr.IPv4.broadcastAddressFromCIDR(cidr).toString());
    }
  }
  return { addresses, broadcasts };
}
