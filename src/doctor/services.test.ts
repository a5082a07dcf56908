import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeWhere } from '../../test/support/only-where.ts';
import { s3OfTests, s3SettingsFor, whyNoS3 } from '../storage/test-support/server.ts';
import { checkCollector } from './collector.ts';
import { checkProvider } from './provider.ts';
import { checkStorage } from './storage.ts';

type S3Parts = Partial<Parameters<typeof checkStorage>[1]>;

const look = (endpoint: string, parts: S3Parts = {}, now = () => Date.now()) => {
  const settings = { ...s3SettingsFor(endpoint), appsPrefix: null, ...parts };
  return checkStorage(endpoint, settings, now);
};

async function serving(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  onTestFinished(() => void server.close());
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describeWhere(whyNoS3 === null, whyNoS3 ?? '')('storage, on a real server', () => {
  const of = s3OfTests();

  it('takes the keys and lets objects be written, read and deleted, and leaves none', async () => {
    of.server.bucket('good');
    expect(await look(of.server.url)).toMatchObject({ name: 'storage', status: 'ok' });
    for (const appsPrefix of ['good', 'good/in/deep']) {
      expect(await look(of.server.url, { appsPrefix })).toMatchObject({
        status: 'ok',
        found: expect.stringContaining(`deletes below s3://${appsPrefix}`),
      });
    }
    expect(of.server.names('good').filter((name) => name.includes('doctor'))).toEqual([]);
  });

  it('refuses a wrong secret, an unknown key, and has no such bucket', async () => {
    const parts = [
      [{ secretAccessKey: 'wrong' }, /SignatureDoesNotMatch/, /s3\.secretAccessKey/],
      [{ accessKeyId: 'nobody' }, /nobody|InvalidAccessKeyId|UserNotFound/i, /s3\.accessKeyId/],
      [{ appsPrefix: 'nowhere/in' }, /no bucket nowhere/, /Make the bucket/],
    ] as const;
    for (const [change, found, advice] of parts) {
      for (const appsPrefix of 'appsPrefix' in change ? [change.appsPrefix] : [null, 'good']) {
        expect(await look(of.server.url, { ...change, appsPrefix })).toMatchObject({
          status: 'fail',
          found: expect.stringMatching(found),
          advice: expect.stringMatching(advice),
        });
      }
    }
    expect(await look(of.server.url, { accessKeyId: null })).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('expected both or none'),
    });
  });

  it('lets a user read who may not write, write who may not delete, and nobody else', async () => {
    of.server.bucket('shared');
    const check = async (name: string, ...may: string[]) => {
      await of.server.user(name, 'secret', 'shared', may);
      return look(of.server.url, { appsPrefix: 'shared/in', accessKeyId: name, secretAccessKey: 'secret' });
    };
    expect(await check('reader', 's3:ListBucket', 's3:GetObject')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('may not write'),
      advice: expect.stringContaining('s3:PutObject'),
    });
    expect(await check('stranger', 's3:GetObject')).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('s3:ListBucket'),
    });
    const left = await check('writer', 's3:ListBucket', 's3:GetObject', 's3:PutObject');
    expect(left).toMatchObject({ status: 'warn', found: expect.stringContaining('may not delete') });
    const [, key = ''] = /s3:\/\/shared\/(\S+) was left/.exec(left.found) ?? [];
    expect(of.server.get('shared', key).toString()).toBe('livestill doctor\n');
    expect(await check('blind', 's3:ListBucket', 's3:PutObject', 's3:DeleteObject')).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('s3:GetObject'),
    });
  });

  it('has another time than this machine', async () => {
    const found = await look(of.server.url, {}, () => Date.now() - 120_000);
    expect(found).toMatchObject({ status: 'warn', found: expect.stringMatching(/differs .* by 1[12]\d s/) });
    const refusing = await serving((_request, response) =>
      response.writeHead(403).end('<Error><Code>RequestTimeTooSkewed</Code><Message>late</Message></Error>'),
    );
    expect(await look(refusing)).toMatchObject({ status: 'fail', advice: expect.stringContaining('clock') });
  });

  it('is away, is another server, or has a certificate that does not fit', async () => {
    expect(await look('http://127.0.0.1:9')).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('s3.endpoint'),
    });
    const pem = (name: string) =>
      readFile(fileURLToPath(new URL(`../../test/contract/support/tls/${name}`, import.meta.url)), 'utf8');
    const server = createTlsServer({ cert: await pem('first.crt'), key: await pem('first.key') });
    onTestFinished(() => void server.close());
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await look(url)).toMatchObject({ status: 'fail', advice: expect.stringContaining('s3.ca') });
    const ca = fileURLToPath(new URL('../../test/contract/support/tls/first.crt', import.meta.url));
    const other = createTlsServer({ cert: await pem('first.crt'), key: await pem('first.key') });
    onTestFinished(() => void other.close());
    await new Promise<void>((done) => void other.listen(0, '127.0.0.2', done));
    expect(await look(`https://127.0.0.2:${(other.address() as AddressInfo).port}`, { ca })).toMatchObject({
      status: 'fail',
      advice: expect.stringContaining('another name'),
    });
  });
});

