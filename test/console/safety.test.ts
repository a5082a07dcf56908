import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PASSWORD, startConsole } from './support.ts';

const PAGE =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const API = "default-src 'none'; frame-ancestors 'none'";

/** A console of three files, as a build makes them. */
async function someFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-console-files-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>console</title>');
  await writeFile(join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'assets', 'index-0a1b.js'), 'export {};');
  return folder;
}

describe('every answer of the console', () => {
  it('says what it may do as a page: nothing inline, nothing from elsewhere', async () => {
    const { url } = await startConsole({ folder: await someFolder() });
    const expected: readonly (readonly [path: string, status: number, policy: string])[] = [
      ['/', 302, PAGE],
      ['/console', 302, PAGE],
      ['/console/', 200, PAGE],
      ['/console/decisions/some-request', 200, PAGE],
      ['/console/oidc?code=x&state=y', 200, PAGE],
      ['/console/icon.svg', 200, PAGE],
      ['/console/assets/index-0a1b.js', 200, PAGE],
      ['/console/assets/gone.js', 404, PAGE],
      ['/admin/v1/state', 200, API],
      ['/admin/v1/openapi.json', 200, API],
      ['/admin/v1/me', 401, API],
      ['/admin/v1/nothing', 404, API],
    ];
    const found = [];
    for (const [path] of expected) {
      const reply = await fetch(`${url}${path}`, { redirect: 'manual' });
      await reply.body?.cancel();
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      found.push([path, reply.status, reply.headers.get('content-security-policy')]);
    }
    expect(found).toEqual(expected);
  });
});

describe('the cookie of a session', () => {
  const kept = String.raw`[\w-]{43}; Path=/; HttpOnly; SameSite=Strict`;

  it.each([
    [
      'plain',
      undefined,
      `^livestill=${kept}; Expires=[^;]+ GMT$`,
      /^livestill=; Path=\/; HttpOnly; SameSite=Strict; Max-Age=0$/,
    ],
    [
      'over TLS',
      'https://livestill.example.org',
      `^__Host-livestill=${kept}; Secure; Expires=[^;]+ GMT$`,
      /^__Host-livestill=; Path=\/; HttpOnly; SameSite=Strict; Secure; Max-Age=0$/,
    ],
  ])('has the same flags when it is set, replaced and taken: %s', async (_what, url, set, taken) => {
    const started = await startConsole(url === undefined ? {} : { url });
    const browser = await started.signedIn('viewer', 'Ann');
    const cookieOf = async (method: string, path: string, body?: unknown) => {
      const reply = await browser.call(method, path, { body });
      return reply.headers.getSetCookie();
    };
    const signIn = await cookieOf('POST', '/admin/v1/sign-in', { name: 'Ann', password: PASSWORD });
    expect(signIn).toEqual([expect.stringMatching(new RegExp(set))]);
    for (const minutes of [25, 25, 15]) {
      started.clock.now += minutes * 60_000;
      const replaced = await cookieOf('GET', '/admin/v1/me');
      expect(replaced).toEqual(minutes === 15 ? [expect.stringMatching(new RegExp(set))] : []);
    }
    expect(await cookieOf('POST', '/admin/v1/sign-out')).toEqual([expect.stringMatching(taken)]);
  });
});

describe('a change without the CSRF token', () => {
  it.each([
    ['none', {}],
    ['an empty one', { 'x-csrf-token': '' }],
    ['a made-up one', { 'x-csrf-token': 'x'.repeat(43) }],
    ['two', { 'x-csrf-token': 'one, two' }],
  ])('is refused by every route that changes something: %s', async (_what, headers) => {
    const started = await startConsole();
    const browser = await started.signedIn('administrator');
    const { body } = await started.call('GET', '/admin/v1/openapi.json');
    const paths = body.paths as Record<string, Record<string, { readonly security: readonly object[] }>>;
    const changing = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method, { security }]) => method !== 'get' && security.length > 0)
        .map(([method]) => [method.toUpperCase(), path.replace(/\{\w+\}/g, 'nothing')] as const),
    );
    expect(changing.length).toBeGreaterThan(20);
    for (const [method, path] of changing) {
      const reply = await started.call(method, path, {
        body: {},
        headers: { cookie: browser.cookie, ...headers },
      });
      expect([method, path, reply.status, reply.body.code]).toEqual([method, path, 403, 'csrf_token_wrong']);
    }
  });

  it('is refused with the token of another session of the same user', async () => {
    const started = await startConsole();
    const one = await started.signedIn('viewer', 'Ann');
    const other = started.browser();
    await other.signIn('Ann');
    const reply = await one.call('POST', '/admin/v1/sign-out', {
      headers: { 'x-csrf-token': other.csrfToken },
    });
    expect(reply).toMatchObject({ status: 403, body: { code: 'csrf_token_wrong' } });
    expect((await one.call('GET', '/admin/v1/me')).status).toBe(200);
  });
});

describe('whoever guesses passwords', () => {
  it('is told to wait in seconds that count down, and nothing of whether the name exists', async () => {
    const started = await startConsole();
    await started.signedIn('viewer', 'Ann');
    const told: unknown[] = [];
    for (const name of ['Ann', 'Nobody']) {
      const browser = started.browser();
      for (let i = 0; i < 5; i++) await browser.signIn(name, 'not the password');
      started.clock.now += 10_000;
      const { status, body, headers } = await browser.signIn(name, PASSWORD);
      told.push({ status, detail: body.detail, action: body.action, wait: headers.get('retry-after') });
    }
    expect(told[0]).toEqual({
      status: 429,
      detail: 'Too many failed tries: wait 20 seconds.',
      action: 'Wait as long as "retry-after" says.',
      wait: '20',
    });
    expect(told[1]).toEqual(told[0]);
  });
});
