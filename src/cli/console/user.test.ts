import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder, temporaryStore } from '../../store/test-support/temp-store.ts';
import { livestill, livestillJson } from '../shared/test-support/livestill.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = join(await temporaryFolder(), 'data');
});
const user = (...words: string[]) => livestill('user', ...words, '--data', dataDir);
const json = <T>(...words: string[]) => livestillJson<T>('user', ...words, '--data', dataDir);

interface Linked {
  readonly link: string;
  readonly until: string;
}

describe('livestill user', () => {
  it('prints a link for the first administrator while there is no user', async () => {
    const { link, until } = await json<Linked>('setup-link');
    expect(link).toMatch(/^http:\/\/localhost:8788\/console\/setup#[\w-]{43}$/);
    expect(Date.parse(until)).toBeGreaterThan(Date.now());
    await user('add', 'Ann', '--role', 'administrator');
    expect(await user('setup-link')).toMatchObject({
      status: 2,
      err: expect.stringContaining('there is a user already'),
    });
  });

  it('adds, lists, changes, resets and removes', async () => {
    const added = await user('add', 'Ann Lee', '--role', 'administrator');
    expect(added.out).toContain('/console/setup#');
    await user('add', 'Bob');
    expect((await user('list')).out).toMatch(/Ann Lee +administrator +invited/);
    expect((await user('role', 'bob', '--role', 'auditor')).out).toContain('Bob: auditor');
    expect((await user('disable', 'Bob')).out).toContain('off');
    expect((await user('enable', 'Bob')).status).toBe(0);
    expect(await json('reset', 'Bob', '--second-factor')).toMatchObject({ name: 'Bob', totp: false });
    const reset = await json<Linked>('reset', 'Bob');
    expect(reset.link).toContain('/console/setup#');
    expect((await user('remove', 'Ann Lee')).err).toContain('only administrator');
    expect((await user('remove', 'Bob')).status).toBe(0);
    expect(await json<unknown[]>('list')).toHaveLength(1);
    expect((await user('reset', 'Bob')).err).toContain(`livestill user list --data`);
    expect((await user('add', 'X', '--role', 'king')).status).toBe(2);
    const { chains } = await temporaryStore({ dataDir });
    const log = await chains.adminLog(20, { action: 'user' });
    expect(log.map(({ action }) => action).reverse()).toEqual([
      'user.create',
      'user.create',
      'user.change',
      'user.change',
      'user.change',
      'user.second_factor_off',
      'user.reset',
      'user.remove',
    ]);
    expect(log.every(({ actor }) => actor.kind === 'system')).toBe(true);
  });

  it('says which admin keys go with a user, and leaves them where that is wanted', async () => {
    const store = await temporaryStore({ dataDir });
    const ids = ['u1', 'u2', 'u3', 'u4'] as const;
    for (const id of ids) {
      await store.console.addUser({ id, name: `Ann ${id}`, role: 'administrator', password: null });
      const key = { name: `CI ${id}`, role: 'viewer', networks: [], expiresAt: null, digest: 'd' } as const;
      await store.console.addAdminKey({ ...key, keyId: `lsa_abcdefghij${id}`, madeBy: id });
    }
    expect((await user('role', 'Ann u1', '--role', 'viewer')).out).toContain(
      'Ann u1: viewer, invited. With the admin key lsa_abcdefghiju1 (CI u1).',
    );
    expect((await user('disable', 'Ann u2', '--keep-admin-keys')).out).not.toContain('admin key');
    expect(await json('remove', 'Ann u2')).toMatchObject({ removedAdminKeys: ['lsa_abcdefghiju2 (CI u2)'] });
    expect((await user('remove', 'Ann u3', '--keep-admin-keys')).status).toBe(0);
    const left = await store.console.listAdminKeys();
    expect(left.map(({ name }) => name).sort()).toEqual(['CI u3', 'CI u4']);
  });
});
