import { TOTP } from 'otpauth';
import { describe, expect, it } from 'vitest';
import { createLockOut } from '../../src/console/lock-out.ts';
import { createSignIn } from '../../src/console/sign-in.ts';
import { temporaryStore } from '../../src/store/test-support/temp-store.ts';
import { PASSWORD, startConsole } from './support.ts';

describe('whoever sits at a browser that was left open', () => {
  it('cannot make a second factor of a secret of their own', async () => {
    const started = await startConsole();
    const [ann, bob] = [await started.signedIn('viewer', 'Ann'), await started.signedIn('viewer', 'Bob')];
    const own = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const begin = async () =>
      (await bob.call('POST', '/admin/v1/me/totp', { body: { password: PASSWORD } })).body.secret as string;
    const [older, ofBob] = [await begin(), await begin()];
    const confirm = (browser: typeof ann, secret: string) => {
      const code = new TOTP({ secret }).generate({ timestamp: started.clock.now });
      return browser.call('POST', '/admin/v1/me/totp/confirm', { body: { secret, code } });
    };
    const tries = [() => confirm(ann, own), () => confirm(bob, older), () => confirm(ann, ofBob)];
    for (const one of tries)
      expect(await one()).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    const late = await begin();
    started.clock.now += 15 * 60_000;
    expect((await confirm(bob, late)).status).toBe(400);
    for (const one of [ann, bob]) expect((await one.call('GET', '/admin/v1/me')).body.user.totp).toBe(false);
    expect((await confirm(bob, await begin())).status).toBe(204);
  });

  it.each(['reset', 'reset-second-factor'])('cannot %s its own user', async (deed) => {
    const started = await startConsole();
    const ann = await started.signedIn('administrator', 'Ann');
    const { id } = (await ann.call('GET', '/admin/v1/me')).body.user;
    const reply = await ann.call('POST', `/admin/v1/users/${id}/${deed}`);
    expect(reply).toMatchObject({ status: 403, body: { code: 'not_permitted' } });
    expect((await started.browser().signIn('Ann')).status).toBe(200);
    const bob = await started.signedIn('administrator', 'Bob');
    expect((await bob.call('POST', `/admin/v1/users/${id}/${deed}`)).status).toBe(200);
  });
});

describe('a sign-in during which its user is changed', () => {
  it.each([
    ['gets another password', { password: 'another hash' }],
    ['is switched off', { enabled: false }],
  ])('does not count where the user %s', async (_what, change) => {
    const store = await temporaryStore();
    const user = { name: 'Ann', role: 'administrator', password: 'a hash' } as const;
    await store.console.addUser({ ...user, id: 'u1' });
    await store.console.addUser({ ...user, id: 'u2', name: 'Bob' });
    const passwords = {
      hash: async () => 'a hash',
      // Takes a second on a real machine; all kinds of things happen meanwhile.
      verify: async () => {
        await store.console.changeUser('u1', change);
        return true;
      },
    };
    const clock = Date.now;
    const parts = { store: store.console, passwords, lockOut: createLockOut(store.console, clock), clock };
    const check = createSignIn(parts).check({ name: 'Ann', password: PASSWORD }, '192.0.2.1');
    await expect(check).rejects.toMatchObject({ code: 'sign_in_failed' });
  });
});
