import { describe, expect, it } from 'vitest';
import { newestRows } from '../../src/console/apps.ts';
import { someRow } from '../../src/store/test-support/temp-store.ts';
import { startConsole } from './support.ts';

describe('apps in the admin API', () => {
  it('are made, found page by page, and say how much they are used', async () => {
    const started = await startConsole();
    const operator = await started.signedIn('operator');
    for (const appid of ['1000001', '1000002', '1000003']) {
      const made = await operator.call('POST', '/admin/v1/apps', { body: { appid, name: `app ${appid}` } });
      expect(made.status).toBe(201);
      expect(made.body.secret.secretKey).toMatch(/^\w{32}$/);
    }
    const at = new Date(started.clock.now - 60_000);
    await started.store.ledger.append(someRow({ at, appid: '1000002' }));
    const first = await operator.call('GET', '/admin/v1/apps?limit=2');
    expect(first.body.items.map((one: { appid: string }) => one.appid)).toEqual(['1000001', '1000002']);
    expect(first.body.items[1].lastHour).toEqual({ requests: 1, atLeast: false });
    const second = await operator.call('GET', `/admin/v1/apps?limit=2&after=${first.body.next}`);
    expect([second.body.items.length, second.body.next]).toEqual([1, null]);
    expect((await operator.call('GET', '/admin/v1/apps?limit=0')).body.code).toBe('invalid_request');
    expect((await operator.call('GET', '/admin/v1/apps/77')).body.code).toBe('app_unknown');
    expect(await operator.call('POST', '/admin/v1/apps', { body: { appid: '1000001' } })).toMatchObject({
      status: 409,
      body: { code: 'app_exists' },
    });
  });

  it('are searched by name, start of the appid and state, and say what they used of a daily limit', async () => {
    const started = await startConsole();
    const operator = await started.signedIn('operator');
    const make = (body: object) => operator.call('POST', '/admin/v1/apps', { body });
    await make({ appid: '1000001', name: 'Front desk', limits: { daily: 5 } });
    await make({ appid: '1000002', name: 'Back office' });
    await make({ appid: '2000001', name: '100% till' });
    await operator.call('PATCH', '/admin/v1/apps/1000002', { body: { state: 'suspended' } });
    const found = async (query: string) =>
      (await operator.call('GET', `/admin/v1/apps?${query}`)).body.items.map(
        ({ appid }: { readonly appid: string }) => appid,
      );
    expect(await found('text=DESK')).toEqual(['1000001']);
    expect(await found('text=100')).toEqual(['1000001', '1000002', '2000001']);
    expect(await found('text=0%25%20t')).toEqual(['2000001']);
    expect(await found('text=1000&state=suspended')).toEqual(['1000002']);
    await started.store.usage.consume('1000001', '2026-11-23', 5);
    expect((await operator.call('GET', '/admin/v1/apps/1000001')).body.usedToday).toBe(1);
    expect((await operator.call('GET', '/admin/v1/apps/1000002')).body.usedToday).toBeNull();
  });

  it('tell the second of two who change one at the same time', async () => {
    const started = await startConsole();
    const [ann, bob] = [await started.signedIn('operator', 'Ann'), await started.signedIn('operator', 'Bob')];
    await ann.call('POST', '/admin/v1/apps', { body: { appid: '1000001', name: 'Desk' } });
    const { version } = (await ann.call('GET', '/admin/v1/apps/1000001')).body;
    const change = (who: typeof ann, body: object) =>
      who.call('PATCH', '/admin/v1/apps/1000001', { body: { ifVersion: version, ...body } });
    const changed = await change(ann, { limits: { daily: 5 }, name: 'Front desk' });
    expect(changed).toMatchObject({ status: 200, body: { name: 'Front desk', limits: { daily: 5 } } });
    expect(await change(bob, { name: 'Back desk' })).toMatchObject({
      status: 409,
      body: { code: 'changed_meanwhile' },
    });
    const { body } = await bob.call('GET', '/admin/v1/apps/1000001');
    expect(body).toMatchObject({ name: 'Front desk', version: changed.body.version });
    const policy = await bob.call('PUT', '/admin/v1/apps/1000001/policy', {
      body: { ifVersion: version, threshold: 90 },
    });
    expect(policy.status).toBe(409);
  });

  it('have a policy, and a preview of another in numbers', async () => {
    const started = await startConsole();
    const operator = await started.signedIn('operator');
    await operator.call('POST', '/admin/v1/apps', { body: { appid: '1000001' } });
    for (const rawScore of [85, 89, 95])
      await started.store.ledger.append(
        someRow({ at: new Date(started.clock.now - 1000), rawScore, reasons: [] }),
      );
    const body = { threshold: 92, rules: { minFaceWidth: 90 } };
    const preview = await operator.call('POST', '/admin/v1/apps/1000001/policy/preview', {
      body: { threshold: 92 },
    });
    expect(preview.body).toMatchObject({
      isWhole: true,
      current: { threshold: 87 },
      proposed: { threshold: 92 },
      preview: { scored: 3, newlyRefused: 1, newlyAccepted: 0 },
    });
    const changed = await operator.call('PUT', '/admin/v1/apps/1000001/policy', { body });
    expect(changed.body).toMatchObject({ policy: { threshold: 92 }, rules: { minFaceWidth: 90 } });
    expect((await operator.call('GET', '/admin/v1/apps/1000001/policy')).body).toMatchObject({
      threshold: 92,
      profile: null,
      version: changed.body.version,
    });
    const review = { low: 0.1, high: 0.9 };
    const tried = { body: { review } };
    expect((await operator.call('POST', '/admin/v1/apps/1000001/policy/preview', tried)).body).toMatchObject({
      current: { review: null },
      proposed: { review },
      preview: { review: { current: 0, proposed: 0 }, withoutProbability: 3 },
    });
    expect((await operator.call('PUT', '/admin/v1/apps/1000001/policy', tried)).body).toMatchObject({
      policy: { threshold: 92, review },
    });
    for (const wrong of [
      { threshold: 101 },
      { review: { low: 0.2 } },
      { review: { low: 0.9, high: 0.1 } },
      { review: { low: 0, high: 1.5 } },
    ]) {
      const { status } = await operator.call('PUT', '/admin/v1/apps/1000001/policy', { body: wrong });
      expect([wrong, status]).toEqual([wrong, 400]);
    }
    const none = { body: { review: null } };
    expect((await operator.call('PUT', '/admin/v1/apps/1000001/policy', none)).body.policy.review).toBeNull();
    const presets = (await operator.call('GET', '/admin/v1/policy-presets')).body;
    expect(presets.defaults.reviewLimits).toEqual({ careful: { low: 0.2, high: 0.7 } });
    expect(presets.capture.length).toBeGreaterThan(1);
    expect(presets.rejectingReasons).toContain('BLURRED');
    expect(presets.rejectingReasons).not.toContain('NO_FACE');
  });
});

