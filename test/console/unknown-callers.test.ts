import { describe, expect, it } from 'vitest';
import { createLockOut } from '../../src/console/lock-out.ts';
import { createSignIn } from '../../src/console/sign-in.ts';
import { temporaryStore } from '../../src/store/test-support/temp-store.ts';
import { startConsole } from './support.ts';

const OPTIONS = '/admin/v1/sign-in/passkey/options';

describe('somebody whom nobody knows', () => {
  it('cannot fill the store with sign-ins that are only begun', async () => {
    const started = await startConsole({
      url: 'https://livestill.example.org',
      trustedProxies: ['127.0.0.1'],
    });
    const from = (address: string) =>
      started.call('POST', OPTIONS, { headers: { 'x-forwarded-for': address } });
    const many = await Promise.all(Array.from({ length: 70 }, () => from('2001:db8::1')));
    expect(many.filter(({ status }) => status === 200)).toHaveLength(60);
    const refused = await from('2001:db8::2');
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_calls' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await from('192.0.2.7')).status).toBe(200);
    started.clock.now += 60_000;
    expect((await from('2001:db8::1')).status).toBe(200);
  });

  it('cannot take all places for passwords that wait to be checked', async () => {
    const { console: store } = await temporaryStore();
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const passwords = { hash: async () => '', verify: () => held.then(() => false) };
    const lockOut = createLockOut(store, Date.now);
    const { check } = createSignIn({ store, passwords, lockOut, clock: Date.now });
    const from = (address: string, name: string) =>
      check({ name, password: 'x' }, address).catch(({ code }: { readonly code: string }) => code);
    const guesses = Array.from({ length: 20 }, (_, i) => from('192.0.2.1', `user ${i}`));
    // All that is refused at once has been.
    expect(await Promise.race(guesses)).toBe('busy');
    const other = from('192.0.2.2', 'Ann');
    finish();
    expect(await other).toBe('sign_in_failed');
    const told = await Promise.all(guesses);
    expect(told.filter((code) => code === 'sign_in_failed')).toHaveLength(4);
  });
});
