import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressVerdict, allowListOf, classifyAddress } from './address.ts';

/** The last address outside, the first and last inside, the first outside. */
const ranges: [AddressVerdict, string | null, string, string, string | null][] = [
  ['unspecified_address', null, '0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['private_address', '9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['shared_address', '100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['loopback_address', '126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['link_local_address', '169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['private_address', '172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['reserved_address', '191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
  ['reserved_address', '192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
  ['reserved_address', '192.88.98.255', '192.88.99.0', '192.88.99.255', '192.88.100.0'],
  ['private_address', '192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['reserved_address', '198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
  ['reserved_address', '198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
  ['reserved_address', '203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
  ['multicast_address', '223.255.255.255', '224.0.0.0', '239.255.255.255', null],
  ['reserved_address', null, '240.0.0.0', '255.255.255.254', null],
  ['broadcast_address', null, '255.255.255.255', '255.255.255.255', null],
  ['unspecified_address', null, '::', '::', null],
  ['loopback_address', null, '::1', '::1', null],
  ['reserved_address', null, '::2', '::fffe:ffff:ffff', null],
  ['translated_address', null, '::ffff:0:0:0', '::ffff:0:ffff:ffff', null],
  ['translated_address', null, '64:ff9b::', '64:ff9b::ffff:ffff', null],
  ['reserved_address', null, '100::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2000::'],
  [
    'translated_address',
    '2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001::',
    '2001:0:ffff:ffff:ffff:ffff:ffff:ffff',
    null,
  ],
  ['reserved_address', null, '2001:2::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:200::'],
  [
    'reserved_address',
    '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:db8::',
    '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:db9::',
  ],
  [
    'translated_address',
    '2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '2002::',
    '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '2003::',
  ],
  [
    'reserved_address',
    '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '3fff::',
    '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff',
    '3fff:1000::',
  ],
  [
    'reserved_address',
    '3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '4000::',
    'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    null,
  ],
  ['private_address', null, 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
  ['link_local_address', null, 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
  ['private_address', null, 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
  ['multicast_address', null, 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
];

describe('classifyAddress', () => {
  it.each(ranges)('%s: %s | %s … %s | %s', (verdict, before, first, last, after) => {
    expect([classifyAddress(first), classifyAddress(last)]).toEqual([verdict, verdict]);
    for (const outside of [before, after])
      if (outside !== null) expect(classifyAddress(outside)).toBe('public');
  });

  it.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '::ffff:8.8.8.8'])(
    'public: %s',
    (address) => expect(classifyAddress(address)).toBe('public'),
  );

  it.each(['169.254.169.254', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254', '::ffff:169.254.169.254'])(
    'metadata: %s',
    (address) => expect(classifyAddress(address)).toBe('metadata_address'),
  );

  it('an IPv4 address inside IPv6 is what it is', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(classifyAddress(`::ffff:${address}`)).toBe(classifyAddress(address));
      }),
    );
  });

  it.each(['2a00:1:2:3:0:5efe:7f00:1', '2a00:1:2:3:200:5efe:7f00:1'])('ISATAP: %s', (address) =>
    expect(classifyAddress(address)).toBe('translated_address'),
  );

  it.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    'fe80::1%eth0',
    '2a00::1%1',
    ' 8.8.8.8',
    '8.8.8.8/32',
  ])('not an address, or not as a resolver says it: %j', (text) =>
    expect(classifyAddress(text)).not.toBe('public'),
  );

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof classifyAddress(text) === 'string'));
    fc.assert(fc.property(fc.ipV6(), (text) => typeof classifyAddress(text) === 'string'));
  });
});

describe('allowListOf', () => {
  const list = allowListOf([
    '10.1.0.0/16',
    '192.168.7.7',
    'fd00:1::/32',
    '::ffff:172.16.0.1',
    'Pictures.Example.',
  ]);

  it.each(['10.1.0.0', '10.1.255.255', '192.168.7.7', 'fd00:1:ffff::1', '172.16.0.1', '::ffff:10.1.2.3'])(
    'allows %s',
    (address) => expect(list.allowsAddress(address)).toBe(true),
  );

  it.each(['10.0.255.255', '10.2.0.0', '192.168.7.8', 'fd00:2::1', '127.0.0.1', '::1', 'rubbish', ''])(
    'does not allow %j',
    (address) => expect(list.allowsAddress(address)).toBe(false),
  );

  it('allows a host and the hosts below it, and nothing that only looks like it', () => {
    for (const host of ['pictures.example', 'PICTURES.example.', 'a.b.pictures.example']) {
      expect([host, list.allowsHost(host)]).toEqual([host, true]);
    }
    for (const host of ['evilpictures.example', 'pictures.example.evil', 'example', '']) {
      expect([host, list.allowsHost(host)]).toEqual([host, false]);
    }
  });
});
