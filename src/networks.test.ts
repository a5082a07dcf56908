import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalNetwork, isInNetworks, networkProblem, networksOf, parseAddress } from './networks.ts';

describe('networkProblem', () => {
  it.each([
    '10.0.0.0/8',
    '192.0.2.7',
    '0.0.0.0/0',
    '192.0.2.7/32',
    '2001:db8::/32',
    '::1',
    '::/0',
    '2001:DB8::1',
  ])('takes %s', (text) => expect(networkProblem(text)).toBeNull());

  it.each([
    ['010.0.0.0/8', 'leading zero'],
    ['10.0.0.09', 'leading zero'],
    ['10/8', 'short and hexadecimal'],
    ['127.1', 'short and hexadecimal'],
    ['0x7f.0.0.1', 'short and hexadecimal'],
    ['2130706433', 'short and hexadecimal'],
    ['256.0.0.1', 'from 0 to 255'],
    ['10.1.2.3/8', 'write 10.0.0.0/8 for the network, 10.1.2.3 for the address'],
    ['2001:db8::5/64', 'write 2001:db8::/64'],
    ['::ffff:10.0.0.1', 'write 10.0.0.1'],
    ['::ffff:10.0.0.0/104', 'write 10.0.0.0/8'],
    ['::ffff:a00:1/128', 'write 10.0.0.1'],
    ['fe80::1%eth0', 'zone'],
    ['10.0.0.0/33', 'from 0 to 32'],
    ['10.0.0.0/', 'from 0 to 32'],
    ['10.0.0.0/08', 'from 0 to 32'],
    ['10.0.0.0/255.0.0.0', 'from 0 to 32'],
    ['2001:db8::/129', 'from 0 to 128'],
    ['10.0.0.0/8/8', 'slash'],
    ['example.org', 'expected an IP address'],
    [' 10.0.0.1', 'expected an IP address'],
    ['', 'expected an IP address'],
  ])('refuses %s and says why', (text, why) => expect(networkProblem(text)).toContain(why));
});

describe('canonicalNetwork', () => {
  it.each([
    ['2001:DB8:0:0::/32', '2001:db8::/32'],
    ['192.0.2.7/32', '192.0.2.7'],
    ['::1/128', '::1'],
    ['10.0.0.0/8', '10.0.0.0/8'],
  ])('%s is kept as %s', (text, canonical) => expect(canonicalNetwork(text)).toBe(canonical));

  it('throws for what networkProblem refuses', () =>
    expect(() => canonicalNetwork('010.0.0.0/8')).toThrow('leading zero'));
});

describe('isInNetworks', () => {
  const inside = (network: string, address: string) => isInNetworks(networksOf([network]), address);

  it.each([
    ['10.1.0.0/16', '10.1.255.255', true],
    ['10.1.0.0/16', '10.2.0.0', false],
    ['10.1.0.0/16', '::ffff:10.1.2.3', true],
    ['2001:db8::/32', '2001:db8:ffff::1%eth0', true],
    ['2001:db8::/32', '2001:db9::', false],
    ['0.0.0.0/0', '::1', false],
    ['10.0.0.0/8', 'unknown', false],
    ['10.0.0.0/8', '010.0.0.1', false],
  ])('%s, %s: %s', (network, address, expected) => expect(inside(network, address)).toBe(expected));

  it('keeps the meaning of old entries that mean one network, and matches nothing by the others', () => {
    expect(inside('10.1.2.3/8', '10.200.0.1')).toBe(true);
    expect(inside('::ffff:10.0.0.0/104', '10.200.0.1')).toBe(true);
    expect([inside('010.0.0.0/8', '8.1.1.1'), inside('010.0.0.0/8', '10.1.1.1')]).toEqual([false, false]);
    expect(inside('0x0a.0.0.0', '10.0.0.0')).toBe(false);
  });

  it('agrees with its own canonical form for every network and address', () => {
    const bytes = (length: number) => fc.array(fc.nat(255), { minLength: length, maxLength: length });
    fc.assert(
      fc.property(bytes(4), bytes(4), fc.nat(32), (at, from, bits) => {
        const [network] = networksOf([`${at.join('.')}/${bits}`]);
        const text = network?.text ?? '';
        expect(networkProblem(text)).toBeNull();
        const number = (parts: number[]) => parts.reduce((sum, part) => sum * 256 + part, 0);
        const size = 2 ** (32 - bits);
        const same = Math.floor(number(at) / size) === Math.floor(number(from) / size);
        expect(isInNetworks(networksOf([text]), from.join('.'))).toBe(same);
      }),
    );
  });

  it('never throws, whatever is written', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (network, address) => {
        expect(typeof isInNetworks(networksOf([network]), address)).toBe('boolean');
        expect(parseAddress(network)?.kind() ?? 'none').toMatch(/^(?:ipv4|ipv6|none)$/);
      }),
    );
  });
});
