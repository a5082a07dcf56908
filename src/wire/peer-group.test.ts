import { describe, expect, it } from 'vitest';
import { inNetworks, peerGroup } from './peer-group.ts';

describe('peerGroup', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    [undefined, 'unknown'],
    ['/run/socket', 'unknown'],
  ])('of %s is %s', (address, group) => expect(peerGroup(address)).toBe(group));
});

describe('inNetworks', () => {
  const inside = inNetworks(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1']);
  it.each(['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3', '192.0.2.1', '2001:db8:ffff::1', '::1'])(
    '%s is inside',
    (address) => expect(inside(address)).toBe(true),
  );
  it.each(['9.255.255.255', '11.0.0.0', '192.0.2.2', '2001:db9::1', '::2', undefined, 'x'])(
    '%s is outside',
    (address) => expect(inside(address)).toBe(false),
  );
  it('of none nothing is inside', () => expect(inNetworks([])('127.0.0.1')).toBe(false));
});
