import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apiKeyDigest, apiKeyId, checkNewApiKey, isInside, type NewApiKey, newApiKey } from './api-key.ts';

const good: NewApiKey = {
  keyId: 'lsk_AAAAAAAAAAAA',
  digest: 'ab'.repeat(32),
  name: 'front desk',
  scopes: ['judge'],
  networks: [],
  expiresAt: null,
};
const reasonOf = (change: Partial<NewApiKey>) => {
  try {
    checkNewApiKey({ ...good, ...change }, 1000);
    return 'good';
  } catch (error) {
    return (error as { reason: string }).reason;
  }
};

describe('an API key', () => {
  it('is lsk_ and 44 letters or digits, of which the first 12 are its id', () => {
    for (let i = 0; i < 50; i++) {
      const { keyId, apiKey } = newApiKey();
      expect(apiKey).toMatch(/^lsk_[A-Za-z0-9]{44}$/);
      expect(apiKeyId(apiKey)).toBe(keyId);
    }
    expect(new Set(Array.from({ length: 50 }, () => newApiKey().keyId)).size).toBe(50);
  });

  it('has no id where the form is wrong', () => {
    const { apiKey } = newApiKey();
    for (const wrong of [
      '',
      'lsk_',
      apiKey.slice(1),
      apiKey.slice(0, -1),
      `${apiKey}A`,
      `${apiKey} `,
      apiKey.replace('_', '-'),
    ]) {
      expect(apiKeyId(wrong)).toBeNull();
    }
    fc.assert(fc.property(fc.string(), (text) => apiKeyId(text) === null));
  });

  it('is stored as its SHA-256', () => {
    // echo -n lsk_test | sha256sum
    expect(apiKeyDigest('lsk_test')).toBe('1fb37ce8b525aa2fda4b9a40cb7596e8ee87ab72d2113527c783e4cee1380ae4');
  });
});

describe('what a new key is made of', () => {
  it.each([
    [{}, 'good'],
    [{ name: ' ' }, 'invalid_name'],
    [{ name: 'a\nb' }, 'invalid_name'],
    [{ name: 'shop\u200b' }, 'invalid_name'],
    [{ name: 'a\u202eb' }, 'invalid_name'],
    [{ name: 'a\u0085b' }, 'invalid_name'],
    [{ name: 'a\u2028b' }, 'invalid_name'],
    [{ name: 'n'.repeat(101) }, 'invalid_name'],
    [{ scopes: [] }, 'invalid_scope'],
    [{ scopes: ['judge', 'admin' as 'judge'] }, 'invalid_scope'],
    [{ networks: ['10.0.0.0/8', '::1', '192.0.2.1', '2001:db8::/32'] }, 'good'],
    [{ networks: ['10.0.0.0/33'] }, 'invalid_network'],
    [{ networks: ['0x7f.1'] }, 'invalid_network'],
    [{ networks: ['example.org'] }, 'invalid_network'],
    [{ networks: Array.from({ length: 101 }, () => '10.0.0.1') }, 'invalid_network'],
    [{ expiresAt: new Date(1001) }, 'good'],
    [{ expiresAt: new Date(1000) }, 'invalid_expiry'],
    [{ expiresAt: new Date(Number.NaN) }, 'invalid_expiry'],
  ] as const)('%j is %s', (change, reason) => {
    expect(reasonOf(change as Partial<NewApiKey>)).toBe(reason);
  });
});

describe('an address', () => {
  it.each([
    [['10.0.0.0/8'], '10.255.255.255', true],
    [['10.0.0.0/8'], '11.0.0.0', false],
    [['10.0.0.0/8'], '::ffff:10.1.2.3', true],
    [['192.0.2.7'], '192.0.2.7', true],
    [['192.0.2.7'], '192.0.2.8', false],
    [['2001:db8::/32'], '2001:db8:ffff::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['2001:db8::/32'], '10.0.0.1', false],
    [['0.0.0.0/0'], '::1', false],
    [['10.0.0.0/8', '::/0'], '::1', true],
    [['10.0.0.0/8'], 'unknown', false],
    [[], '10.0.0.1', false],
  ])('%j holds %s: %s', (networks, address, inside) => {
    expect(isInside(networks, address)).toBe(inside);
  });
});
