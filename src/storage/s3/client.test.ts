import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { whyNoKey } from '../place.ts';
import { s3SettingsFor } from '../test-support/server.ts';
import { listPage, textIn } from './answer.ts';
import { urlOf } from './client.ts';
import { createObjectStore } from './store.ts';

const never = new AbortController().signal;
const place = { bucket: 'some', key: 'a.jpg' };

/** A server that answers as it is told; the requests that came. */
async function answering(answer: (request: IncomingMessage, response: ServerResponse, nth: number) => void) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    answer(request, response, seen.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const error = (code: string) =>
  `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>m</Message></Error>`;

describe('requests to S3-compatible storage', () => {
  it('are made again where the storage is busy for a moment', async () => {
    const { url, seen } = await answering((_request, response, nth) =>
      nth < 3 ? response.writeHead(503).end(error('SlowDown')) : response.end('picture'),
    );
    const bytes = await createObjectStore(s3SettingsFor(url), 1000).read(place, never);
    expect(Buffer.from(bytes).toString()).toBe('picture');
    expect(seen).toEqual(Array(3).fill('GET /some/a.jpg'));
  });

  it('say that the storage cannot be had where it stays so', async () => {
    const { url, seen } = await answering((_request, response) =>
      response.writeHead(500).end(error('InternalError')),
    );
    const unavailable = { kind: 'storage_unavailable', reason: 's3_unreachable' };
    await expect(createObjectStore(s3SettingsFor(url), 1000).read(place, never)).rejects.toMatchObject(
      unavailable,
    );
    expect(seen).toHaveLength(3);
    const nobody = createObjectStore(s3SettingsFor('http://127.0.0.1:9'), 1000);
    await expect(nobody.read(place, never)).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining('http://127.0.0.1:9'),
    });
    const silent = await answering(() => {});
    const store = createObjectStore(s3SettingsFor(silent.url, { timeoutMs: 50 }), 1000);
    await expect(store.read(place, never)).rejects.toMatchObject(unavailable);
  });

  it('end at once where the caller leaves', async () => {
    const { url } = await answering(() => {});
    const control = new AbortController();
    const read = createObjectStore(s3SettingsFor(url), 1000).read(place, control.signal);
    setTimeout(() => control.abort(new Error('left')), 20);
    await expect(read).rejects.toThrow('left');
  });

  it('go nowhere but to the endpoint: a redirect is not followed', async () => {
    const other = await answering((_request, response) => response.end('secret'));
    const { url } = await answering((_request, response) =>
      response.writeHead(307, { location: `${other.url}/some/a.jpg` }).end(error('TemporaryRedirect')),
    );
    await expect(createObjectStore(s3SettingsFor(url), 1000).read(place, never)).rejects.toMatchObject({
      kind: 'storage_unavailable',
      reason: 's3_refused',
    });
    expect(other.seen).toEqual([]);
  });

  it('list page after page, and end where a server gives the same page again', async () => {
    const { url, seen } = await answering((_request, response) =>
      response.end(
        '<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;1</NextContinuationToken><Contents><Key>a%2Bb+c%3C.jpg</Key><Size>7</Size></Contents></ListBucketResult>',
      ),
    );
    const found: unknown[] = [];
    for await (const one of createObjectStore(s3SettingsFor(url), 9).list(
      { bucket: 'some', key: 'p/' },
      never,
    ))
      found.push(one);
    expect(found).toEqual(Array(2).fill({ key: 'a+b c<.jpg', bytes: 7 }));
    expect(seen[1]).toContain('continuation-token=t%261');
    const page = await answering((_request, response) => response.end('<html>hello</html>'));
    const listing = createObjectStore(s3SettingsFor(page.url), 9).list({ bucket: 'some', key: '' }, never);
    await expect(listing[Symbol.asyncIterator]().next()).rejects.toMatchObject({ reason: 's3_unreachable' });
  });

  it('ask for the very key that was given, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
        fc.boolean(),
        (key, pathStyle) => {
          fc.pre(!key.split('/').some((part) => part === '.' || part === '..') && whyNoKey(key) === null);
          const url = urlOf(
            { endpoint: 'https://s3.example', pathStyle },
            { bucket: 'b-1', key },
            { uploads: '' },
          );
          expect(url.host).toBe(pathStyle ? 's3.example' : 'b-1.s3.example');
          expect(decodeURIComponent(url.pathname)).toBe(`${pathStyle ? '/b-1' : ''}/${key}`);
          expect(url.search).toBe('?uploads=');
        },
      ),
    );
  });

  it('read no more into an answer than stands there', () => {
    expect(textIn('<Error><Code>A</Code></Error>', 'Code')).toBe('A');
    expect(textIn('<A>&#x41;&#66;&lt;&bogus;&#1114112;</A>', 'A')).toBe('AB<&bogus;&#1114112;');
    expect(textIn('<A>open', 'A')).toBe('');
    expect(
      listPage(
        '<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%</Key></Contents></ListBucketResult>',
      ),
    ).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => void listPage(`<ListBucketResult>${text}`)));
  });
});