describe('keys in the admin API', () => {
  it('are made, switched off and replaced with an overlap, for both APIs', async () => {
    const started = await startConsole();
    const operator = await started.signedIn('operator');
    await operator.call('POST', '/admin/v1/apps', { body: { appid: '1000001' } });
    const apps = '/admin/v1/apps/1000001';

    const pair = (await operator.call('POST', `${apps}/secrets`, { body: {} })).body;
    const { secretId } = pair.secret;
    const off = await operator.call('PATCH', `/admin/v1/secrets/${secretId}`, { body: { enabled: false } });
    expect(off.body).toMatchObject({ secretId, enabled: false });
    await operator.call('PATCH', `/admin/v1/secrets/${secretId}`, { body: { enabled: true } });
    const next = await operator.call('POST', `/admin/v1/secrets/${secretId}/rotate`, {
      body: { overlapSeconds: 3600 },
    });
    const endsAt = new Date(started.clock.now + 3_600_000).toISOString();
    expect(next.body.replaced).toEqual({ secretId, endsAt });
    const listed = (await operator.call('GET', `${apps}/secrets`)).body.items;
    expect(listed).toHaveLength(3);
    expect(JSON.stringify(listed)).not.toContain(pair.secret.secretKey);

    const key = await operator.call('POST', `${apps}/api-keys`, {
      body: { name: 'till', networks: ['10.0.0.0/8'], scopes: ['judge'] },
    });
    expect(key.body.apiKey).toMatch(/^lsk_\w{44}$/);
    const { keyId } = key.body.summary;
    const renewed = await operator.call('POST', `/admin/v1/api-keys/${keyId}/rotate`, {
      body: { overlapSeconds: 0 },
    });
    expect(renewed.body.summary).toMatchObject({ name: 'till', networks: ['10.0.0.0/8'], enabled: true });
    const keys = (await operator.call('GET', `${apps}/api-keys`)).body.items;
    const old = keys.find((one: { keyId: string }) => one.keyId === keyId);
    expect(old.expiresAt).toBe(new Date(started.clock.now).toISOString());
    expect(
      await operator.call('PATCH', '/admin/v1/api-keys/nothing', { body: { enabled: true } }),
    ).toMatchObject({ status: 404, body: { code: 'api_key_unknown' } });
  });

  it('of the old service are brought along', async () => {
    const started = await startConsole();
    const operator = await started.signedIn('operator');
    const brought = { secretId: 'AKIDbrought00001', secretKey: 'k'.repeat(32) };
    const made = await operator.call('POST', '/admin/v1/apps', { body: { appid: '1000001', ...brought } });
    expect(made.body.secret).toEqual(brought);
    const half = { secretId: 'AKIDbrought00002' };
    expect((await operator.call('POST', '/admin/v1/apps/1000001/secrets', { body: half })).body.code).toBe(
      'secret_incomplete',
    );
  });
});

