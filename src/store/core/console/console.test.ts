import { describe, expect, it } from 'vitest';
import { appVersion } from '../../../account/app-version.ts';
import type { NewSession, NewUser } from '../../../console/types.ts';
import { DEFAULT_RULES } from '../../../policy/policy.ts';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../../test-support/temp-store.ts';

const now = new Date('2026-11-23T10:00:00Z');
const later = (ms: number) => new Date(now.getTime() + ms);
const hour = 3_600_000;

const someUser = (parts: Partial<NewUser> = {}): NewUser => ({
  id: 'u1',
  name: 'Ann',
  role: 'administrator',
  password: 'scrypt-of-one',
  ...parts,
});

const someSession = (parts: Partial<NewSession> = {}): NewSession => ({
  id: 's1',
  userId: 'u1',
  digest: 'd1',
  csrfToken: 'c1',
  createdAt: now,
  expiresAt: later(hour),
  address: '192.0.2.1',
  agent: 'a browser',
  provenAt: null,
  ...parts,
});

describe('users of the console', () => {
  it('are found by id and by name, whatever the case of its letters', async () => {
    const { console } = await temporaryStore();
    expect(await console.hasUsers()).toBe(false);
    await console.addUser(someUser({ name: ' Ann Lee ' }));
    expect(await console.hasUsers()).toBe(true);
    const found = await console.findUser({ name: 'ann LEE' });
    expect(found).toMatchObject({ password: 'scrypt-of-one', totpSecret: null });
    expect(found?.user).toMatchObject({ id: 'u1', name: 'Ann Lee', role: 'administrator', totp: false });
    expect(await console.findUser({ id: 'u1' })).toEqual(found);
    expect(await console.findUser({ name: 'nobody' })).toBeNull();
    await expect(console.addUser(someUser({ id: 'u2', name: 'ANN lee' }))).rejects.toMatchObject({
      reason: 'user_exists',
    });
  });

  it('are set up once', async () => {
    const { console } = await temporaryStore();
    const both = await Promise.allSettled([
      console.addUser(someUser(), true),
      console.addUser(someUser({ id: 'u2', name: 'Eve' }), true),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await console.listUsers()).toHaveLength(1);
  });

  it('never lose their last administrator', async () => {
    const { console } = await temporaryStore();
    await console.addUser(someUser());
    const refused = { reason: 'last_administrator' };
    await expect(console.removeUser('u1')).rejects.toMatchObject(refused);
    await expect(console.changeUser('u1', { role: 'viewer' })).rejects.toMatchObject(refused);
    await expect(console.changeUser('u1', { enabled: false })).rejects.toMatchObject(refused);
    await console.addUser(someUser({ id: 'u2', name: 'Bob' }));
    await console.changeUser('u1', { role: 'viewer' });
    await expect(console.removeUser('u2')).rejects.toMatchObject(refused);
    await console.removeUser('u1');
    expect((await console.listUsers()).map(({ id }) => id)).toEqual(['u2']);
  });

  it('keep their TOTP secret through a rotation of the master key', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    await store.console.addUser(someUser());
    await store.console.changeUser('u1', { totpSecret: 'JBSWY3DPEHPK3PXP' });
    await store.accounts.rotateMasterKey();
    await store.close();
    const again = await temporaryStore({ dataDir });
    expect(await again.console.findUser({ id: 'u1' })).toMatchObject({ totpSecret: 'JBSWY3DPEHPK3PXP' });
  });

  it('have each step of a TOTP code once', async () => {
    const { console } = await temporaryStore();
    await console.addUser(someUser());
    const together = await Promise.all([console.takeTotpStep('u1', 7), console.takeTotpStep('u1', 7)]);
    expect(together.sort()).toEqual([false, true]);
    expect(await console.takeTotpStep('u1', 6)).toBe(false);
    expect(await console.takeTotpStep('u1', 8)).toBe(true);
  });

  it('stand in the log of changes under the name of who changed them, without a secret', async () => {
    const store = await temporaryStore();
    await store.console.addUser(someUser());
    const actor = { kind: 'console', name: 'Ann', from: '192.0.2.1' } as const;
    await store.as(actor).changeUser('u1', { password: 'scrypt-of-another' });
    await store.as(actor).changeUser('u1', { totpSecret: 'JBSWY3DPEHPK3PXP' });
    const [totp, password, created] = await store.chains.adminLog(3);
    expect(totp).toMatchObject({ actor, action: 'user.totp_on', target: 'u1' });
    expect(password).toMatchObject({ actor, action: 'user.password' });
    expect(created).toMatchObject({ action: 'user.create', actor: { kind: 'system' } });
    expect(JSON.stringify([totp, password, created])).not.toMatch(/scrypt|JBSW/);
    expect(await store.chains.verify('admin')).toMatchObject({ fault: null, verified: 3 });
  });
});

