import { describe, expect, it } from 'vitest';
import { createAuthenticator } from './authenticator.ts';
import { PASSWORD, type Started, startConsole } from './support.ts';

const origin = 'https://livestill.example.org';

async function withPasskey() {
  const started = await startConsole({ url: origin });
  const ann = await started.signedIn('operator', 'Ann');
  const device = createAuthenticator(origin);
  const options = await ann.call('POST', '/admin/v1/me/passkeys/options', { body: { password: PASSWORD } });
  const body = { name: 'laptop', response: device.create(options.body) };
  const added = await ann.call('POST', '/admin/v1/me/passkeys', { body });
  return { started, ann, device, options: options.body, body, added };
}

const challenge = async ({ call }: Started) =>
  (await call('POST', '/admin/v1/sign-in/passkey/options', { body: {} })).body;

describe('passkeys', () => {
  it('are added by a user who knows the password, and sign in without one', async () => {
    const { started, ann, device, options, body, added } = await withPasskey();
    expect(options).toMatchObject({ rp: { id: 'livestill.example.org' }, user: { name: 'Ann' } });
    expect(added).toMatchObject({ status: 201, body: { id: device.id, name: 'laptop', lastUsedAt: null } });
    expect((await ann.call('POST', '/admin/v1/me/passkeys', { body })).body.code).toBe('passkey_refused');
    const unsure = { body: { password: 'wrong' } };
    expect((await ann.call('POST', '/admin/v1/me/passkeys/options', unsure)).status).toBe(403);

    const browser = started.browser();
    const signed = { body: { response: device.get(await challenge(started)) } };
    const signedIn = await browser.call('POST', '/admin/v1/sign-in/passkey', signed);
    expect(signedIn).toMatchObject({ status: 200, body: { user: { name: 'Ann', passkeys: 1 } } });
    expect((await browser.call('GET', '/admin/v1/apps')).status).toBe(200);
    expect((await started.browser().call('POST', '/admin/v1/sign-in/passkey', signed)).status).toBe(401);

    const renamed = await ann.call('PATCH', `/admin/v1/me/passkeys/${device.id}`, { body: { name: 'desk' } });
    expect(renamed).toMatchObject({ status: 200, body: { id: device.id, name: 'desk' } });
    const [entry] = await started.store.chains.adminLog(1, { action: 'user.passkey_rename' });
    expect(entry).toMatchObject({ before: { name: 'laptop' }, after: { name: 'desk' } });
    const nameless = await ann.call('PATCH', `/admin/v1/me/passkeys/${device.id}`, { body: { name: ' ' } });
    expect(nameless.body.code).toBe('invalid_name');
    const bob = await started.signedIn('operator', 'Bob');
    const others = await bob.call('PATCH', `/admin/v1/me/passkeys/${device.id}`, { body: { name: 'mine' } });
    expect(others.body.code).toBe('passkey_unknown');

    const remove = (password: string) =>
      ann.call('DELETE', `/admin/v1/me/passkeys/${device.id}`, { body: { password } });
    expect(await remove('wrong')).toMatchObject({ status: 403, body: { code: 'password_wrong' } });
    expect((await ann.call('GET', '/admin/v1/me/passkeys')).body.items).toHaveLength(1);
    expect((await remove(PASSWORD)).status).toBe(204);
    expect((await ann.call('GET', '/admin/v1/me/passkeys')).body.items).toEqual([]);
  });

  it.each([
    ['for another site', { origin: 'https://livestill.example.com' }],
    ['without asking who is there', { flags: 0x01 }],
    ['with a counter that goes back, as that of a copied key does', { counter: 0 }],
  ])('are refused %s', async (_what, change) => {
    const { started, device } = await withPasskey();
    const first = device.get(await challenge(started));
    await started.call('POST', '/admin/v1/sign-in/passkey', { body: { response: first } });
    const response = device.get(await challenge(started), change);
    const reply = await started.call('POST', '/admin/v1/sign-in/passkey', { body: { response } });
    expect(reply).toMatchObject({ status: 401, body: { code: 'passkey_refused' } });
  });

  it('are refused with a challenge that is too old, made up, or of somebody else', async () => {
    const { started, ann, device } = await withPasskey();
    const signIn = async (options: { readonly challenge: string }) =>
      (await started.call('POST', '/admin/v1/sign-in/passkey', { body: { response: device.get(options) } }))
        .status;
    const old = await challenge(started);
    started.clock.now += 6 * 60_000;
    expect(await signIn(old)).toBe(401);
    expect(await signIn({ challenge: 'A'.repeat(43) })).toBe(401);
    const mine = await ann.call('POST', '/admin/v1/me/passkeys/options', { body: { password: PASSWORD } });
    expect(await signIn(mine.body)).toBe(401);
    expect(await signIn(await challenge(started))).toBe(200);
  });

  it('are refused when their user is switched off', async () => {
    const { started, device } = await withPasskey();
    const admin = await started.signedIn('administrator', 'Root');
    const { items } = (await admin.call('GET', '/admin/v1/users')).body;
    const { id } = items.find(({ name }: { readonly name: string }) => name === 'Ann');
    await admin.call('PATCH', `/admin/v1/users/${id}`, { body: { enabled: false } });
    const response = device.get(await challenge(started));
    expect((await started.call('POST', '/admin/v1/sign-in/passkey', { body: { response } })).status).toBe(
      401,
    );
  });

  it('with content that is none are refused and no failure of the service', async () => {
    const { started, device } = await withPasskey();
    for (const response of [
      { id: device.id },
      { id: device.id, rawId: device.id, type: 'public-key', response: { clientDataJSON: '!' } },
      { id: 'unknown' },
    ]) {
      const reply = await started.call('POST', '/admin/v1/sign-in/passkey', { body: { response } });
      expect(reply.status).toBe(401);
    }
  });

  it('are not offered where the console is reached under a bare address', async () => {
    const started = await startConsole({ url: 'http://127.0.0.1:8788' });
    expect((await started.call('GET', '/admin/v1/state')).body.signIn.passkey).toBe(false);
    const reply = await started.call('POST', '/admin/v1/sign-in/passkey/options', { body: {} });
    expect(reply.body.code).toBe('passkey_refused');
  });
});
