import { chmodSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { itWhere } from '../../../test/support/only-where.ts';
import { newAppid, newSecret } from '../../account/generate.ts';
import { checkNewApp, checkNewSecret } from '../../account/validate.ts';
import {
  inSql,
  itOnSqlite,
  somePair,
  tamper,
  temporaryFolder,
  temporaryStore,
} from '../test-support/temp-store.ts';

const hexKey = (digit: string) => digit.repeat(64);

describe('apps', () => {
  it('are kept as they were made, and changed by what is named alone', async () => {
    const { accounts } = await temporaryStore();
    await accounts.createApp(
      { appid: '1000001', name: ' Front desk 前台 ', buckets: ['b', 'b', 'a'] },
      somePair(),
    );
    expect(await accounts.findApp('1000001')).toMatchObject({
      name: 'Front desk 前台',
      state: 'active',
      buckets: ['b', 'a'],
      limits: { requestsPerSecond: null, burst: null, concurrent: null, daily: null },
      policy: { threshold: null, profile: null },
    });
    await accounts.setLimits('1000001', { requestsPerSecond: 2.5, daily: 100 });
    await accounts.setLimits('1000001', { burst: 3, daily: null });
    await accounts.setPolicy('1000001', { threshold: 92.5, profile: 'fast' });
    await accounts.setPolicy('1000001', { profile: null });
    await accounts.setBuckets('1000001', []);
    await accounts.setAppState('1000001', 'suspended');
    expect(await accounts.findApp('1000001')).toMatchObject({
      state: 'suspended',
      buckets: [],
      limits: { requestsPerSecond: 2.5, burst: 3, concurrent: null, daily: null },
      policy: { threshold: 92.5, profile: null },
    });
  });

  it('keep limits of review, both or none', async () => {
    const { accounts } = await temporaryStore();
    const own = { low: 0.125, high: 0.75 };
    await accounts.createApp({ appid: '1000001', name: 'x', policy: { review: own } }, somePair());
    const review = async () => (await accounts.findApp('1000001'))?.policy.review;
    expect(await review()).toEqual(own);
    await accounts.setPolicy('1000001', { threshold: 90 });
    expect(await review()).toEqual(own);
    await accounts.setPolicy('1000001', { review: null });
    expect(await review()).toBeNull();
    await accounts.changeApp('1000001', { policy: { review: { low: 0, high: 1 } } }, null);
    expect(await review()).toEqual({ low: 0, high: 1 });
    for (const wrong of [
      { low: 0.5, high: 0.5 },
      { low: 0.7, high: 0.2 },
      { low: -0.1, high: 0.2 },
      { low: 0.1, high: 1.1 },
      { low: Number.NaN, high: 0.5 },
      { low: 0.2 } as { low: number; high: number },
    ]) {
      await expect(accounts.setPolicy('1000001', { review: wrong })).rejects.toMatchObject({
        reason: 'invalid_policy',
      });
    }
    expect(await review()).toEqual({ low: 0, high: 1 });
  });

  it('are not found under a text that cannot be an appid', async () => {
    const { accounts } = await temporaryStore();
    await accounts.createApp({ appid: '1000001', name: 'x' }, somePair());
    for (const appid of ['', '01000001', '1000001\0x', ' 1000001', "1000001' or 1=1 --", '9'.repeat(5000)]) {
      expect(await accounts.findApp(appid)).toBeNull();
    }
    expect(await accounts.findSecret('AKIDsomebody0001\0')).toBeNull();
  });

  it('are refused twice, with a wrong form, and after they were closed', async () => {
    const { accounts } = await temporaryStore();
    const create = (appid: string, name = 'x', pair = somePair('AKIDother0000001')) =>
      accounts.createApp({ appid, name }, pair);
    await accounts.createApp({ appid: '1000001', name: 'x' }, somePair());
    await expect(create('1000001')).rejects.toMatchObject({ name: 'UsageError', reason: 'app_exists' });
    await expect(create('01')).rejects.toMatchObject({ reason: 'invalid_appid' });
    await expect(create('1234567890123456')).rejects.toMatchObject({ reason: 'invalid_appid' });
    await expect(create('2', ' ')).rejects.toMatchObject({ reason: 'invalid_name' });
    await expect(create('2', 'a\u001b[31m')).rejects.toMatchObject({ reason: 'invalid_name' });
    await expect(create('2', 'x', somePair('AKID&a=1'))).rejects.toMatchObject({
      reason: 'invalid_secret_id',
    });
    await expect(
      create('2', 'x', { secretId: 'AKIDother0000001', secretKey: 'short' }),
    ).rejects.toMatchObject({ reason: 'invalid_secret_key' });
    await expect(
      create('2', 'x', { secretId: 'AKIDother0000001', secretKey: `${'k'.repeat(31)}\n` }),
    ).rejects.toThrow('line break');
    await expect(create('2', 'x', somePair())).rejects.toMatchObject({ reason: 'secret_exists' });
    expect(await accounts.findApp('2')).toBeNull();
    await accounts.setAppState('1000001', 'closed');
    await expect(accounts.setAppState('1000001', 'active')).rejects.toMatchObject({ reason: 'app_closed' });
    await expect(accounts.addSecret('1000001', somePair('AKIDother0000001'))).rejects.toMatchObject({
      reason: 'app_closed',
    });
    await expect(accounts.setLimits('7', { daily: 1 })).rejects.toMatchObject({ reason: 'app_unknown' });
    await expect(accounts.listSecrets('7')).rejects.toMatchObject({ reason: 'app_unknown' });
    await expect(accounts.setLimits('1000001', { daily: 1.5 })).rejects.toMatchObject({
      reason: 'invalid_limit',
    });
    await expect(accounts.setLimits('1000001', { requestsPerSecond: Number.NaN })).rejects.toMatchObject({
      reason: 'invalid_limit',
    });
    await expect(accounts.setPolicy('1000001', { threshold: 101 })).rejects.toMatchObject({
      reason: 'invalid_policy',
    });
    await expect(accounts.setBuckets('1000001', ['a b'])).rejects.toMatchObject({ reason: 'invalid_bucket' });
  });

  it('made at the same moment under one appid: one wins, the others change nothing', async () => {
    const { accounts } = await temporaryStore();
    const tries = Array.from({ length: 8 }, (_, i) =>
      accounts.createApp({ appid: '1', name: `n${i}` }, somePair(`AKIDsomebody000${i}`)),
    );
    const results = await Promise.allSettled(tries);
    expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
    expect(await accounts.listSecrets('1')).toHaveLength(1);
  });

  it('made anew have ids and keys of the old form', () => {
    for (let i = 0; i < 200; i += 1) {
      const [appid, secret] = [newAppid(), newSecret()];
      expect(appid).toMatch(/^1[23]\d{8}$/);
      expect(secret.secretId).toMatch(/^AKID[A-Za-z0-9]{32}$/);
      expect(secret.secretKey).toMatch(/^[A-Za-z0-9]{32}$/);
      checkNewApp({ appid, name: 'x' });
      checkNewSecret(secret);
    }
  });
});

describe('pairs', () => {
  it('are made, listed without keys, switched off and on, and rotated', async () => {
    const { accounts } = await temporaryStore();
    await accounts.createApp({ appid: '1', name: 'x' }, somePair('AKIDone00000001'));
    await accounts.addSecret('1', { secretId: 'AKIDtwo00000001', secretKey: 'z'.repeat(40) });
    expect(await accounts.findSecret('AKIDtwo00000001')).toMatchObject({
      appid: '1',
      secretKey: 'z'.repeat(40),
      enabled: true,
      expiresAt: null,
    });
    expect((await accounts.setSecretEnabled('AKIDone00000001', false)).enabled).toBe(false);
    const end = new Date('2027-01-01T00:00:00Z');
    await accounts.rotateSecret('AKIDtwo00000001', somePair('AKIDthree000001'), end);
    await accounts.rotateSecret(
      'AKIDtwo00000001',
      somePair('AKIDfour0000001'),
      new Date('2028-01-01T00:00:00Z'),
    );
    const list = await accounts.listSecrets('1');
    expect(list.map((one) => [one.secretId, one.enabled, one.expiresAt])).toEqual([
      ['AKIDone00000001', false, null],
      ['AKIDtwo00000001', true, end],
      ['AKIDthree000001', true, null],
      ['AKIDfour0000001', true, null],
    ]);
    expect(JSON.stringify(list)).not.toContain('zzzz');
    await expect(accounts.setSecretEnabled('AKIDnobody000001', true)).rejects.toMatchObject({
      reason: 'secret_unknown',
    });
    await expect(
      accounts.rotateSecret('AKIDone00000001', somePair('AKIDfour0000001'), end),
    ).rejects.toMatchObject({ reason: 'secret_exists' });
    expect((await accounts.listSecrets('1'))[0]!.expiresAt).toBeNull();
  });
});

describe('SecretKeys at rest', () => {
  itOnSqlite()("stand nowhere in the data folder, whose files are the owner's alone", async () => {
    const dataDir = join(await temporaryFolder(), 'made', 'deeper');
    const { accounts } = await temporaryStore({ dataDir });
    const { secretId } = somePair();
    await accounts.createApp(
      { appid: '1', name: 'x' },
      { secretId, secretKey: 'TheVerySecretKeyOfThisTest123456' },
    );
    const names = readdirSync(dataDir);
    expect(names).toEqual(expect.arrayContaining(['livestill.sqlite', 'livestill.sqlite-wal', 'master.key']));
    for (const name of names) {
      expect(readFileSync(join(dataDir, name)).includes('TheVerySecretKey'), name).toBe(false);
      expect(statSync(join(dataDir, name)).mode & 0o077, name).toBe(0);
    }
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    expect((await accounts.findSecret(secretId))!.secretKey).toBe('TheVerySecretKeyOfThisTest123456');
  });

  it.each([
    [
      'a changed byte',
      inSql({
        sqlite:
          "update secret set sealed = unhex(hex(substr(sealed, 1, 20)) || 'ff' || hex(substr(sealed, 22))) where secret_id = 'AKIDone00000001'",
        postgres:
          "update secret set sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20)) where secret_id = 'AKIDone00000001'",
      }),
    ],
    ['a cut end', "update secret set sealed = substr(sealed, 1, 30) where secret_id = 'AKIDone00000001'"],
    [
      'nothing left',
      inSql({
        sqlite: "update secret set sealed = x'' where secret_id = 'AKIDone00000001'",
        postgres: "update secret set sealed = '' where secret_id = 'AKIDone00000001'",
      }),
    ],
    [
      'the sealed key of another pair',
      "update secret set sealed = (select sealed from secret where secret_id = 'AKIDtwo00000001') where secret_id = 'AKIDone00000001'",
    ],
    ['another app', "update secret set appid = '2' where secret_id = 'AKIDone00000001'"],
  ])('are refused with 107 after tampering: %s', async (_what, sql) => {
    const dataDir = await temporaryFolder();
    const { accounts } = await temporaryStore({ dataDir });
    await accounts.createApp({ appid: '1', name: 'x' }, somePair('AKIDone00000001'));
    await accounts.createApp({ appid: '2', name: 'y' }, somePair('AKIDtwo00000001'));
    await tamper(dataDir, sql);
    await expect(accounts.findSecret('AKIDone00000001')).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'secret_unreadable',
    });
    expect((await accounts.findSecret('AKIDtwo00000001'))!.secretKey).toBe('k'.repeat(32));
  });
});