describe('users that a provider signs in', () => {
  const identity = { issuer: 'https://id.example.org', subject: 's-1' };

  it('are found by issuer and subject together, letter by letter', async () => {
    const { console } = await temporaryStore();
    const made = await console.addUser(someUser({ password: null, identity }));
    expect(made.provider).toBe(identity.issuer);
    expect((await console.findUser({ identity }))?.user.id).toBe('u1');
    for (const other of [
      { ...identity, subject: 'S-1' },
      { ...identity, subject: '' },
      { ...identity, issuer: 'https://id.example.com' },
    ])
      expect(await console.findUser({ identity: other })).toBeNull();
    await expect(
      console.addUser(someUser({ id: 'u2', name: 'Other', password: null, identity })),
    ).rejects.toMatchObject({ reason: 'user_exists' });
    await console.addUser(someUser({ id: 'u2', name: 'Own' }));
    expect((await console.findUser({ id: 'u2' }))?.user.provider).toBeNull();
  });

  it('get no password, code or passkey', async () => {
    const { console } = await temporaryStore();
    await console.addUser(someUser({ password: null, identity }));
    const refused = { reason: 'user_of_provider' };
    await expect(console.changeUser('u1', { password: 'scrypt' })).rejects.toMatchObject(refused);
    await expect(console.changeUser('u1', { totpSecret: 'JBSWY3DPEHPK3PXP' })).rejects.toMatchObject(refused);
    const passkey = { id: 'p', userId: 'u1', name: 'x', publicKey: 'k', counter: 0, transports: [] };
    await expect(console.addPasskey(passkey)).rejects.toMatchObject(refused);
    await console.changeUser('u1', { name: 'Ann Lee', enabled: true });
    expect((await console.findUser({ identity }))?.user.name).toBe('Ann Lee');
  });
});

describe('sessions of the console', () => {
  it('are found by their token until they end', async () => {
    const { console } = await temporaryStore();
    await console.addUser(someUser());
    await console.openSession(someSession());
    const found = await console.findSession('d1', later(1));
    expect(found).toMatchObject({ isPrevious: false, session: { id: 's1', csrfToken: 'c1' } });
    expect(found?.user.lastSignInAt).toEqual(now);
    expect(await console.findSession('d1', later(hour))).toBeNull();
    await console.endSession('s1');
    expect(await console.findSession('d1', later(1))).toBeNull();
  });

  it('get another token once, and the old one counts a minute longer', async () => {
    const { console } = await temporaryStore();
    await console.addUser(someUser());
    await console.openSession(someSession());
    const both = await Promise.all([
      console.rotateSession('s1', 'd1', 'd2', later(10)),
      console.rotateSession('s1', 'd1', 'd3', later(10)),
    ]);
    expect(both.sort()).toEqual([false, true]);
    expect(await console.findSession('d1', later(50_000))).toMatchObject({ isPrevious: true });
    expect(await console.findSession('d1', later(70_000))).toBeNull();
  });

  it.each([
    ['password', { password: 'x' }],
    ['role', { role: 'viewer' }],
    ['TOTP', { totpSecret: 'JBSWY3DPEHPK3PXP' }],
    ['lock', { enabled: false }],
    ['reset', { password: null, totpSecret: null, dropPasskeys: true }],
  ] as const)('end with a change of %s, all but the one it is made in', async (_what, change) => {
    const { console } = await temporaryStore();
    await console.addUser(someUser());
    await console.addUser(someUser({ id: 'u2', name: 'Bob' }));
    for (const [id, userId] of [
      ['s1', 'u1'],
      ['s2', 'u1'],
      ['s3', 'u2'],
    ] as const)
      await console.openSession(someSession({ id, userId, digest: `d-${id}` }));
    await console.changeUser('u1', change, 's2');
    expect((await console.listSessions('u1', now)).map(({ id }) => id)).toEqual(['s2']);
    expect(await console.listSessions('u2', now)).toHaveLength(1);
    const kept = await console.findSession('d-s2', now);
    expect(kept === null).toBe('enabled' in change);
  });
});

