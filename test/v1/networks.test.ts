import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startV1Test, type V1Test } from './support.ts';

let test: V1Test;
let key: string;

beforeAll(async () => {
  test = await startV1Test({ settings: { trustedProxies: ['127.0.0.1'] } });
  // The proxy's own network is allowed: being taken for the proxy would let anybody in.
  key = await test.key({ networks: ['127.0.0.0/8', '2001:DB8:0::/48', '203.0.113.7/32'] });
});
afterAll(() => test.stop());

const call = async (headers: Record<string, string>) => {
  const answer = await test.post('/v1/liveness', {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'image/png', ...headers },
    body: 'a picture',
  });
  return [answer.status, test.lines.at(-1)?.callerAddress];
};

describe('an API key with networks, behind a trusted proxy', () => {
  it.each([
    ['203.0.113.7:51234', 200, '203.0.113.7'],
    ['[2001:db8::9]:443', 200, '2001:db8::9'],
    ['203.0.113.9:51234', 403, '203.0.113.9'],
    ['[2001:db9::9]:443', 403, '2001:db9::9'],
    ['unknown', 403, 'unknown'],
    ['127.0.0.01', 403, 'unknown'],
    ['', 403, 'unknown'],
  ])('X-Forwarded-For: %s is %i', async (text, status, address) => {
    expect(await call({ 'x-forwarded-for': text })).toEqual([status, address]);
    const quoted = `for="${text}"`;
    expect(await call({ forwarded: quoted })).toEqual([status, address]);
  });

  it('is refused where too many headers could hide the one of the proxy', async () => {
    const short = Object.fromEntries(Array.from({ length: 997 }, (_, at) => [`a${at}`, '1']));
    expect((await call({ ...short, 'x-forwarded-for': '6.6.6.6' }))[0]).toBe(431);
  });

  it('keeps its networks in their canonical form', async () => {
    const all = await test.store.apiKeys.listApiKeys('1000001');
    expect(all.map(({ networks }) => networks)).toContainEqual([
      '127.0.0.0/8',
      '2001:db8::/48',
      '203.0.113.7',
    ]);
  });
});