describe('the master key', () => {
  it('may come from the environment, and must then be the same each time', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir, masterKey: hexKey('a') });
    await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
    expect(readdirSync(dataDir)).not.toContain('master.key');
    await store.close();
    const base64 = Buffer.from(hexKey('a'), 'hex').toString('base64');
    const again = await temporaryStore({ dataDir, masterKey: base64 });
    expect((await again.accounts.findSecret(somePair().secretId))!.secretKey).toBe(somePair().secretKey);
    const open = (masterKey?: string) =>
      temporaryStore({ dataDir, ...(masterKey === undefined ? {} : { masterKey }) });
    await expect(open(hexKey('b'))).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'master_key_wrong',
    });
    await expect(open('too short')).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'master_key_malformed',
    });
    await expect(open()).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'master_key_missing',
    });
    expect(readdirSync(dataDir)).not.toContain('master.key');
  });

  it('lost or exchanged stops the opening, and back in place it goes on', async () => {
    const dataDir = await temporaryFolder();
    const path = join(dataDir, 'master.key');
    const store = await temporaryStore({ dataDir });
    await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
    await store.close();
    const open = () => temporaryStore({ dataDir });
    renameSync(path, `${path}.kept`);
    await expect(open()).rejects.toMatchObject({ reason: 'master_key_missing' });
    writeFileSync(path, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
    await expect(open()).rejects.toMatchObject({ reason: 'master_key_wrong' });
    writeFileSync(path, '# nothing here\n');
    await expect(open()).rejects.toMatchObject({ reason: 'master_key_malformed' });
    renameSync(`${path}.kept`, path);
    const again = await temporaryStore({ dataDir });
    expect(await again.accounts.findSecret(somePair().secretId)).not.toBeNull();
  });

  itWhere(process.platform !== 'win32', 'needs a POSIX system').each([0o640, 0o604, 0o660])(
    'is refused with mode %o',
    async (mode) => {
      const dataDir = await temporaryFolder();
      await (await temporaryStore({ dataDir })).close();
      chmodSync(join(dataDir, 'master.key'), mode);
      const found = mode.toString(8);
      await expect(temporaryStore({ dataDir })).rejects.toThrow(
        `expected mode 600 (its owner alone), found ${found}`,
      );
    },
  );

  it('in the file is rotated: everything still decrypts, also in a store that was open all along', async () => {
    const dataDir = await temporaryFolder();
    const [one, two] = [await temporaryStore({ dataDir }), await temporaryStore({ dataDir })];
    await one.accounts.createApp({ appid: '1', name: 'x' }, somePair('AKIDone00000001'));
    const before = readFileSync(join(dataDir, 'master.key'), 'utf8');
    const { keyId, reencrypted } = await one.accounts.rotateMasterKey();
    expect([reencrypted, keyId]).toEqual([1, expect.stringMatching(/^[0-9a-f]{16}$/)]);
    const after = readFileSync(join(dataDir, 'master.key'), 'utf8');
    const keysIn = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(keysIn(after)).toHaveLength(1);
    expect(keysIn(after)).not.toEqual(keysIn(before));
    expect((await two.accounts.findSecret('AKIDone00000001'))!.secretKey).toBe('k'.repeat(32));
    await two.accounts.addSecret('1', somePair('AKIDtwo00000001'));
    expect((await one.accounts.findSecret('AKIDtwo00000001'))!.secretKey).toBe('k'.repeat(32));
  });

  it('rotated by several at the same moment leaves one key, and everything decrypts', async () => {
    const dataDir = await temporaryFolder();
    const stores = [
      await temporaryStore({ dataDir }),
      await temporaryStore({ dataDir }),
      await temporaryStore({ dataDir }),
    ];
    await stores[0]!.accounts.createApp({ appid: '1', name: 'x' }, somePair('AKIDone00000001'));
    const work = stores.flatMap(({ accounts }, i) => [
      accounts.rotateMasterKey(),
      accounts.addSecret('1', somePair(`AKIDadded000000${i}`)),
      accounts.rotateMasterKey(),
    ]);
    await Promise.all(work);
    const fresh = await temporaryStore({ dataDir });
    for (const { secretId } of await fresh.accounts.listSecrets('1')) {
      expect((await fresh.accounts.findSecret(secretId))!.secretKey).toBe('k'.repeat(32));
    }
    await fresh.accounts.rotateMasterKey();
    const lines = readFileSync(join(dataDir, 'master.key'), 'utf8').split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toHaveLength(1);
  });

  it('in the environment is rotated by putting the new one in front', async () => {
    const dataDir = await temporaryFolder();
    const old = await temporaryStore({ dataDir, masterKey: hexKey('a') });
    await old.accounts.createApp({ appid: '1', name: 'x' }, somePair('AKIDone00000001'));
    await old.close();
    const both = await temporaryStore({ dataDir, masterKey: `${hexKey('b')}, ${hexKey('a')}` });
    await both.accounts.addSecret('1', somePair('AKIDtwo00000001'));
    expect((await both.accounts.rotateMasterKey()).reencrypted).toBe(2);
    await both.close();
    const next = await temporaryStore({ dataDir, masterKey: hexKey('b') });
    expect((await next.accounts.findSecret('AKIDtwo00000001'))!.secretKey).toBe('k'.repeat(32));
    await expect(temporaryStore({ dataDir, masterKey: hexKey('a') })).rejects.toMatchObject({
      reason: 'master_key_wrong',
    });
  });
});