describe('tickets of the console', () => {
  it('are taken once, of their own kind, before they end', async () => {
    const { console } = await temporaryStore();
    await console.addUser(someUser());
    const ticket = { kind: 'invite', digest: 't', userId: 'u1', data: null, until: later(hour) } as const;
    await console.putTicket(ticket);
    expect(await console.takeTicket('setup', 't', now)).toBeNull();
    expect(await console.findTicket('invite', 't', now)).toEqual(ticket);
    const both = await Promise.all([
      console.takeTicket('invite', 't', now),
      console.takeTicket('invite', 't', now),
    ]);
    expect(both.filter((one) => one !== null)).toEqual([ticket]);
    await console.putTicket(ticket);
    expect(await console.takeTicket('invite', 't', later(hour))).toBeNull();
  });

  it('for the setup replace the one before', async () => {
    const { console } = await temporaryStore();
    const ticket = { kind: 'setup', userId: null, data: null, until: later(hour) } as const;
    await console.putTicket({ ...ticket, digest: 'one' });
    await console.putTicket({ ...ticket, digest: 'two' });
    expect(await console.findTicket('setup', 'one', now)).toBeNull();
    expect(await console.findTicket('setup', 'two', now)).not.toBeNull();
  });
});

describe('failed sign-ins', () => {
  it('are counted, locked and forgotten', async () => {
    const { console } = await temporaryStore();
    expect(await console.noteFailure('k', now, hour)).toBe(1);
    expect(await console.noteFailure('k', later(1), hour)).toBe(2);
    await console.lockUntil('k', later(5000));
    expect(await console.findFailures('k')).toEqual({
      count: 2,
      lastAt: later(1),
      lockedUntil: later(5000),
    });
    expect(await console.noteFailure('k', later(2 * hour), hour)).toBe(1);
    await console.clearFailures('k');
    expect(await console.findFailures('k')).toBeNull();
  });
});

describe('keys of the console', () => {
  it('passkeys are kept with a counter that only grows', async () => {
    const { console } = await temporaryStore();
    await console.addUser(someUser());
    const passkey = { id: 'p', userId: 'u1', name: 'laptop', publicKey: 'pk', transports: ['usb'] };
    await console.addPasskey({ ...passkey, counter: 3 });
    expect(await console.usePasskey('p', 3, now)).toBe(false);
    expect(await console.usePasskey('p', 4, now)).toBe(true);
    expect(await console.findPasskey('p')).toMatchObject({ ...passkey, counter: 4, lastUsedAt: now });
    expect((await console.findUser({ id: 'u1' }))?.user.passkeys).toBe(1);
    expect(await console.renamePasskey('u1', 'p', ' desk ')).toMatchObject({ id: 'p', name: 'desk' });
    expect((await console.listPasskeys('u1'))[0]).toMatchObject({ name: 'desk', counter: 4 });
    await expect(console.renamePasskey('u2', 'p', 'x')).rejects.toMatchObject({ reason: 'passkey_unknown' });
    await expect(console.removePasskey('u2', 'p')).rejects.toMatchObject({ reason: 'passkey_unknown' });
    await console.removePasskey('u1', 'p');
    expect(await console.listPasskeys('u1')).toEqual([]);
    await console.addPasskey({ ...passkey, counter: 0 });
    expect(await console.usePasskey('p', 0, now)).toBe(true);
  });

  it('admin keys are kept as digests, and can be removed', async () => {
    const { console } = await temporaryStore();
    const key = {
      keyId: 'lsa_abcdefghijkl',
      name: 'CI',
      role: 'operator',
      networks: ['10.0.0.0/8'],
      madeBy: null,
    } as const;
    await console.addAdminKey({ ...key, expiresAt: null, digest: 'dd' });
    await console.touchAdminKey(key.keyId, now);
    expect(await console.findAdminKey(key.keyId)).toMatchObject({ ...key, digest: 'dd', lastUsedAt: now });
    expect(JSON.stringify(await console.listAdminKeys())).not.toContain('dd');
    await console.removeAdminKey(key.keyId);
    expect(await console.findAdminKey(key.keyId)).toBeNull();
    await expect(console.removeAdminKey(key.keyId)).rejects.toMatchObject({ reason: 'admin_key_unknown' });
  });

  it('of the apps say how much they were used of late', async () => {
    const { ledger, console } = await temporaryStore();
    const row = (parts: object) => ledger.append(someRow({ at: now, ...parts }));
    await row({ secretId: 'AKIDone000000001' });
    await row({ secretId: 'AKIDone000000001' });
    await row({ secretId: 'AKIDtwo000000001', appid: '2', requests: 5 });
    await row({ secretId: 'AKIDold000000001', at: later(-2 * hour) });
    expect(await console.recentUse(null, later(-hour))).toEqual({
      apps: { '1000001': 2, '2': 5 },
      keys: { AKIDone000000001: 2, AKIDtwo000000001: 5 },
      isCut: false,
    });
    expect((await console.recentUse('2', later(-hour))).apps).toEqual({ '2': 5 });
  });
});

