import { describe, expect, it } from 'vitest';
import { peerGroup } from './peer-group.ts';

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
