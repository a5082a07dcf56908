import { BlockList } from 'node:net';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { classifyAddress } from './address.ts';
import { ownAddresses } from './own.ts';
import { METADATA_ADDRESSES, SPECIAL_RANGES } from './ranges.ts';
import { lastOf, rangeTable } from './test-support/ranges.ts';

describe('classifyAddress', () => {
  it.each(rangeTable)('%s is %s: %s | %s … %s | %s', (_cidr, verdict, before, first, last, after) => {
    expect([classifyAddress(first), classifyAddress(last)]).toEqual([verdict, verdict]);
    for (const outside of [before, after]) {
      if (outside === null) continue;
      const [address = '', expected = 'public'] = outside.split(' ');
      expect([address, classifyAddress(address)]).toEqual([address, expected]);
    }
  });

  it('the table has every range, each with its registry name and its source', () => {
    const tried = rangeTable.map(([cidr]) => cidr).sort();
    expect(tried).toEqual(SPECIAL_RANGES.map((range) => range.cidr).sort());
    for (const range of SPECIAL_RANGES)
      expect([range.cidr, range.source]).toEqual([range.cidr, expect.stringMatching(/^RFC \d+/)]);
  });

  /** The same table in Node's own matcher. */
  const oracle = new BlockList();
  for (const { cidr } of SPECIAL_RANGES) {
    const [network = '', bits] = cidr.split('/');
    oracle.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4');
  }

  it.each(SPECIAL_RANGES.map(({ cidr }) => cidr))(
    '%s: each bit of it turned over, and its neighbours',
    (cidr) => {
      const [network, prefix] = ipaddr.parseCIDR(cidr);
      const first = network.toByteArray();
      const last = first.map((byte, at) => byte | (0xff >> Math.max(0, Math.min(8, prefix - at * 8))));
      const turned = (bytes: number[], bit: number) =>
        bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (0x80 >> (bit & 7)) : byte));
      for (const bytes of [first, last]) {
        expect(classifyAddress(ipaddr.fromByteArray(bytes).toString())).not.toBe('public');
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const address = ipaddr.fromByteArray(turned(bytes, bit));
          const text = address.toString();
          const family = address.kind();
          const mapped = family === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress();
          const global =
            family === 'ipv4' || (address as ipaddr.IPv6).match(ipaddr.IPv6.parseCIDR('2000::/3'));
          if (mapped || METADATA_ADDRESSES.has(text)) continue;
          expect([text, classifyAddress(text) === 'public']).toEqual([
            text,
            global && !oracle.check(text, family),
          ]);
          if (bit < prefix) {
            const [inside, bits] = ipaddr.parseCIDR(cidr);
            expect([text, address.match([inside, bits] as never)]).toEqual([text, false]);
          }
        }
      }
    },
  );

  it.each([
    ['::8.8.8.8', 'compatible_address'],
    ['::808:808', 'compatible_address'],
    ['::10.0.0.1', 'compatible_address'],
    ['::127.0.0.1', 'compatible_address'],
    ['::169.254.169.254', 'metadata_address'],
    ['::0.0.0.1', 'loopback_address'],
    ['::0.0.0.0', 'unspecified_address'],
    ['::1:8.8.8.8', 'reserved_address'],
    ['::ffff:8.8.8.8', 'public'],
    ['::FFFF:8.8.8.8', 'public'],
    ['0:0:0:0:0:ffff:808:808', 'public'],
    ['::ffff:10.0.0.1', 'private_address'],
    ['::ffff:0:8.8.8.8', 'translated_address'],
    ['64:ff9b::8.8.8.8', 'nat64_address'],
    ['64:ff9b:0:0:0:1:8.8.8.8', 'reserved_address'],
    ['2002:808:808::', 'six_to_four_address'],
  ] as const)('%s is %s, by its bits and not by its spelling', (text, verdict) =>
    expect(classifyAddress(text)).toBe(verdict),
  );

  it('every spelling of an address has the same verdict', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(12), (bytes, zeros) => {
        bytes.fill(0, 0, zeros);
        const address = ipaddr.fromByteArray([...bytes]) as ipaddr.IPv6;
        const dotted = bytes.subarray(12).join('.');
        const head = address.parts.slice(0, 6).map((part) => part.toString(16));
        const spellings = [
          address.toNormalizedString(),
          address.parts.map((part) => part.toString(16).padStart(4, '0').toUpperCase()).join(':'),
          address.toRFC5952String(),
          `${head.join(':')}:${dotted}`,
          ...(zeros === 12 ? [`::${dotted}`] : []),
        ];
        const verdicts = new Set(spellings.map((text) => classifyAddress(text)));
        expect([spellings, verdicts.size]).toEqual([spellings, 1]);
      }),
      { numRuns: 2000 },
    );
  });

  it('any address of a special range is refused', () => {
    const anywhere = fc.constantFrom(...SPECIAL_RANGES).chain(({ cidr }) => {
      const [network, prefix] = ipaddr.parseCIDR(cidr);
      const bytes = network.toByteArray();
      return fc.uint8Array({ minLength: bytes.length, maxLength: bytes.length }).map((random) => {
        const mixed = bytes.map((byte, at) => {
          const kept = Math.max(0, Math.min(8, prefix - at * 8));
          const mask = (0xff << (8 - kept)) & 0xff;
          return (byte & mask) | (random[at]! & ~mask & 0xff);
        });
        return ipaddr.fromByteArray(mixed).toString();
      });
    });
    fc.assert(
      fc.property(anywhere, (address) => classifyAddress(address) !== 'public'),
      { numRuns: 5000 },
    );
  });

  it('the far ends of public space are public, and what lies outside 2000::/3 is not', () => {
    for (const address of [
      '1.0.0.0',
      '8.8.8.8',
      '223.255.255.255',
      '2000::',
      '2a00:1450:4001:80b::200e',
      lastOf('3fff:ffff'),
    ]) {
      expect([address, classifyAddress(address)]).toEqual([address, 'public']);
    }
    for (const address of [lastOf('1fff'), '4000::', '8000::', lastOf('e000')]) {
      expect([address, classifyAddress(address)]).toEqual([address, 'reserved_address']);
    }
  });

  it.each([...METADATA_ADDRESSES])('metadata: %s, also inside IPv6', (address) => {
    expect(classifyAddress(address)).toBe('metadata_address');
    if (address.includes(':')) return;
    const [a, b, c, d] = address.split('.').map((each) => Number(each).toString(16).padStart(2, '0'));
    const [x, y] = [`${a}${b}`, `${c}${d}`];
    const turned = [x, y].map((each) => (Number.parseInt(each, 16) ^ 0xffff).toString(16)).join(':');
    for (const inside of [
      `::ffff:${address}`,
      `::${address}`,
      `::ffff:0:${address}`,
      `64:ff9b::${address}`,
      `64:ff9b:1::${address}`,
      `64:ff9b:1:${x}:${c}:${d}00::`,
      `64:ff9b:1:${a}:${b}:${y}::`,
      `64:ff9b:1:0:${a}:${b}${c}:${d}00:0`,
      `2002:${x}:${y}::1`,
      `2001:0:${x}:${y}::1`,
      `2001:0:102:304:0:0:${turned}`,
      `2a00:1:2:3:0:5efe:${x}:${y}`,
    ]) {
      expect([inside, classifyAddress(inside)]).toEqual([inside, 'metadata_address']);
    }
  });

  it('an IPv4 address inside ::ffff:0:0/96 is what it is', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(classifyAddress(`::ffff:${address}`)).toBe(classifyAddress(address));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['2a00:1:2:3:0:5efe:7f00:1', 'isatap_address'],
    ['2a00:1:2:3:200:5efe:808:808', 'isatap_address'],
    ['2a00:1:2:3:0:5eff:7f00:1', 'public'],
    ['2a00:1:2:3:100:5efe:7f00:1', 'public'],
    ['fe80::5efe:7f00:1', 'link_local_address'],
  ])('ISATAP: %s is %s', (address, verdict) => expect(classifyAddress(address)).toBe(verdict));

  it.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '2130706433',
    '127.1',
    '8.8.8.8.',
    'fe80::1%eth0',
    '2a00::1%1',
    ' 8.8.8.8',
    '8.8.8.8/32',
    '[2a00::1]',
    '１.1.1.1',
    '8.8.8.8\n',
    '::ffff:8.8.8.8.8',
  ])('no plain address: %j', (text) => expect(classifyAddress(text)).toBe('invalid_address'));

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6()),
        (text) => typeof classifyAddress(text) === 'string',
      ),
    );
  });
});