describe('a change of an app', () => {
  it('is made as a whole, for the state it was made for', async () => {
    const store = await temporaryStore();
    const made = await store.accounts.createApp({ appid: '1000001', name: 'x' }, somePair());
    const version = appVersion(made, DEFAULT_RULES);
    const changed = await store.accounts.changeApp(
      '1000001',
      { name: 'Desk', limits: { daily: 5 }, policy: { threshold: 91 }, rules: { minFaceWidth: 90 } },
      version,
    );
    expect(changed).toMatchObject({
      app: { name: 'Desk', limits: { daily: 5, burst: null }, policy: { threshold: 91 } },
      rules: { minFaceWidth: 90 },
    });
    await expect(store.accounts.changeApp('1000001', { name: 'Other' }, version)).rejects.toMatchObject({
      reason: 'changed_meanwhile',
    });
    await expect(
      store.accounts.changeApp('1000001', { name: 'Other', state: 'active', limits: { daily: -1 } }, null),
    ).rejects.toMatchObject({ reason: 'invalid_limit' });
    expect((await store.accounts.findApp('1000001'))?.name).toBe('Desk');
    const log = await store.chains.adminLog(10);
    expect(log.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['app.rename', 'app.limits', 'app.policy', 'app.rules']),
    );
    const before = log.length;
    await store.accounts.changeApp('1000001', { name: 'Desk', limits: { daily: 5 } }, null);
    expect(await store.chains.adminLog(10)).toHaveLength(before);
  });
});

describe('for pages of the console', () => {
  it('apps and changes are listed behind the last one seen, and an API key is replaced', async () => {
    const store = await temporaryStore();
    for (const appid of ['1000001', '1000002', '1000003'])
      await store.accounts.createApp({ appid, name: 'x' }, somePair(`AKIDpair${appid}`));
    const behind = await store.accounts.listApps(5, '1000001');
    expect(behind.map(({ appid }) => appid)).toEqual(['1000002', '1000003']);
    await store.accounts.createApp({ appid: '2000001', name: '100% Desk_A' }, somePair('AKIDpair2000001'));
    await store.accounts.setAppState('1000003', 'suspended');
    const searched = async (text?: string, state?: 'suspended') =>
      (await store.accounts.listApps(5, undefined, { text, state })).map(({ appid }) => appid);
    expect(await searched('0% desk_')).toEqual(['2000001']);
    expect(await searched('desk%a')).toEqual([]);
    expect(await searched('10000')).toEqual(['1000001', '1000002', '1000003']);
    expect(await searched('x', 'suspended')).toEqual(['1000003']);
    const log = await store.chains.adminLog(10, { before: 3 });
    expect(log.map(({ id }) => id)).toEqual([2, 1]);
    const key = { keyId: 'lsk_abcdefghijkl', digest: 'd1', name: 'till', networks: [], expiresAt: null };
    await store.apiKeys.addApiKey('1000001', { ...key, scopes: ['judge'] });
    const next = { keyId: 'lsk_mnopqrstuvwx', digest: 'd2' };
    expect(await store.apiKeys.rotateApiKey(key.keyId, next, later(hour))).toMatchObject({
      keyId: next.keyId,
      name: 'till',
      scopes: ['judge'],
      expiresAt: null,
    });
    expect((await store.apiKeys.findApiKey(key.keyId))?.key.expiresAt).toEqual(later(hour));
    expect((await store.apiKeys.findApiKey(next.keyId))?.digest).toBe('d2');
    await expect(store.apiKeys.rotateApiKey('lsk_nothing', next, now)).rejects.toMatchObject({
      reason: 'api_key_unknown',
    });
  });
});
