import { execFile } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MadeApp, makeApp, type ServiceProcess, serve } from './support/process.ts';

/*
 * Clients as they are in use, unchanged but for the address, against the running service with its real networks. All of them
 * send the same picture, so all of them must get the same score.
 */

const run = promisify(execFile);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const picture = here('../../node_modules/@vladmandic/face-api/demo/sample2.jpg');

let folder: string;
let pictures: Server;
let url: string;
let service: ServiceProcess;
let secure: ServiceProcess;
let app: MadeApp;
let scored: string;

beforeAll(async () => {
  await run('sh', [here('./clients/install.sh')]).catch(({ stdout }: { stdout: string }) => {
    console.warn(`clients: ${stdout.trim()}`);
  });
  pictures = createServer((request, response) => {
    if (request.url === '/selfie.jpg') createReadStream(picture).pipe(response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => pictures.listen(0, '127.0.0.1', resolve));
  const { port } = pictures.address() as AddressInfo;
  url = `http://127.0.0.1:${port}/selfie.jpg`;
  folder = await mkdtemp(join(tmpdir(), 'livestill-clients-'));
  const data = join(folder, 'data');
  // Keys of the old service are brought along, so that clients stay as they are.
  app = await makeApp(
    data,
    ...['--appid', '10001290', '--secret-id', 'AKIDgaoOYh2kOmJfWVdH4lpfxScG2zPLPGoK'],
    ...['--secret-key', 'nwOKDouy5JctNOlnere4gkVoOUz5EYAb'],
  );
  const settings = {
    LIVESTILL_PROFILE: 'fast',
    LIVESTILL_DOWNLOAD_ALLOW_PRIVATE: '127.0.0.1',
    LIVESTILL_DOWNLOAD_PORTS: String(port),
  };
  service = await serve(data, ['--workers', '1'], settings);
  secure = await serve(data, ['--workers', '1'], {
    ...settings,
    LIVESTILL_TLS_CERT: here('./support/tls/first.crt'),
    LIVESTILL_TLS_KEY: here('./support/tls/first.key'),
  });
  const { body } = await sdk(service, 'http:').faceLiveDetectPic({ data: { url } });
  expect(JSON.parse(body)).toMatchObject({ code: 0, message: 'OK' });
  scored = body;
}, 600_000);

afterAll(async () => {
  pictures?.close();
  await Promise.all([service?.stop(), secure?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** What the tests use of the official SDK, which has no types. */
interface ImageClient {
  setHost(host: string): ImageClient;
  setProtocol(protocol: string): ImageClient;
  setProxy(proxy: string): ImageClient;
  faceLiveDetectPic(params: object): Promise<{ statusCode: number; body: string }>;
}

interface Keys {
  AppId: string | number;
  SecretId: string;
  SecretKey: string;
}

function sdk(to: ServiceProcess, protocol: string, change: Partial<Keys> = {}): ImageClient {
  const { ImageClient } = createRequire(import.meta.url)('image-node-sdk') as {
    ImageClient: new (keys: Keys) => ImageClient;
  };
  const keys = { AppId: app.appid, SecretId: app.secretId, SecretKey: app.secretKey, ...change };
  // The only lines that change in a program that uses it.
  return new ImageClient(keys).setHost(`127.0.0.1:${to.port}`).setProtocol(protocol);
}

const multipart = { 'content-type': 'multipart/form-data' };

describe.each([
  ['http:', () => service],
  ['https:', () => secure],
])('image-node-sdk 1.0.7 over %s', (protocol, to) => {
  it('by url', async () => {
    const answer = await sdk(to(), protocol).faceLiveDetectPic({ data: { url } });
    expect([answer.statusCode, answer.body]).toEqual([200, scored]);
  });

  it('by stream', async () => {
    const formData = { image: createReadStream(picture) };
    const answer = await sdk(to(), protocol).faceLiveDetectPic({ formData, headers: multipart });
    expect([answer.statusCode, answer.body]).toEqual([200, scored]);
  });

  it('by Buffer', async () => {
    const formData = { image: readFileSync(picture) };
    const answer = await sdk(to(), protocol).faceLiveDetectPic({ formData, headers: multipart });
    expect([answer.statusCode, answer.body]).toEqual([200, scored]);
  });

  it('by Buffer with options', async () => {
    const image = { value: readFileSync(picture), options: { filename: 'a.jpg', contentType: 'image/jpeg' } };
    const answer = await sdk(to(), protocol).faceLiveDetectPic({ formData: { image }, headers: multipart });
    expect([answer.statusCode, answer.body]).toEqual([200, scored]);
  });

  it('by base64 in JSON', async () => {
    const data = { image: readFileSync(picture).toString('base64') };
    const answer = await sdk(to(), protocol).faceLiveDetectPic({ data });
    expect([answer.statusCode, answer.body]).toEqual([200, scored]);
  });

  it('with a numeric AppId', async () => {
    const answer = await sdk(to(), protocol, { AppId: Number(app.appid) }).faceLiveDetectPic({
      data: { url },
    });
    expect([answer.statusCode, answer.body]).toEqual([200, scored]);
  });

  it('with a wrong key', async () => {
    const answer = await sdk(to(), protocol, { SecretKey: 'wrong' }).faceLiveDetectPic({ data: { url } });
    expect([answer.statusCode, answer.body]).toEqual([401, '{"code":14,"message":"sign no pass","data":{}}']);
  });

  it('by a url that leads nowhere', async () => {
    const answer = await sdk(to(), protocol).faceLiveDetectPic({ data: { url: `${url}x` } });
    expect(JSON.parse(answer.body)).toMatchObject({ code: -5805 });
  });
});

it('image-node-sdk with nothing changed but a proxy that is livestill', async () => {
  const { ImageClient } = createRequire(import.meta.url)('image-node-sdk') as {
    ImageClient: new (keys: Keys) => ImageClient;
  };
  const keys = { AppId: app.appid, SecretId: app.secretId, SecretKey: app.secretKey };
  const client = new ImageClient(keys)
    .setHost('recognition.image.myqcloud.com')
    .setProtocol('http:')
    .setProxy(`http://127.0.0.1:${service.port}`);
  const answer = await client.faceLiveDetectPic({ data: { url } });
  expect([answer.statusCode, answer.body]).toEqual([200, scored]);
});

/** For a runtime that lives a second: no work for later. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  java: ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'],
};

/** Runs a script of `clients/` and returns what it printed. */
async function script(command: string, file: string, mode: string, base: string): Promise<string> {
  const program = [...(FLAGS[command] ?? []), here(`./clients/${file}`)];
  const args = [...program, base, app.appid, app.secretId, app.secretKey, mode, picture, url];
  const env = { ...process.env, CA: here('./support/tls/first.crt') };
  const { stdout } = await run(command, args, { timeout: 180_000, env });
  return stdout.trim();
}

const unreadable =
  '400 {"code":3,"message":"invalid request: parsing error - check content-type and body","data":{}}';
const tooLarge = '413 {"code":23,"message":"request body too large","data":{}}';

interface Client {
  readonly command: string;
  readonly file: string;
  /** Succeeds where the client can run. */
  readonly check: readonly string[];
  readonly modes: readonly string[];
  /** Modes that are mistakes, and what they are answered. */
  readonly mistakes?: Readonly<Record<string, string>>;
}

const clients: readonly Client[] = [
  {
    command: 'php',
    file: 'sdk.php',
    check: ['-r', 'exit(function_exists("curl_init") ? 0 : 1);'],
    modes: ['url', 'file', 'buffer', 'curlfile'],
  },
  {
    command: 'python3',
    file: 'sdk.py',
    check: ['-c', 'import requests'],
    modes: ['files', 'named', 'data', 'json', 'encodebytes', 'chunked', 'url'],
    mistakes: { form: unreadable },
  },
  {
    command: 'sh',
    file: 'curl.sh',
    check: ['-c', 'command -v curl && command -v openssl'],
    modes: ['multipart', 'reversed', 'expect', 'http10', 'json', 'quoted', 'chunked', 'url'],
    mistakes: { form: unreadable, large: tooLarge },
  },
  // Java 11 and later run a source file as it is, where the compiler is there.
  { command: 'java', file: 'Sdk.java', check: ['--list-modules'], modes: ['url', 'image', 'proxy'] },
];

describe.each(clients)('$file', ({ command, file, check, modes, mistakes = {} }) => {
  let reason: string | null;
  beforeAll(async () => {
    const outcome = await run(command, [...check]).catch((error: Error) => error);
    if (outcome instanceof Error) reason = `${command} cannot run it here`;
    else if (command === 'java' && !outcome.stdout.includes('jdk.compiler'))
      reason = 'Java has no compiler here';
    else reason = null;
  });

  it.for([...modes])('%s', async (mode, { skip }) => {
    if (reason !== null) return skip(reason);
    expect(await script(command, file, mode, `http://127.0.0.1:${service.port}`)).toBe(`200 ${scored}`);
  });

  it.for(Object.entries(mistakes))('%s', async ([mode, answer], { skip }) => {
    if (reason !== null) return skip(reason);
    expect(await script(command, file, mode, `http://127.0.0.1:${service.port}`)).toBe(answer);
  });
});

it('curl.sh over https, with an entry in the hosts file and a private certificate authority', async ({
  skip,
}) => {
  const available = await run('sh', ['-c', 'command -v curl && command -v openssl']).catch(() => null);
  if (available === null) return skip('there is no curl here');
  expect(await script('sh', 'curl.sh', 'hosts', `https://127.0.0.1:${secure.port}`)).toBe(`200 ${scored}`);
});
