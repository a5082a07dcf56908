import { Secret, TOTP } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { createAuthenticator } from './authenticator.ts';
import { PASSWORD, startConsole } from './support.ts';

/* A browser that was left open is not its user: what grants rights or cannot be undone asks who sits there. */

const MINUTE = 60_000;
const NEW_USER = { body: { name: 'Eve', role: 'administrator' } };

async function open() {
  const started = await startConsole();
  const browser = await started.signedIn('administrator', 'Ada');
  const tries = () => browser.call('POST', '/admin/v1/users', NEW_USER);
  const prove = (body: object) => browser.call('POST', '/admin/v1/me/proof', { body });
  return { started, browser, tries, prove };
}

describe('a session whose user was last asked some minutes ago', () => {
  it('does nothing of the kind before the password was given, and does it for some minutes then', async () => {
    const { started, browser, tries, prove } = await open();
    started.clock.now += 5 * MINUTE;
    expect(await tries()).toMatchObject({ status: 403, body: { code: 'proof_needed' } });
    expect((await browser.call('GET', '/admin/v1/users')).body.items).toHaveLength(1);
    expect(await prove({ password: 'wrong' })).toMatchObject({
      status: 403,
      body: { code: 'password_wrong' },
    });
    expect((await tries()).status).toBe(403);
    const proven = await prove({ password: PASSWORD });
    expect(proven.body).toEqual({ provenUntil: new Date(started.clock.now + 5 * MINUTE).toISOString() });
    expect((await tries()).status).toBe(201);
    started.clock.now += 5 * MINUTE;
    expect((await tries()).body.code).toBe('proof_needed');
  });

  it('proves nothing for another session of the same user', async () => {
    const { started, tries } = await open();
    started.clock.now += 5 * MINUTE;
    const other = started.browser();
    expect((await other.signIn('Ada')).status).toBe(200);
    expect((await tries()).body.code).toBe('proof_needed');
  });

  it('is kept waiting after some wrong passwords, as a sign-in is', async () => {
    const { started, prove } = await open();
    for (let i = 0; i < 5; i++) await prove({ password: 'wrong' });
    expect(await prove({ password: PASSWORD })).toMatchObject({ status: 429, body: { code: 'locked' } });
    expect((await started.browser().signIn('Ada')).status).toBe(429);
  });

  it('asks for the code too where the user has one, which counts once', async () => {
    const { started, browser, tries, prove } = await open();
    const { secret } = (await browser.call('POST', '/admin/v1/me/totp', { body: { password: PASSWORD } }))
      .body;
    const codeNow = () =>
      new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: started.clock.now });
    const confirmed = { body: { secret, code: codeNow() } };
    expect((await browser.call('POST', '/admin/v1/me/totp/confirm', confirmed)).status).toBe(204);
    started.clock.now += 5 * MINUTE;
    expect(await prove({ password: PASSWORD })).toMatchObject({ status: 401, body: { code: 'code_needed' } });
    const code = codeNow();
    expect((await prove({ password: 'wrong', code })).body.code).toBe('password_wrong');
    expect((await prove({ password: PASSWORD, code })).status).toBe(200);
    expect((await tries()).status).toBe(201);
    expect((await prove({ password: PASSWORD, code })).body.code).toBe('code_wrong');
  });

  it('closes no app, which is for good, and switches one off', async () => {
    const { started, browser } = await open();
    const made = await browser.call('POST', '/admin/v1/apps', { body: { name: 'Desk' } });
    started.clock.now += 5 * MINUTE;
    const change = (state: string) =>
      browser.call('PATCH', `/admin/v1/apps/${made.body.app.appid}`, { body: { state } });
    expect((await change('closed')).body.code).toBe('proof_needed');
    expect((await change('suspended')).status).toBe(200);
  });

  it('needs the CSRF token for the proof itself', async () => {
    const { browser, prove } = await open();
    browser.csrfToken = 'another';
    expect((await prove({ password: PASSWORD })).body.code).toBe('csrf_token_wrong');
  });
});

describe('a proof with a passkey', () => {
  const origin = 'https://livestill.example.org';
  async function withPasskey() {
    const started = await startConsole({ url: origin });
    const ada = await started.signedIn('administrator', 'Ada');
    const device = createAuthenticator(origin);
    const { body } = await ada.call('POST', '/admin/v1/me/passkeys/options', {
      body: { password: PASSWORD },
    });
    const added = { name: 'laptop', response: device.create(body) };
    expect((await ada.call('POST', '/admin/v1/me/passkeys', { body: added })).status).toBe(201);
    started.clock.now += 5 * MINUTE;
    const asked = async () => (await ada.call('POST', '/admin/v1/me/proof/passkey/options')).body;
    const prove = (response: object) =>
      ada.call('POST', '/admin/v1/me/proof/passkey', { body: { response } });
    return { started, ada, device, asked, prove };
  }

  it('counts once, by a passkey of that user alone', async () => {
    const { started, ada, device, asked, prove } = await withPasskey();
    const options = await asked();
    expect(options.allowCredentials).toMatchObject([{ id: device.id }]);
    expect((await ada.call('POST', '/admin/v1/users', NEW_USER)).body.code).toBe('proof_needed');
    const signed = device.get(options);
    expect((await prove(signed)).status).toBe(200);
    expect((await ada.call('POST', '/admin/v1/users', NEW_USER)).status).toBe(201);
    expect((await prove(signed)).body.code).toBe('passkey_refused');

    const bob = await started.signedIn('administrator', 'Bob');
    const forBob = (await bob.call('POST', '/admin/v1/me/proof/passkey/options')).body;
    const stolen = { body: { response: device.get(forBob) } };
    expect((await bob.call('POST', '/admin/v1/me/proof/passkey', stolen)).body.code).toBe('passkey_refused');
  });

  it('takes no challenge of a sign-in, and its own challenge signs nobody in and adds no passkey', async () => {
    const { started, ada, device, asked, prove } = await withPasskey();
    const forSignIn = (await started.call('POST', '/admin/v1/sign-in/passkey/options')).body;
    expect((await prove(device.get(forSignIn))).body.code).toBe('passkey_refused');
    const body = { response: device.get(await asked()) };
    expect((await started.call('POST', '/admin/v1/sign-in/passkey', { body })).status).toBe(401);
    const another = { name: 'of a stranger', response: createAuthenticator(origin).create(await asked()) };
    const added = await ada.call('POST', '/admin/v1/me/passkeys', { body: another });
    expect(added.body.code).toBe('passkey_refused');
  });
});

