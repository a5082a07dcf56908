import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

/*
 * The one reader of addresses and networks that people write: networks of API keys, trusted proxies,
 * addresses that downloads may go to. A spelling that could mean another network than its author thinks is
 * refused, never guessed.
 */

/** An IP address. */
export type Base = ipaddr.IPv4 | ipaddr.IPv6;

/** A network as it was read. */
export interface Network {
  /** The canonical form: `10.1.0.0/16`, `2001:db8::/32`; a single address without its prefix length. */
  readonly text: string;
  readonly base: Base;
  readonly bits: number;
}

/** What a text was read as, and what is wrong with how it is written. */
interface Reading {
  /** Null where it cannot be told what was meant. */
  readonly network: Network | null;
  /** In words, with the form to write where there is one; null: nothing. */
  readonly problem: string | null;
}

/** What is asked for, in words. */
export const NETWORK_FORM = 'an IP address or a network such as 10.1.0.0/16 or 2001:db8::/32';

/**
 * What is wrong with how an address or a network is written, in words; null: nothing. Refused besides what is
 * none: leading zeros (octal to some programs, decimal to others), short and hexadecimal IPv4 forms,
 * addresses inside a network in place of the network itself (host bits), IPv4 written as IPv6, zones.
 */
export function networkProblem(text: string): string | null {
  return read(text).problem;
}

/**
 * The canonical form of a network that `networkProblem` finds nothing wrong with.
 * @throws {RangeError} with the problem
 */
export function canonicalNetwork(text: string): string {
  const { network, problem } = read(text);
  if (network === null || problem !== null) throw new RangeError(`${text}: ${problem}`);
  return network.text;
}

/**
 * The networks of a list that was checked before. Of entries from before the check was as strict, those that
 * mean one network only keep their meaning, and all others match nothing.
 */
export function networksOf(texts: readonly string[]): readonly Network[] {
  return texts.flatMap((text) => read(text).network ?? []);
}

/** Whether an IP address lies in one of the networks. One that cannot be read lies in none. */
export function isInNetworks(networks: readonly Network[], address: string | undefined): boolean {
  const parsed = parseAddress(address);
  return (
    parsed !== null &&
    networks.some(({ base, bits }) => base.kind() === parsed.kind() && parsed.match(base, bits))
  );
}

/**
 * Reads an address as the operating system would: `::8.8.8.8` is the IPv6 address `::808:808`, which the
 * library takes for `::ffff:8.8.8.8`; and none of its short or octal forms of IPv4. Null for text that is no
 * plain address (a zone id, `0x7f.1`).
 */
export function parseIp(text: string): Base | null {
  if (isIPv4(text)) return ipaddr.IPv4.parse(text);
  if (!isIPv6(text) || text.includes('%')) return null;
  // The url standard writes every IPv6 address in hexadecimal groups alone, which can be read in one way
  // only.
  return ipaddr.IPv6.parse(new URL(`http://[${text}]/`).hostname.slice(1, -1));
}

/** As `parseIp`, an IPv4 address inside `::ffff:0:0/96` being taken out. */
export function plainIp(text: string): Base | null {
  const address = parseIp(text);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/**
 * An IP address as a connection or a proxy names it, its zone dropped, an IPv4 address inside an IPv6 one as
 * IPv4; null where it is none.
 */
export function parseAddress(text: string | undefined): Base | null {
  return text === undefined ? null : plainIp(text.split('%', 1)[0] as string);
}

function read(text: string): Reading {
  const [address = '', prefix, ...more] = text.split('/');
  const none = (problem: string): Reading => ({ network: null, problem });
  if (more.length > 0) return none(`it has more than one slash`);
  if (address.includes('%')) return none('a zone (%) belongs to one machine and names no network');
  const base = parseIp(address);
  if (base === null) return none(oddAddress(address));
  const all = base.kind() === 'ipv4' ? 32 : 128;
  if (prefix !== undefined && !(/^(?:0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= all)) {
    return none(`the prefix length behind the slash must be a number from 0 to ${all}`);
  }
  const bits = prefix === undefined ? all : Number(prefix);
  const cleared = withoutHostBits(base, bits);
  const mapped = 'isIPv4MappedAddress' in base && base.isIPv4MappedAddress() && bits >= 96;
  const network = mapped
    ? networkOf((cleared as ipaddr.IPv6).toIPv4Address(), bits - 96)
    : networkOf(cleared, bits);
  if (mapped) return { network, problem: `it is IPv4 written as IPv6: write ${network.text}` };
  if (cleared.toNormalizedString() === base.toNormalizedString()) return { network, problem: null };
  return {
    network,
    problem: `it names an address inside the network: write ${network.text} for the network, ${base} for the address`,
  };
}

function networkOf(base: Base, bits: number): Network {
  const all = base.kind() === 'ipv4' ? 32 : 128;
  return { base, bits, text: bits === all ? base.toString() : `${base}/${bits}` };
}

function withoutHostBits(address: Base, bits: number): Base {
  const bytes = address
    .toByteArray()
    .map((byte, at) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - at * 8))) & 0xff);
  return ipaddr.fromByteArray(bytes);
}

/** Why an address is none, where the reason is one that people stumble over. */
function oddAddress(address: string): string {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address)) {
    const zeros = address.split('.').some((part) => part.length > 1 && part.startsWith('0'));
    return zeros
      ? 'a leading zero makes it octal to some programs and decimal to others: write it without'
      : 'each of the four numbers must be from 0 to 255';
  }
  if (/^(?:0x[\da-f]+|\d+)(?:\.(?:0x[\da-f]+|\d+)){0,3}$/i.test(address)) {
    return 'short and hexadecimal forms mean other addresses to other programs: write all four numbers, in decimal';
  }
  return `expected ${NETWORK_FORM}`;
}
