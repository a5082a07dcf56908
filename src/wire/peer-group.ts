import ipaddr from 'ipaddr.js';

type Network = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

/**
 * Whom a connection belongs to when places are shared out: its IPv4 address, or the first 64 bits of an IPv6 address, which is
 * what one network gets and can make up addresses in (RFC 4291 §2.5.1). An IPv4 address inside an IPv6 one counts as IPv4.
 */
export function peerGroup(address: string | undefined): string {
  const parsed = parse(address);
  if (parsed === null) return 'unknown';
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return (parsed as ipaddr.IPv6).parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':');
}

/**
 * Whether an address lies in one of the networks.
 * @param networks addresses or CIDRs, checked by the configuration
 */
export function inNetworks(networks: readonly string[]): (address: string | undefined) => boolean {
  const known = networks.map(networkOf);
  return (address) => {
    const parsed = parse(address);
    return (
      parsed !== null &&
      known.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base, bits))
    );
  };
}

function networkOf(text: string): Network {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function parse(address: string | undefined): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const bare = (address ?? '').replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : null;
}