describe('a preview of a policy', () => {
  it('tries the newest pictures, and says where it left some out', async () => {
    const { store } = await startConsole();
    for (const rawScore of [10, 20, 30, 40, 50]) {
      const at = new Date(Date.UTC(2026, 10, 23, 9, rawScore));
      await store.ledger.append(someRow({ at, rawScore }));
    }
    const read = async (most: number) => {
      const newest = newestRows(store.ledger, most);
      const scores: (number | null)[] = [];
      for await (const { rawScore } of newest.read({ appid: '1000001' })) scores.push(rawScore);
      return [scores, newest.isWhole()];
    };
    expect(await read(2)).toEqual([[50, 40], false]);
    expect(await read(5)).toEqual([[50, 40, 30, 20, 10], true]);
    expect(await read(9)).toEqual([[50, 40, 30, 20, 10], true]);
  });
});

describe('the master key', () => {
  it('is replaced by an administrator, and old pairs still open', async () => {
    const started = await startConsole();
    const admin = await started.signedIn('administrator');
    const made = await admin.call('POST', '/admin/v1/apps', { body: { appid: '1000001' } });
    const turned = await admin.call('POST', '/admin/v1/master-key/rotate');
    expect(turned).toMatchObject({ status: 200, body: { reencrypted: 1 } });
    const { secretId, secretKey } = made.body.secret;
    expect((await started.store.accounts.findSecret(secretId))?.secretKey).toBe(secretKey);
    expect((await started.store.chains.adminLog(1))[0]?.action).toMatch(/master/);
  });
});

describe('admin keys', () => {
  it('work without cookie and CSRF token, under their own name in the log, until they are removed', async () => {
    const started = await startConsole();
    const admin = await started.signedIn('administrator');
    const made = await admin.call('POST', '/admin/v1/admin-keys', {
      body: { name: 'CI', role: 'operator', networks: ['127.0.0.0/8'] },
    });
    const headers = { authorization: `Bearer ${made.body.adminKey}` };
    const { keyId } = made.body.key;
    const app = await started.call('POST', '/admin/v1/apps', { body: { appid: '1000001' }, headers });
    expect(app.status).toBe(201);
    expect((await started.call('GET', '/admin/v1/me', { headers })).body).toMatchObject({
      user: null,
      key: { id: keyId, role: 'operator' },
    });
    const [entry] = await started.store.chains.adminLog(1, { action: 'app.create' });
    expect(entry?.actor).toEqual({ kind: 'key', name: keyId, from: '127.0.0.1' });
    const wrong = { authorization: `${headers.authorization.slice(0, -1)}-` };
    expect((await started.call('GET', '/admin/v1/apps', { headers: wrong })).status).toBe(401);
    expect((await admin.call('DELETE', `/admin/v1/admin-keys/${keyId}`)).status).toBe(204);
    expect((await started.call('GET', '/admin/v1/apps', { headers })).status).toBe(401);
  });

  it('count from their networks and until their end alone', async () => {
    const started = await startConsole();
    const admin = await started.signedIn('administrator');
    const make = async (body: object) => {
      const all = { name: 'CI', role: 'viewer', ...body };
      const { adminKey } = (await admin.call('POST', '/admin/v1/admin-keys', { body: all })).body;
      return { authorization: `Bearer ${adminKey}` };
    };
    const elsewhere = await make({ networks: ['10.0.0.0/8'] });
    expect((await started.call('GET', '/admin/v1/apps', { headers: elsewhere })).status).toBe(401);
    const short = await make({ expiresAt: new Date(started.clock.now + 1000).toISOString() });
    expect((await started.call('GET', '/admin/v1/apps', { headers: short })).status).toBe(200);
    started.clock.now += 1000;
    expect((await started.call('GET', '/admin/v1/apps', { headers: short })).status).toBe(401);
  });
});

