import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDownloader } from './download.ts';

/** What stands in `Location`, byte by byte. */
let location: Buffer = Buffer.alloc(0);
let asked: string[] = [];
const server = createServer((socket) => {
  socket
    .on('error', () => {})
    .once('data', (bytes: Buffer) => {
      const request = bytes.toString('latin1');
      const path = request.split(' ')[1] ?? '';
      asked.push(`${/^host: (.*)$/im.exec(request)?.[1]?.trim()}${path}`);
      if (path !== '/start/here') return socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx');
      socket.end(
        Buffer.concat([
          Buffer.from('HTTP/1.1 302 Found\r\n'),
          location,
          Buffer.from('\r\nContent-Length: 0\r\n\r\n'),
        ]),
      );
    });
});
let port: number;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

/** Where a redirect with this header leads, or why it does not. */
async function follow(header: Buffer): Promise<string | undefined> {
  location = header;
  asked = [];
  const downloader = createDownloader({
    enabled: true,
    allowPrivate: ['127.0.0.1'],
    ports: [80, port],
    maxRedirects: 1,
    maxBytes: 100,
    timeoutMs: 60_000,
    resolve: async () => ['127.0.0.1'],
  });
  try {
    await downloader.download(new URL(`http://a.example:${port}/start/here`), new AbortController().signal);
  } catch (error) {
    return (error as { reason: string }).reason;
  }
  return asked[1]?.replace(`:${port}`, '');
}

const to = (text: string, encoding: BufferEncoding = 'utf8') =>
  Buffer.from(`Location: ${text.replace('PORT', String(port))}`, encoding);

describe('where a redirect leads', () => {
  it.each<[string, string, string]>([
    ['a path in raw UTF-8', '/自拍.jpg', 'a.example/%E8%87%AA%E6%8B%8D.jpg'],
    ['a relative one', 'é/ü.jpg', 'a.example/start/%C3%A9/%C3%BC.jpg'],
    ['a query in raw UTF-8', '/a?名=值&b=%20c', 'a.example/a?%E5%90%8D=%E5%80%BC&b=%20c'],
    ['beside what is percent-encoded', '/%E8%87%AA拍', 'a.example/%E8%87%AA%E6%8B%8D'],
    ['four bytes a letter', '/😀', 'a.example/%F0%9F%98%80'],
    ['a host name in raw UTF-8', 'http://bücher.example:PORT/x', 'xn--bcher-kva.example/x'],
    ['without the scheme', '//b.example:PORT/ü', 'b.example/%C3%BC'],
    ['a fragment is not sent', '/a#自', 'a.example/a'],
    ['plain ASCII as it is', '/a%2Fb/~c;d?e=[f]', 'a.example/a%2Fb/~c;d?e=[f]'],
  ])('%s', async (_what, header, expected) => {
    expect(await follow(to(header))).toBe(expected);
  });

  it('bytes that are no UTF-8 stay the bytes they are', async () => {
    expect(await follow(to('/é', 'latin1'))).toBe('a.example/%E9');
    const everyByte = Array.from({ length: 128 }, (_, at) => at + 128);
    const sent = Buffer.concat([Buffer.from('Location: /'), Buffer.from(everyByte)]);
    const encoded = everyByte.map((byte) => `%${byte.toString(16).toUpperCase()}`).join('');
    expect(await follow(sent)).toBe(`a.example/${encoded}`);
  });

  it.each([
    ['an empty one', 'Location: '],
    ['none', 'X-Other: /'],
    ['two that differ', 'Location: /a\r\nLocation: /b'],
    ['a host that is none', 'Location: http://%ff.example/'],
  ])('%s is no redirect', async (_what, header) => {
    expect(await follow(Buffer.from(header))).toBe('bad_redirect');
  });

  it('two that are the same are one', async () => {
    expect(await follow(Buffer.from('Location: /a\r\nLocation: /a'))).toBe('a.example/a');
  });
});
