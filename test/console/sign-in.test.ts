import { Secret, TOTP } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { PASSWORD, startConsole } from './support.ts';

const minute = 60_000;

describe('setting the console up', () => {
  it('needs the one-time link, and makes the first administrator', async () => {
    const started = await startConsole();
    const state = await started.call('GET', '/admin/v1/state');
    expect(state.body).toMatchObject({ needsSetup: true, tls: false, signIn: { password: true } });
    const browser = started.browser();
    const setUp = (token: string, password = PASSWORD) =>
      browser.call('POST', '/admin/v1/setup', { body: { token, name: 'Ann', password } });
    expect(await setUp('made-up')).toMatchObject({ status: 403, body: { code: 'link_unusable' } });
    const token = await started.setupToken();
    expect(await setUp(token, 'short')).toMatchObject({ status: 400, body: { code: 'invalid_password' } });
    const done = await setUp(token);
    expect(done).toMatchObject({ status: 201, body: { user: { name: 'Ann', role: 'administrator' } } });
    expect(done.headers.get('set-cookie')).toMatch(
      /^livestill=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Exp/,
    );
    expect((await browser.call('GET', '/admin/v1/me')).body.permissions).toContain('users');
    expect((await started.call('GET', '/admin/v1/state')).body.needsSetup).toBe(false);
    expect(await setUp(token)).toMatchObject({ status: 403 });
    const [entry] = await started.store.chains.adminLog(1, { action: 'user.create' });
    expect(entry?.actor).toEqual({ kind: 'console', name: 'Ann', from: '127.0.0.1' });
  });

  it('makes one administrator of two who use the link together', async () => {
    const started = await startConsole();
    const token = await started.setupToken();
    const both = await Promise.all(
      ['Ann', 'Eve'].map((name) =>
        started.call('POST', '/admin/v1/setup', { body: { token, name, password: PASSWORD } }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([201, 403]);
    expect(await started.store.console.listUsers()).toHaveLength(1);
  });

  it('ends with the time of the link, and with a newer link', async () => {
    const started = await startConsole();
    const first = await started.setupToken();
    const second = await started.setupToken();
    const setUp = (token: string) =>
      started.call('POST', '/admin/v1/setup', { body: { token, name: 'Ann', password: PASSWORD } });
    expect((await setUp(first)).status).toBe(403);
    started.clock.now += 25 * 60 * minute;
    expect((await setUp(second)).status).toBe(403);
  });
});

describe('signing in', () => {
  it('tells a wrong name and a wrong password in the same words', async () => {
    const started = await startConsole();
    await started.signedIn('viewer', 'Ann');
    const strip = ({ requestId: _, ...body }: { readonly requestId: string }) => body;
    const wrongName = await started.browser().signIn('Bob');
    const wrongPassword = await started.browser().signIn('Ann', 'something else');
    expect(wrongName).toMatchObject({ status: 401, body: { code: 'sign_in_failed' } });
    expect(strip(wrongPassword.body)).toEqual(strip(wrongName.body));
    expect(wrongName.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect((await started.browser().signIn('ANN')).status).toBe(200);
  });

  it('gives each sign-in a session of its own, which ends by signing out', async () => {
    const started = await startConsole();
    const one = await started.signedIn('viewer', 'Ann');
    const other = started.browser();
    await other.signIn('Ann');
    expect(other.cookie).not.toBe(one.cookie);
    expect((await one.call('GET', '/admin/v1/me/sessions')).body.items).toHaveLength(2);
    expect((await one.call('POST', '/admin/v1/sign-out')).status).toBe(204);
    expect(one.cookie).toBe('livestill=');
    expect((await other.call('GET', '/admin/v1/me')).status).toBe(200);
  });

  it('again in the same browser ends the session before', async () => {
    const started = await startConsole();
    const browser = await started.signedIn('viewer', 'Ann');
    const { cookie } = browser;
    await browser.signIn('Ann');
    expect((await started.call('GET', '/admin/v1/me', { headers: { cookie } })).status).toBe(401);
    expect((await browser.call('GET', '/admin/v1/me/sessions')).body.items).toHaveLength(1);
  });

  it('ends everywhere at once', async () => {
    const started = await startConsole();
    const one = await started.signedIn('viewer', 'Ann');
    const other = started.browser();
    await other.signIn('Ann');
    expect((await one.call('POST', '/admin/v1/sign-out-everywhere')).status).toBe(204);
    expect((await other.call('GET', '/admin/v1/me')).status).toBe(401);
  });

  it('ends without use, and after its time in any case', async () => {
    const started = await startConsole();
    const idle = await started.signedIn('viewer', 'Ann');
    started.clock.now += 31 * minute;
    expect(await idle.call('GET', '/admin/v1/me')).toMatchObject({
      status: 401,
      body: { code: 'sign_in_needed' },
    });
    const busy = started.browser();
    await busy.signIn('Ann');
    let rounds = 0;
    while ((await busy.call('GET', '/admin/v1/me')).status === 200) {
      started.clock.now += 20 * minute;
      rounds++;
    }
    expect(rounds).toBe(36);
  });

  it('gives a session in use another token each hour, and takes the old one no longer than a minute', async () => {
    const started = await startConsole();
    const browser = await started.signedIn('viewer', 'Ann');
    const old = browser.cookie;
    for (const step of [25, 25, 15]) {
      started.clock.now += step * minute;
      expect((await browser.call('GET', '/admin/v1/me')).status).toBe(200);
    }
    expect(browser.cookie).not.toBe(old);
    const withOld = () => started.call('GET', '/admin/v1/me', { headers: { cookie: old } });
    expect((await withOld()).status).toBe(200);
    started.clock.now += 2 * minute;
    expect((await withOld()).status).toBe(401);
    expect((await browser.call('GET', '/admin/v1/me')).status).toBe(200);
  });

  it('has a cookie for TLS alone where the console is reached over TLS', async () => {
    const started = await startConsole({ url: 'https://livestill.example.org' });
    const browser = await started.signedIn('viewer', 'Ann');
    expect(browser.cookie).toMatch(/^__Host-livestill=/);
    const reply = await browser.signIn('Ann');
    expect(reply.headers.get('set-cookie')).toContain('; Secure');
    expect((await started.call('GET', '/admin/v1/state')).body).toMatchObject({
      tls: true,
      signIn: { passkey: true },
    });
    const plain = browser.cookie.replace('__Host-', '');
    expect((await started.call('GET', '/admin/v1/me', { headers: { cookie: plain } })).status).toBe(401);
  });
});

describe('a request that another site makes', () => {
  it('changes nothing without the CSRF token of the session', async () => {
    const started = await startConsole();
    const browser = await started.signedIn('administrator');
    const { cookie, csrfToken } = browser;
    const post = (headers: Record<string, string>) =>
      started.call('POST', '/admin/v1/apps', { body: { name: 'x' }, headers: { cookie, ...headers } });
    expect(await post({})).toMatchObject({ status: 403, body: { code: 'csrf_token_wrong' } });
    expect((await post({ 'x-csrf-token': 'x'.repeat(43) })).status).toBe(403);
    expect((await post({ 'x-csrf-token': csrfToken, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect(await started.store.accounts.listApps()).toEqual([]);
    expect((await post({ 'x-csrf-token': csrfToken })).status).toBe(201);
  });

  it('signs nobody in', async () => {
    const started = await startConsole();
    await started.signedIn('viewer', 'Ann');
    const body = { name: 'Ann', password: PASSWORD };
    const crossed = await started.call('POST', '/admin/v1/sign-in', {
      body,
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(crossed.status).toBe(403);
    const form = await fetch(`${started.url}/admin/v1/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify(body),
    });
    expect(form.status).toBe(415);
  });
});

describe('guessing passwords', () => {
  it('is slowed down after five tries, for that name from that address, longer each time', async () => {
    const started = await startConsole();
    await started.signedIn('viewer', 'Ann');
    const browser = started.browser();
    const guess = () => browser.signIn('Ann', 'not her password');
    for (let i = 0; i < 5; i++) expect((await guess()).status).toBe(401);
    const locked = await guess();
    expect(locked).toMatchObject({ status: 429, body: { code: 'locked', retryable: true } });
    expect(locked.headers.get('retry-after')).toBe('30');
    expect((await browser.signIn('Ann')).status).toBe(429);
    expect((await browser.signIn('Bob')).status).toBe(401);
    started.clock.now += 30_000;
    expect((await guess()).status).toBe(401);
    expect((await guess()).headers.get('retry-after')).toBe('60');
    started.clock.now += minute;
    expect((await browser.signIn('Ann')).status).toBe(200);
  });

  it('has no more tries at once than one after the other', async () => {
    const started = await startConsole();
    await started.signedIn('viewer', 'Ann');
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => started.browser().signIn('Ann', 'not her password')),
    );
    expect(replies.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(5);
    const refused = replies.filter(({ body }) => ['locked', 'busy'].includes(body.code));
    expect(refused.length).toBeGreaterThanOrEqual(15);
    expect((await started.browser().signIn('Ann')).body.code).toBe('locked');
  });

  it('of many names from one address is slowed down too, and from another one goes on', async () => {
    const started = await startConsole({ trustedProxies: ['127.0.0.1'] });
    await started.signedIn('viewer', 'Ann');
    const from = (address: string, name: string, password = PASSWORD) =>
      started.call('POST', '/admin/v1/sign-in', {
        body: { name, password },
        headers: { 'x-forwarded-for': address },
      });
    for (let i = 0; i < 20; i++) expect((await from('192.0.2.1', `user ${i}`)).status).toBe(401);
    expect((await from('192.0.2.1', 'Ann')).status).toBe(429);
    expect((await from('192.0.2.2', 'Ann')).status).toBe(200);
  });
});

describe('a second factor', () => {
  const codeAt = (secret: string, now: number) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now });

  it('is asked for once it is confirmed, and each code counts once', async () => {
    const started = await startConsole();
    const browser = await started.signedIn('viewer', 'Ann');
    const begin = (password: string) => browser.call('POST', '/admin/v1/me/totp', { body: { password } });
    expect(await begin('wrong')).toMatchObject({ status: 403, body: { code: 'password_wrong' } });
    const { secret, url } = (await begin(PASSWORD)).body;
    expect(url).toMatch(/^otpauth:\/\/totp\/livestill:Ann\?/);
    const confirm = (code: string) =>
      browser.call('POST', '/admin/v1/me/totp/confirm', { body: { secret, code } });
    expect(await confirm('000000')).toMatchObject({ status: 401, body: { code: 'code_wrong' } });
    expect((await started.browser().signIn('Ann')).status).toBe(200);
    const first = codeAt(secret, started.clock.now);
    expect((await confirm(first)).status).toBe(204);
    expect((await browser.call('GET', '/admin/v1/me')).body.user.totp).toBe(true);

    const another = started.browser();
    expect(await another.signIn('Ann')).toMatchObject({ status: 401, body: { code: 'code_needed' } });
    expect(await another.signIn('Ann', PASSWORD, first)).toMatchObject({ body: { code: 'code_wrong' } });
    started.clock.now += 30_000;
    const second = codeAt(secret, started.clock.now);
    const both = await Promise.all([1, 2].map(() => started.browser().signIn('Ann', PASSWORD, second)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect((await another.signIn('Ann', 'wrong password', second)).body.code).toBe('sign_in_failed');

    const off = await browser.call('DELETE', '/admin/v1/me/totp', { body: { password: PASSWORD } });
    expect(off.status).toBe(204);
    expect((await started.browser().signIn('Ann')).status).toBe(200);
  });
});

describe('a changed password', () => {
  it('needs the old one, and ends the other sessions', async () => {
    const started = await startConsole();
    const here = await started.signedIn('viewer', 'Ann');
    const there = started.browser();
    await there.signIn('Ann');
    const change = (current: string) =>
      here.call('POST', '/admin/v1/me/password', { body: { current, password: 'eight loud badgers' } });
    expect((await change('wrong')).status).toBe(403);
    expect((await change(PASSWORD)).status).toBe(204);
    expect((await here.call('GET', '/admin/v1/me')).status).toBe(200);
    expect((await there.call('GET', '/admin/v1/me')).status).toBe(401);
    expect((await started.browser().signIn('Ann')).status).toBe(401);
    expect((await started.browser().signIn('Ann', 'eight loud badgers')).status).toBe(200);
  });
});