describe('users in the admin API', () => {
  it('are invited by a link, changed, reset and removed', async () => {
    const started = await startConsole();
    const admin = await started.signedIn('administrator', 'Ann');
    const invited = await admin.call('POST', '/admin/v1/users', { body: { name: 'Bob', role: 'viewer' } });
    expect(invited).toMatchObject({ status: 201, body: { user: { name: 'Bob', hasPassword: false } } });
    const { id } = invited.body.user;
    const bob = started.browser();
    const usePassword = (link: string) =>
      bob.call('POST', '/admin/v1/setup', {
        body: { token: new URL(link).hash.slice(1), password: 'seven quiet otters' },
      });
    expect((await usePassword(invited.body.link.url)).status).toBe(201);
    expect((await usePassword(invited.body.link.url)).status).toBe(403);
    const twice = await admin.call('POST', '/admin/v1/users', { body: { name: 'BOB', role: 'viewer' } });
    expect(twice).toMatchObject({ status: 409, body: { code: 'user_exists' } });

    const reset = await admin.call('POST', `/admin/v1/users/${id}/reset`);
    expect((await bob.call('GET', '/admin/v1/me')).status).toBe(401);
    expect((await bob.signIn('Bob')).status).toBe(401);
    expect((await usePassword(reset.body.link.url)).status).toBe(201);
    const bare = await admin.call('POST', `/admin/v1/users/${id}/reset-second-factor`);
    expect(bare).toMatchObject({ status: 200, body: { totp: false, passkeys: 0, hasPassword: true } });
    const [entry] = await started.store.chains.adminLog(1);
    expect(entry?.action).toBe('user.second_factor_off');
    expect((await bob.call('GET', '/admin/v1/me')).status).toBe(401);
    expect((await bob.signIn('Bob')).status).toBe(200);
    await admin.call('PATCH', `/admin/v1/users/${id}`, { body: { enabled: false } });
    expect((await bob.signIn('Bob')).status).toBe(401);
    expect((await admin.call('DELETE', `/admin/v1/users/${id}`)).status).toBe(204);
    expect((await admin.call('GET', '/admin/v1/users')).body.items).toHaveLength(1);
    const me = (await admin.call('GET', '/admin/v1/me')).body.user.id;
    expect(await admin.call('DELETE', `/admin/v1/users/${me}`)).toMatchObject({
      status: 409,
      body: { code: 'last_administrator' },
    });
  });
});

describe('the log of changes in the admin API', () => {
  it('says who changed what from where, page by page, with its place in the chain', async () => {
    const started = await startConsole();
    const admin = await started.signedIn('administrator', 'Ann');
    const auditor = await started.signedIn('auditor', 'Aud');
    await admin.call('POST', '/admin/v1/apps', { body: { appid: '1000001', name: 'Desk' } });
    await admin.call('PATCH', '/admin/v1/apps/1000001', { body: { name: 'Front desk' } });
    const first = (await auditor.call('GET', '/admin/v1/admin-log?limit=2')).body;
    expect(first.items[0]).toMatchObject({
      action: 'app.rename',
      target: '1000001',
      actor: { kind: 'console', name: 'Ann', from: '127.0.0.1' },
      before: { name: 'Desk' },
      after: { name: 'Front desk' },
    });
    const { chain } = first.items[0];
    expect(await started.store.chains.hashAt('admin', chain.id)).toBe(chain.hash);
    const seen = [...first.items];
    for (let { next } = first; next !== null; ) {
      const page = (await auditor.call('GET', `/admin/v1/admin-log?limit=2&after=${next}`)).body;
      seen.push(...page.items);
      next = page.next;
    }
    expect(seen).toEqual((await auditor.call('GET', '/admin/v1/admin-log')).body.items);
    const narrowed = await auditor.call('GET', '/admin/v1/admin-log?action=app&target=1000001');
    expect(narrowed.body.items).toHaveLength(2);
    const hers = (await auditor.call('GET', '/admin/v1/admin-log?actor=Ann')).body.items;
    expect(hers.map(({ action }: { readonly action: string }) => action)).toContain('app.rename');
    expect(hers.every((one: { actor: { name: string } }) => one.actor.name === 'Ann')).toBe(true);
    expect(await started.store.chains.verify('admin')).toMatchObject({ fault: null });
  });
});
