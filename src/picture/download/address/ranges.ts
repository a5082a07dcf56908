/**
 * What kind of place an IP address is. Only `public` may be fetched from without being configured; every
 * other one is at the same time the constant for log, metric and `X-Liveness-Reason`.
 */
export type AddressVerdict = (typeof ADDRESS_VERDICTS)[number];

export const ADDRESS_VERDICTS = [
  'public',
  'invalid_address',
  'unspecified_address',
  'this_network_address',
  'loopback_address',
  'own_address',
  'private_address',
  'link_local_address',
  'site_local_address',
  'shared_address',
  'metadata_address',
  'multicast_address',
  'broadcast_address',
  'protocol_address',
  'documentation_address',
  'benchmarking_address',
  'as112_address',
  'amt_address',
  'discard_address',
  'identifier_address',
  'segment_routing_address',
  'nat64_address',
  'translated_address',
  'compatible_address',
  'six_to_four_address',
  'teredo_address',
  'isatap_address',
  'reserved_address',
] as const;

/** One special range: where it lies, what it is, and where that is written. */
export interface SpecialRange {
  readonly cidr: string;
  /** The registry's name. */
  readonly name: string;
  readonly source: string;
  readonly verdict: AddressVerdict;
}

type Row = readonly [cidr: string, verdict: AddressVerdict, name: string, source: string];

/** IANA IPv4 Special-Purpose Address Registry, and multicast, which has a registry of its own. */
const V4: readonly Row[] = [
  ['0.0.0.0/8', 'this_network_address', 'This network', 'RFC 791 §3.2'],
  ['0.0.0.0/32', 'unspecified_address', 'This host on this network', 'RFC 1122 §3.2.1.3'],
  ['10.0.0.0/8', 'private_address', 'Private-Use', 'RFC 1918'],
  ['100.64.0.0/10', 'shared_address', 'Shared Address Space', 'RFC 6598'],
  ['127.0.0.0/8', 'loopback_address', 'Loopback', 'RFC 1122 §3.2.1.3'],
  ['169.254.0.0/16', 'link_local_address', 'Link Local', 'RFC 3927'],
  ['172.16.0.0/12', 'private_address', 'Private-Use', 'RFC 1918'],
  ['192.0.0.0/24', 'protocol_address', 'IETF Protocol Assignments', 'RFC 6890 §2.1'],
  ['192.0.0.0/29', 'protocol_address', 'IPv4 Service Continuity Prefix', 'RFC 7335'],
  ['192.0.0.8/32', 'protocol_address', 'IPv4 dummy address', 'RFC 7600'],
  ['192.0.0.9/32', 'protocol_address', 'Port Control Protocol Anycast', 'RFC 7723'],
  ['192.0.0.10/32', 'protocol_address', 'TURN Anycast', 'RFC 8155'],
  ['192.0.0.170/31', 'protocol_address', 'NAT64/DNS64 Discovery', 'RFC 8880, RFC 7050 §2.2'],
  ['192.0.2.0/24', 'documentation_address', 'Documentation (TEST-NET-1)', 'RFC 5737'],
  ['192.31.196.0/24', 'as112_address', 'AS112-v4', 'RFC 7535'],
  ['192.52.193.0/24', 'amt_address', 'AMT', 'RFC 7450'],
  ['192.88.99.0/24', 'six_to_four_address', 'Deprecated (6to4 Relay Anycast)', 'RFC 7526'],
  ['192.88.99.2/32', 'six_to_four_address', '6a44-relay anycast address', 'RFC 6751'],
  ['192.168.0.0/16', 'private_address', 'Private-Use', 'RFC 1918'],
  ['192.175.48.0/24', 'as112_address', 'Direct Delegation AS112 Service', 'RFC 7534'],
  ['198.18.0.0/15', 'benchmarking_address', 'Benchmarking', 'RFC 2544'],
  ['198.51.100.0/24', 'documentation_address', 'Documentation (TEST-NET-2)', 'RFC 5737'],
  ['203.0.113.0/24', 'documentation_address', 'Documentation (TEST-NET-3)', 'RFC 5737'],
  ['224.0.0.0/4', 'multicast_address', 'Multicast', 'RFC 5771'],
  ['240.0.0.0/4', 'reserved_address', 'Reserved', 'RFC 1112 §4'],
  ['255.255.255.255/32', 'broadcast_address', 'Limited Broadcast', 'RFC 8190, RFC 919 §7'],
];