describe('admin keys', () => {
  async function withKeys() {
    const { started, browser } = await open();
    const made = async (by: Parameters<typeof started.call>[2], name: string) =>
      (await started.call('POST', '/admin/v1/admin-keys', { body: { name, role: 'administrator' }, ...by }))
        .body;
    const eve = await started.signedIn('administrator', 'Eve');
    const { body } = await eve.call('POST', '/admin/v1/admin-keys', {
      body: { name: 'of Eve', role: 'administrator' },
    });
    const byKey = await made({ headers: { authorization: `Bearer ${body.adminKey}` } }, 'by that key');
    const mine = await browser.call('POST', '/admin/v1/admin-keys', {
      body: { name: 'of Ada', role: 'viewer' },
    });
    const users = (await browser.call('GET', '/admin/v1/users')).body.items;
    const { id } = users.find(({ name }: { readonly name: string }) => name === 'Eve');
    expect([body.key.madeBy, byKey.key.madeBy]).toEqual([id, id]);
    expect(mine.body.key.madeBy).not.toBe(id);
    const left = async () =>
      (await browser.call('GET', '/admin/v1/admin-keys')).body.items.map(
        ({ name }: { readonly name: string }) => name,
      );
    return { started, browser, id, left };
  }

  it.each([
    ['removed', 'DELETE', undefined],
    ['demoted', 'PATCH', { role: 'operator' }],
    ['switched off', 'PATCH', { enabled: false }],
  ])(
    'go with their maker who is %s, those made with them too, and stay where that is wanted',
    async (_what, method, change) => {
      const one = await withKeys();
      const path = `/admin/v1/users/${one.id}`;
      const done = await one.browser.call(method, path, change === undefined ? {} : { body: change });
      expect(done.status).toBeLessThan(300);
      expect(await one.left()).toEqual(['of Ada']);
      const entries = await one.started.store.chains.adminLog(3, {});
      expect(entries.map(({ action, actor }) => `${actor.name} ${action}`)).toEqual([
        'Ada admin_key.remove',
        'Ada admin_key.remove',
        `Ada ${method === 'DELETE' ? 'user.remove' : 'user.change'}`,
      ]);

      const two = await withKeys();
      await two.browser.call(
        method,
        `/admin/v1/users/${two.id}${change === undefined ? '?keepAdminKeys=true' : ''}`,
        change === undefined ? {} : { body: { ...change, keepAdminKeys: true } },
      );
      expect((await two.left()).sort()).toEqual(['by that key', 'of Ada', 'of Eve']);
    },
  );

  it('stay with a change that takes no power', async () => {
    const { browser, id, left } = await withKeys();
    await browser.call('PATCH', `/admin/v1/users/${id}`, { body: { name: 'Eva' } });
    await browser.call('PATCH', `/admin/v1/users/${id}`, { body: { role: 'administrator', enabled: true } });
    expect(await left()).toHaveLength(3);
  });
});

describe('sessions of a user with very many', () => {
  it('go on, are ended by their id, and the own one is always listed', async () => {
    const { started, browser } = await open();
    const [mine] = (await browser.call('GET', '/admin/v1/me/sessions')).body.items;
    const { user } = (await browser.call('GET', '/admin/v1/me')).body;
    for (let i = 0; i < 230; i++) {
      const at = new Date(started.clock.now + 1000 + i);
      await started.store.console.openSession({
        ...{ id: `s${i}`, userId: user.id, digest: `d${i}`, csrfToken: 'c', createdAt: at, provenAt: at },
        ...{ expiresAt: new Date(at.getTime() + 60 * MINUTE), address: '', agent: '' },
      });
    }
    const { items } = (await browser.call('GET', '/admin/v1/me/sessions')).body;
    expect(items.filter(({ isCurrent }: { readonly isCurrent: boolean }) => isCurrent)).toMatchObject([
      { id: mine.id },
    ]);
    expect(await started.store.console.findSessionById(mine.id, new Date(started.clock.now))).not.toBeNull();
    expect((await browser.call('DELETE', '/admin/v1/me/sessions/s0')).status).toBe(204);
    expect(await started.store.console.findSessionById('s0', new Date(started.clock.now))).toBeNull();
    const other = await started.signedIn('viewer', 'Bob');
    expect((await other.call('DELETE', '/admin/v1/me/sessions/s1')).status).toBe(404);
  });
});
