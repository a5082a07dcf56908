import { describe, expect, it } from 'vitest';
import { allowListOf, objection } from './allow.ts';
import { NOBODY } from './own.ts';

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

  it('reads a network of mapped addresses as the IPv4 network, and `::8.8.8.8` as the IPv6 address it is', () => {
    const mapped = allowListOf(['::ffff:10.0.0.0/104', '::8.8.8.8']);
    expect(['10.255.0.1', '::ffff:10.0.0.1', '::808:808'].map(mapped.allowsAddress)).toEqual([
      true,
      true,
      true,
    ]);
    expect(['11.0.0.1', '8.8.8.8', '::ffff:8.8.8.8'].map(mapped.allowsAddress)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('opens nothing by an odd spelling of a network', () => {
    for (const entry of [
      '010.0.0.0/8',
      '10.0.0.0/8/8',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0/8',
      '0x0a.0.0.0/8',
    ]) {
      const odd = allowListOf([entry]);
      expect([entry, odd.allowsAddress('10.0.0.1'), odd.allowsAddress('8.0.0.1')]).toEqual([
        entry,
        false,
        false,
      ]);
    }
  });

  it('tells an entry from what merely lies inside one', () => {
    expect([list.namesAddress('192.168.7.7'), list.namesAddress('10.1.0.0')]).toEqual([true, false]);
    expect([list.namesHost('pictures.example'), list.namesHost('a.pictures.example')]).toEqual([true, false]);
  });
});

describe('objection', () => {
  const verdict = (entries: string[], address: string, host = 'a.example') =>
    objection(host, address, allowListOf(entries), NOBODY);

  it.each<[string, string[], string, string | null]>([
    ['public', [], '8.8.8.8', null],
    ['private', [], '10.0.0.1', 'private_address'],
    ['private, allowed by its network', ['10.0.0.0/8'], '10.0.0.1', null],
    ['private, allowed by its name', ['a.example'], '10.0.0.1', null],
    [
      'metadata in an allowed network',
      ['169.254.0.0/16', 'a.example'],
      '169.254.169.254',
      'metadata_address',
    ],
    ['metadata, itself allowed', ['169.254.169.254'], '169.254.169.254', null],
    ['this machine by an allowed name', ['a.example'], '0.0.0.0', 'unspecified_address'],
    ['loopback, itself allowed', ['::1'], '::1', null],
    ['multicast, whatever is allowed', ['224.0.0.0/4', 'a.example'], '224.0.0.1', 'multicast_address'],
    [
      'broadcast, whatever is allowed',
      ['255.255.255.255', 'a.example'],
      '255.255.255.255',
      'broadcast_address',
    ],
    ['rubbish, whatever is allowed', ['a.example'], 'rubbish', 'invalid_address'],
    ['NAT64', [], '64:ff9b::808:808', 'nat64_address'],
    ['allowed NAT64 with a public address inside', ['64:ff9b::/96'], '64:ff9b::808:808', null],
    ['allowed NAT64 with a private address inside', ['64:ff9b::/96'], '64:ff9b::10.0.0.1', 'private_address'],
    ['allowed NAT64, the inside allowed too', ['64:ff9b::/96', '10.0.0.0/8'], '64:ff9b::10.0.0.1', null],
    [
      'allowed NAT64 with a metadata service inside',
      ['64:ff9b::/96', '169.254.0.0/16'],
      '64:ff9b::a9fe:a9fe',
      'metadata_address',
    ],
    ['allowed 6to4 with loopback inside', ['2002::/16'], '2002:7f00:1::', 'loopback_address'],
  ])('%s', (_what, entries, address, expected) => expect(verdict(entries, address)).toBe(expected));
});