/** IANA IPv6 Special-Purpose Address Registry, and the ranges that RFC 4291 and its forerunners name. */
const V6: readonly Row[] = [
  ['::/128', 'unspecified_address', 'Unspecified Address', 'RFC 4291 §2.5.2'],
  ['::1/128', 'loopback_address', 'Loopback Address', 'RFC 4291 §2.5.3'],
  ['::/96', 'compatible_address', 'IPv4-compatible (deprecated)', 'RFC 4291 §2.5.5.1'],
  ['::ffff:0:0:0/96', 'translated_address', 'IPv4-translated', 'RFC 2765 §2.1'],
  ['64:ff9b::/96', 'nat64_address', 'IPv4-IPv6 Translat.', 'RFC 6052'],
  ['64:ff9b:1::/48', 'nat64_address', 'IPv4-IPv6 Translat. (local use)', 'RFC 8215'],
  ['100::/64', 'discard_address', 'Discard-Only Address Block', 'RFC 6666'],
  ['100:0:0:1::/64', 'discard_address', 'Dummy IPv6 Prefix', 'RFC 9780'],
  ['2001::/23', 'protocol_address', 'IETF Protocol Assignments', 'RFC 2928'],
  ['2001::/32', 'teredo_address', 'TEREDO', 'RFC 4380'],
  ['2001:1::1/128', 'protocol_address', 'Port Control Protocol Anycast', 'RFC 7723'],
  ['2001:1::2/128', 'protocol_address', 'TURN Anycast', 'RFC 8155'],
  ['2001:1::3/128', 'protocol_address', 'DNS-SD Service Registration Protocol Anycast', 'RFC 9665'],
  ['2001:2::/48', 'benchmarking_address', 'Benchmarking', 'RFC 5180'],
  ['2001:3::/32', 'amt_address', 'AMT', 'RFC 7450'],
  ['2001:4:112::/48', 'as112_address', 'AS112-v6', 'RFC 7535'],
  ['2001:10::/28', 'identifier_address', 'Deprecated (previously ORCHID)', 'RFC 4843'],
  ['2001:20::/28', 'identifier_address', 'ORCHIDv2', 'RFC 7343'],
  ['2001:30::/28', 'identifier_address', 'Drone Remote ID Protocol Entity Tags', 'RFC 9374'],
  ['2001:db8::/32', 'documentation_address', 'Documentation', 'RFC 3849'],
  ['2002::/16', 'six_to_four_address', '6to4', 'RFC 3056'],
  ['2620:4f:8000::/48', 'as112_address', 'Direct Delegation AS112 Service', 'RFC 7534'],
  ['3fff::/20', 'documentation_address', 'Documentation', 'RFC 9637'],
  ['5f00::/16', 'segment_routing_address', 'Segment Routing (SRv6) SIDs', 'RFC 9602'],
  ['fc00::/7', 'private_address', 'Unique-Local', 'RFC 4193'],
  ['fe80::/10', 'link_local_address', 'Link-Local Unicast', 'RFC 4291 §2.5.6'],
  ['fec0::/10', 'site_local_address', 'Site-Local Unicast (deprecated)', 'RFC 3879'],
  ['ff00::/8', 'multicast_address', 'Multicast', 'RFC 4291 §2.7'],
];

/**
 * Every special range that a picture is not fetched from. `::ffff:0:0/96` is missing on purpose: such an
 * address is judged as the IPv4 address inside it. Some of these ranges are reachable from everywhere by the
 * registry (AS112, AMT, anycast services); nobody keeps pictures there, so they are refused too.
 */
export const SPECIAL_RANGES: readonly SpecialRange[] = [...V4, ...V6].map(
  ([cidr, verdict, name, source]) => ({ cidr, verdict, name, source }),
);

/** Where clouds and container platforms answer questions about the machine itself, credentials included. */
export const METADATA_ADDRESSES: ReadonlySet<string> = new Set([
  '169.254.169.254', // AWS, Azure, Google, Oracle, DigitalOcean, OpenStack, Yandex, IBM, …
  '169.254.169.253', // AWS name server
  '169.254.170.2', // AWS container credentials
  '169.254.170.23', // AWS EKS pod identity
  '169.254.0.23', // Tencent
  '169.254.42.42', // Scaleway
  '100.100.100.200', // Alibaba
  '168.63.129.16', // Azure WireServer; looks public
  '192.0.0.192', // Oracle, classic
  '192.80.8.124', // Equinix Metal; looks public
  'fd00:ec2::254', // AWS over IPv6
  'fd00:ec2::253', // AWS name server
  'fd00:ec2::23', // AWS EKS pod identity
  'fd20:ce::254', // Google over IPv6
  'fd00:c1::a9fe:a9fe', // Oracle over IPv6
  'fd00:42::42', // Scaleway over IPv6
  'fe80::a9fe:a9fe', // OpenStack over IPv6
]);

/** Names of the same services: refused before they are looked up, whatever a name server says of them. */
export const METADATA_HOSTS: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'metadata.tencentyun.com',
  'metadata.packet.net',
  'metadata.platformequinix.com',
  'api.metadata.cloud.ibm.com',
  'instance-data',
  'instance-data.ec2.internal',
  'rancher-metadata',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
]);