describe('the sign-in provider', () => {
  const check = async (answer: (issuer: string) => object | number, change: object = {}) => {
    const issuer = await serving((request, response) => {
      const said = answer(`http://${request.headers.host}`);
      if (typeof said === 'number') response.writeHead(said).end();
      else response.end(JSON.stringify(said));
    });
    return checkProvider(issuer, { clientSecretFile: null, origins: [], ...change }, fetch);
  };
  const document = (issuer: string) => ({
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
  });

  it('names itself as the settings do', async () => {
    expect(await check(document)).toMatchObject({ name: 'sign-in provider', status: 'ok', advice: null });
  });

  it.each([
    ['another name', (one: string) => ({ ...document(one), issuer: `${one}/other` }), /other/, /issuer/],
    ['no document', () => 404, /404/, /console\.oidc\.issuer/],
    ['trouble', () => 503, /503/, /whether the provider runs/],
    [
      'another origin',
      (one: string) => ({ ...document(one), jwks_uri: 'https://k.example/' }),
      /jwks_uri/,
      /k\.example/,
    ],
    [
      'no keys',
      (one: string) => ({ ...document(one), jwks_uri: undefined }),
      /no jwks_uri/,
      /cannot be used/,
    ],
  ] as const)('is not what the settings say: %s', async (_name, answer, found, advice) => {
    expect(await check(answer)).toMatchObject({
      status: 'fail',
      found: expect.stringMatching(found),
      advice: expect.stringMatching(advice),
    });
  });

  it('is away, or the secret for it cannot be read', async () => {
    const parts = { clientSecretFile: null, origins: [] };
    expect(await checkProvider('http://127.0.0.1:9', parts, fetch)).toMatchObject({ status: 'fail' });
    const missing = { clientSecretFile: '/nowhere/secret', origins: [] };
    expect(await checkProvider('http://127.0.0.1:9', missing, fetch)).toMatchObject({
      status: 'fail',
      found: expect.stringContaining('/nowhere/secret'),
    });
  });
});

describe('the trace collector', () => {
  const check = async (status: number, authorization: string | null = null) => {
    const seen: unknown[] = [];
    const url = await serving((request, response) => {
      const { url: path, method, headers } = request;
      seen.push([method, path, headers.authorization]);
      response.writeHead(headers.authorization === 'Bearer wrong' ? 401 : status).end('{}');
    });
    return { check: await checkCollector(url, authorization, fetch), seen };
  };

  it('takes exports, with the header that it is given', async () => {
    const { check: found, seen } = await check(200, 'Bearer right');
    expect(found).toMatchObject({ name: 'trace collector', status: 'ok' });
    expect(seen).toEqual([['POST', '/v1/traces', 'Bearer right']]);
  });

  it('refuses them, is another server, or is away: a warning, for requests go on', async () => {
    const refused = (await check(200, 'Bearer wrong')).check;
    expect(refused).toMatchObject({
      status: 'warn',
      advice: expect.stringContaining('traces.authorization'),
    });
    expect((await check(404)).check).toMatchObject({
      status: 'warn',
      advice: expect.stringContaining('path'),
    });
    expect((await check(500)).check).toMatchObject({ status: 'warn', found: expect.stringContaining('500') });
    expect(await checkCollector('http://127.0.0.1:9', null, fetch)).toMatchObject({ status: 'warn' });
  });
});
