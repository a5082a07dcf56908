import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createUrlCheck } from '../../src/picture/download/url-check.ts';
import { type NameServer, startNameServer } from './support/name-server.ts';
import { startUrlServer, testDownloader, type UrlServer } from './support/url-server.ts';

let names: NameServer;
let server: UrlServer;
beforeAll(async () => {
  names = await startNameServer(() => 'unknown');
  server = await startUrlServer((_request, response) => void response.end('picture'));
});
beforeEach(() => {
  names.asked.clear();
  server.seen.splice(0);
});
afterAll(async () => {
  await names.stop();
  await server.stop();
});

const through = (options: Parameters<typeof testDownloader>[0] | object = {}) =>
  testDownloader({ ports: [80, 443, server.port], resolve: names.resolve, ...options });

describe('names, asked of a name server', () => {
  it('rebinding: a name is asked for once, and an answer that changes later changes nothing', async () => {
    // Looked up a second time it would lead to an address where nobody may go.
    names.zone = (_name, question) => (question <= 1 ? ['127.0.0.1'] : ['10.0.0.1']);
    const { attempt } = through();
    expect((await attempt(`http://rebinding.example:${server.port}/`)).bytes.toString()).toBe('picture');
    expect(names.asked.get('rebinding.example')).toBe(1);
    expect(server.seen).toEqual([`rebinding.example:${server.port}/`]);
  });

  it('rebinding between two downloads: the second answer is judged anew', async () => {
    names.zone = (_name, question) => (question <= 1 ? ['127.0.0.1'] : ['10.0.0.1']);
    const { attempt } = through();
    const url = `http://again.example:${server.port}/`;
    expect((await attempt(url)).reason).toBe('fetched');
    expect((await attempt(url)).reason).toBe('private_address');
  });

  it('rebinding between a redirect and its target on the same host', async () => {
    names.zone = (_name, question) => (question <= 1 ? ['127.0.0.1'] : ['169.254.169.254']);
    server.handler = (_request, response) => void response.writeHead(302, { location: '/next' }).end();
    expect((await through().attempt(`http://redirect.example:${server.port}/`)).reason).toBe(
      'metadata_address',
    );
    expect(server.seen).toHaveLength(1);
    server.handler = (_request, response) => void response.end('picture');
  });

  it.each([
    ['a public and a private one', ['93.184.216.34', '10.0.0.1'], 'private_address'],
    ['a private and a public one', ['10.0.0.1', '93.184.216.34'], 'private_address'],
    ['public IPv4, loopback IPv6', ['93.184.216.34', '::1'], 'loopback_address'],
    ['public IPv6, metadata IPv4', ['2606:4700::1111', '169.254.169.254'], 'metadata_address'],
    ['a mapped private one', ['::ffff:192.168.0.1'], 'private_address'],
    ['a private one behind NAT64', ['64:ff9b::10.0.0.1'], 'nat64_address'],
    ['unspecified', ['0.0.0.0'], 'unspecified_address'],
    ['multicast', ['224.0.0.251'], 'multicast_address'],
    ['this machine in IPv6', ['::'], 'unspecified_address'],
  ])('an answer of %s is refused as a whole, before any connection', async (_what, answer, reason) => {
    names.zone = () => answer;
    const { attempt, events } = through({ allowPrivate: [] });
    expect((await attempt('http://mixed.example/')).reason).toBe(reason);
    expect(events).toMatchObject([{ outcome: 'refused', reason, host: 'mixed.example' }]);
    expect(server.seen).toEqual([]);
  });

  it.each([
    ['unknown', 'dns_failed'],
    ['failure', 'dns_failed'],
  ] as const)('a name server that is %s', async (answer, reason) => {
    names.zone = () => answer;
    expect((await through().attempt('http://nowhere.example/')).reason).toBe(reason);
  });

  it('a name server that is silent', async () => {
    const silent = await startNameServer(() => 'silent', 300);
    onTestFinished(() => silent.stop());
    const { attempt } = through({ resolve: silent.resolve });
    expect((await attempt('http://nowhere.example/')).reason).toBe('dns_timeout');
  });

  it('more addresses than a name for pictures has', async () => {
    names.zone = () => Array.from({ length: 65 }, (_, at) => `93.184.0.${at}`);
    const resolve = async () => Array.from({ length: 65 }, (_, at) => `93.184.0.${at}`);
    expect((await through({ resolve }).attempt('http://many.example/')).reason).toBe('dns_failed');
  });

  it('a caller who leaves stops the question', async () => {
    names.zone = () => 'silent';
    const leaving = new AbortController();
    const left = through().attempt('http://silent.example/', leaving.signal);
    setTimeout(() => leaving.abort(), 20);
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('names that are never asked for', () => {
  it.each([
    'http://localhost/',
    'http://LOCALHOST./',
    'http://a.localhost/',
    'http://127.0.0.1./',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://127.0.1/',
    'http://017700000001/',
    'http://１２７.０.０.１/',
    'http://①②⑦.⓪.⓪.①/',
    'http://127。0。0。1/',
    'http://%31%32%37.0.0.1/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
  ])('%s is this machine', async (url) => {
    names.zone = () => ['93.184.216.34'];
    expect((await through({ allowPrivate: [] }).attempt(url)).reason).toBe('loopback_address');
    expect(names.asked.size).toBe(0);
  });

  it.each([
    ['http://metadata.google.internal/', 'metadata_host'],
    ['http://METADATA.Google.Internal./', 'metadata_host'],
    ['http://metadata/', 'metadata_host'],
    ['http://instance-data/', 'metadata_host'],
    ['http://metadata.tencentyun.com/', 'metadata_host'],
    ['http://0xA9FEA9FE/', 'metadata_address'],
    ['http://[fd00:ec2::254]/', 'metadata_address'],
    ['http://[64:ff9b::169.254.169.254]/', 'metadata_address'],
    ['http://100.100.100.200/', 'metadata_address'],
    ['http://a..b/', 'bad_host'],
    [`http://${'a'.repeat(64)}.example/`, 'bad_host'],
    [`http://${'a.'.repeat(130)}example/`, 'bad_host'],
  ])('%s: %s', async (url, reason) => {
    names.zone = () => ['93.184.216.34'];
    const allowPrivate = ['google.internal', '100.64.0.0/10', '169.254.0.0/16'];
    expect((await through({ allowPrivate }).attempt(url)).reason).toBe(reason);
    expect(names.asked.size).toBe(0);
  });

  it.each([
    'http://[fe80::1%25eth0]/',
    'http://[fe80::1%eth0]/',
    'http://256.1.1.1/',
    'http://1.2.3.4.5/',
    'http:///',
    'http://a b/',
  ])('%s is no url at all', (url) => expect(URL.canParse(url) && new URL(url).hostname !== '').toBe(false));

  it('a final dot goes neither into Host nor into the question', async () => {
    names.zone = () => ['127.0.0.1'];
    expect((await through().attempt(`http://dot.example.:${server.port}/`)).reason).toBe('fetched');
    expect(server.seen).toEqual([`dot.example:${server.port}/`]);
    expect([...names.asked.keys()]).toEqual(['dot.example']);
  });
});

describe('report-only mode', () => {
  it('lets ports and private networks through and says so', async () => {
    names.zone = () => ['127.0.0.1'];
    const { attempt, events } = through({ ports: [80], allowPrivate: ['127.0.0.0/8'], reportOnly: true });
    expect((await attempt(`http://a.example:${server.port}/`)).reason).toBe('fetched');
    expect(events.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['reported', 'port'],
      ['fetched', null],
    ]);
  });

  it.each([
    ['10.255.255.1', null, ['private_address']],
    ['100.64.0.1', null, ['shared_address']],
    ['2001:db8::1', null, ['documentation_address']],
    ['127.0.0.1', 'loopback_address', []],
    ['169.254.169.254', 'metadata_address', []],
    ['fe80::1', 'link_local_address', []],
    ['255.255.255.255', 'broadcast_address', []],
    ['0.0.0.0', 'unspecified_address', []],
  ])('%s: refused for %s, reported for %s', async (address, refusal, reported) => {
    const seen: string[] = [];
    const gate = createUrlCheck({
      allowPrivate: [],
      ports: [80],
      reportOnly: true,
      resolve: async () => [address],
    });
    const outcome = gate.addressesOf(
      'b.example',
      new AbortController().signal,
      (reason) => void seen.push(reason),
    );
    if (refusal === null) expect(await outcome).toEqual([address]);
    else await expect(outcome).rejects.toMatchObject({ kind: 'download_refused', reason: refusal });
    expect(seen).toEqual(reported);
  });
});
