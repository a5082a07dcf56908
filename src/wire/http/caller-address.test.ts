import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCallerAddress, type ProxyHeader } from './caller-address.ts';

const proxy = '10.0.0.1';
const trustedProxies = ['10.0.0.0/8', '2001:db8:ffff::/48'];

function caller(headers: Record<string, string>, connection = proxy, proxyHeader?: ProxyHeader): string {
  const settings = proxyHeader === undefined ? { trustedProxies } : { trustedProxies, proxyHeader };
  return createCallerAddress(settings)(headers, connection);
}

const xff = (text: string) => caller({ 'x-forwarded-for': text });
const forwarded = (text: string) => caller({ forwarded: text });

describe('X-Forwarded-For of a trusted proxy', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:51234', '203.0.113.9'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['[2001:db8::9]:443', '2001:db8::9'],
    ['[2001:db8::9]', '2001:db8::9'],
    ['2001:DB8:0::9', '2001:db8::9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:80', '203.0.113.9'],
    ['fe80::1%eth0', 'fe80::1'],
    ['6.6.6.6, 203.0.113.9, 10.9.9.9:80', '203.0.113.9'],
    ['rubbish, 203.0.113.9', '203.0.113.9'],
    ['10.1.1.1, 10.2.2.2', '10.1.1.1'],
  ])('%j is %s', (text, address) => expect(xff(text)).toBe(address));

  it.each([
    'unknown',
    '_hidden',
    '',
    ',',
    '203.0.113.9,',
    '203.0.113.9, unknown',
    '203.0.113.9 51234',
    '203.0.113.009',
    '0xcb.0.113.9',
    '203.0.113',
    '203.0.113.9:',
    '203.0.113.9:99999',
    '203.0.113.9:80:80',
    '[203.0.113.9]',
    '[2001:db8::9',
    '2001:db8::9]',
    '"203.0.113.9"',
    '203.0.113.9/32',
    'example.org',
  ])('%j is an unknown caller, never the proxy', (text) => expect(xff(text)).toBe('unknown'));
});

describe('Forwarded of a trusted proxy', () => {
  it.each([
    ['for=203.0.113.9', '203.0.113.9'],
    ['For="203.0.113.9:4711"', '203.0.113.9'],
    ['for="[2001:db8::9]:4711";proto=https', '2001:db8::9'],
    ['for="[2001:db8::9]:_port"', '2001:db8::9'],
    ['for=[2001:db8::9]', '2001:db8::9'],
    ['proto=https; by=10.0.0.1 ; for=203.0.113.9', '203.0.113.9'],
    ['for=6.6.6.6, for=203.0.113.9;by=_x, for=10.9.9.9', '203.0.113.9'],
    ['for=_hidden, for=203.0.113.9', '203.0.113.9'],
    ['for="2\\03.0.113.9"', '203.0.113.9'],
    ['for=203.0.113.9;', '203.0.113.9'],
  ])('%j is %s', (text, address) => expect(forwarded(text)).toBe(address));

  it.each([
    'for=unknown',
    'for=_hidden',
    'for="_hidden:80"',
    'proto=https',
    '',
    'for=203.0.113.9, proto=https',
    'for=203.0.113.9;for=203.0.113.8',
    'for="203.0.113.9',
    'for=203.0.113.9"',
    'for = 203.0.113.9',
    '203.0.113.9',
    'for=6.6.6.6 for=203.0.113.9',
    // What a caller writes so that its quote swallows the proxy's own element.
    'for="6.6.6.6, for=203.0.113.9',
    'for="6.6.6.6, for="[2001:db8::9]:80"',
    'for="6.6.6.6\\, for="203.0.113.9"',
  ])('%j is an unknown caller, never the proxy', (text) => expect(forwarded(text)).toBe('unknown'));
});

describe('both headers', () => {
  const both = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=198.51.100.1' };

  it('must lead to one address', () => {
    expect(caller(both)).toBe('unknown');
    expect(caller({ ...both, forwarded: 'for="203.0.113.9:80"' })).toBe('203.0.113.9');
    expect(caller({ ...both, forwarded: 'for=unknown' })).toBe('unknown');
  });

  it('where the proxies write one of them, the other is not looked at', () => {
    expect(caller(both, proxy, 'x-forwarded-for')).toBe('203.0.113.9');
    expect(caller(both, proxy, 'forwarded')).toBe('198.51.100.1');
    expect(caller({ forwarded: 'for=198.51.100.1' }, proxy, 'x-forwarded-for')).toBe(proxy);
  });
});

describe("the caller's address", () => {
  it('is the connection, where no trusted proxy is at its other end', () => {
    expect(caller({ 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6' }, '203.0.113.9')).toBe(
      '203.0.113.9',
    );
    expect(caller({ 'x-forwarded-for': '6.6.6.6' }, '::ffff:203.0.113.9')).toBe('203.0.113.9');
    expect(createCallerAddress({ trustedProxies: [] })({ 'x-forwarded-for': '6.6.6.6' }, proxy)).toBe(proxy);
    expect(createCallerAddress({ trustedProxies })({ 'x-forwarded-for': '6.6.6.6' }, undefined)).toBe(
      'unknown',
    );
  });

  it('is the proxy itself, where it says nothing', () => expect(caller({})).toBe(proxy));

  it('is never a trusted proxy when a header says something else, and nothing throws', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .array(
          fc.constantFrom('for=', '"', ',', ';', '[', ']', '::1', '6.6.6.6', '10.0.0.2', ':80', ' ', '\\'),
        )
        .map((parts) => parts.join('')),
    );
    const names = fc.constantFrom('x-forwarded-for', 'forwarded');
    fc.assert(
      fc.property(names, text, (name, value) => {
        const address = caller({ [name]: value });
        if (address === proxy) throw new Error(`${name}: ${value} made the caller the proxy`);
        if (address.startsWith('10.')) expect(value).toContain('10.0.0.2');
      }),
      { numRuns: 2000 },
    );
  });
});