describe("the machine's own addresses", () => {
  const own = ownAddresses([
    { address: '127.0.0.1', cidr: '127.0.0.1/8' },
    { address: '81.2.3.4', cidr: '81.2.3.4/24' },
    { address: '10.9.8.7', cidr: '10.9.0.0/16' },
    { address: '81.2.9.1', cidr: '81.2.9.1/31' },
    { address: '2a00:1::5', cidr: '2a00:1::5/64' },
    { address: 'fe80::1%eth0', cidr: null },
    { address: 'rubbish', cidr: null },
  ]);

  it.each([
    ['81.2.3.4', 'own_address'],
    ['::ffff:81.2.3.4', 'own_address'],
    ['81.2.3.5', 'public'],
    ['81.2.3.255', 'broadcast_address'],
    ['10.9.8.7', 'own_address'],
    ['10.9.8.8', 'private_address'],
    ['10.9.255.255', 'broadcast_address'],
    ['81.2.9.1', 'own_address'],
    ['2a00:1:0::5', 'own_address'],
    ['2a00:1::6', 'public'],
    ['127.0.0.1', 'loopback_address'],
    ['fe80::1', 'link_local_address'],
  ])('%s is %s', (address, verdict) => expect(classifyAddress(address, own)).toBe(verdict));

  it('are read from the interfaces', () => {
    expect(ownAddresses().addresses.has('127.0.0.1')).toBe(true);
  });
});
