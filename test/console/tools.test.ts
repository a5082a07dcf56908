import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sign } from '../../src/account/signature/signature.ts';
import { allows, type Permission, ROLES } from '../../src/console/permissions.ts';
import type { Store } from '../../src/store/open.ts';
import type { DoctorDeps } from '../../src/wire/admin/doctor.ts';
import { toolsAreas } from '../../src/wire/admin/tools.ts';
import { startConsole } from './support.ts';

const SETTINGS = { skewSeconds: 300, windowSeconds: 900, maxDays: 90, bodySign: false };
const APPID = '1000001';
const FIRST = { secretId: 'AKIDfirst00000001', secretKey: 'first-key-of-the-app-000000000001' };
const SECOND = { secretId: 'AKIDsecond0000002', secretKey: 'second-key-of-the-app-00000000002' };

interface Options {
  readonly examine?: DoctorDeps['examine'];
  readonly evenClock?: () => number;
}

const areasOf =
  ({ examine, evenClock = () => 0 }: Options = {}) =>
  (store: Store) =>
    toolsAreas({
      signature: { replay: store.replay, settings: SETTINGS, evenClock },
      doctor: { examine: examine ?? (async () => ({ checks: [], isWhole: true, milliseconds: 1 })) },
      batches: {
        batches: store.batches,
        readsPaths: false,
        signsWebhooks: false,
        submit: async () => {
          throw new Error('there is no queue');
        },
      },
      service: { serviceUrl: (host) => `http://${host}:8787` },
    });

const start = (options?: Options) => startConsole({ areas: areasOf(options) });

async function withApp(options?: Options) {
  const started = await start(options);
  await started.store.accounts.createApp({ appid: APPID, name: 'shop' }, FIRST);
  await started.store.accounts.addSecret(APPID, SECOND);
  const operator = await started.signedIn('operator', 'olga');
  const check = async (signature: string, more = {}) =>
    (await operator.call('POST', '/admin/v1/signature/check', { body: { signature, ...more } })).body;
  const now = started.clock.now / 1000;
  return { started, operator, check, now };
}

const good = (now: number, change = {}, key = FIRST.secretKey) =>
  sign({ appid: APPID, secretId: FIRST.secretId, issued: now, expires: now + 3600, rand: 7, ...change }, key);
const reasons = (body: { findings: { severity: string; reason: string }[] }) =>
  body.findings.filter(({ severity }) => severity === 'error').map(({ reason }) => reason);

const ROUTES: readonly (readonly [method: string, path: string, permission: Permission | 'any'])[] = [
  ['POST', '/signature/check', 'keys'],
  ['POST', '/signature/make', 'keys'],
  ['GET', '/doctor', 'doctor'],
  ['GET', '/batches', 'batches'],
  ['POST', '/batches?app=1', 'batches'],
  ['GET', '/batches/nothing', 'batches'],
  ['POST', '/batches/nothing/cancel', 'batches'],
  ['GET', '/batches/nothing/results', 'batches'],
  ['GET', '/batches/nothing/results/csv', 'batches'],
  ['GET', '/service', 'any'],
];

describe('the tools of the admin API', () => {
  it('are open to those alone whose role has the permission, as a user and with a key', async () => {
    const started = await start();
    for (const role of ROLES) {
      const browser = await started.signedIn(role);
      const authorization = `Bearer ${await started.adminKey(role)}`;
      for (const [method, path, permission] of ROUTES) {
        const body = method === 'POST' ? { body: {} } : {};
        const asUser = await browser.call(method, `/admin/v1${path}`, body);
        const asKey = await started.call(method, `/admin/v1${path}`, {
          ...body,
          headers: { authorization },
        });
        const isRefused = permission !== 'any' && !allows(role, permission);
        expect([role, path, asUser.status === 403, asKey.status === 403]).toEqual([
          role,
          path,
          isRefused,
          isRefused,
        ]);
      }
    }
    for (const [method, path] of ROUTES)
      expect((await started.call(method, `/admin/v1${path}`)).status).toBe(401);
  });

  it('say where callers reach the service', async () => {
    const started = await start();
    const viewer = await started.signedIn('viewer');
    expect((await viewer.call('GET', '/admin/v1/service')).body).toEqual({ url: 'http://127.0.0.1:8787' });
  });

  it('say what batches need where there is no job queue', async () => {
    const browser = await (await start()).signedIn('operator');
    const { status, body } = await browser.call('GET', '/admin/v1/batches');
    expect([status, body.code]).toEqual([501, 'batches_unavailable']);
  });
});

describe('a signature that is checked', () => {
  it('is taken apart, and accepted', async () => {
    const { check, now } = await withApp();
    const found = await check(`Authorization: ${good(now, { bucket: 'faces' })}`, { appid: APPID });
    expect(found).toMatchObject({
      accepted: true,
      verified: true,
      secondsAhead: 0,
      signature: {
        appid: APPID,
        secretId: FIRST.secretId,
        bucket: 'faces',
        issuedAt: '2026-11-23T10:00:00.000Z',
        expiresAt: '2026-11-23T11:00:00.000Z',
        singleUse: false,
      },
    });
    expect(reasons(found)).toEqual([]);
  });

  it('is said everything that is wrong with it, and no key leaves the service', async () => {
    const { started, check, now } = await withApp();
    expect(reasons(await check('§§'))).toEqual(['not_base64']);
    expect(reasons(await check(''))).toEqual(['sign_empty']);
    expect(reasons(await check('A'.repeat(9000)))).toEqual(['sign_too_long']);
    expect(reasons(await check(good(now - 7200)))).toEqual(['expired']);
    const ahead = await check(good(now + 600));
    expect(reasons(ahead)).toEqual(['clock_ahead']);
    expect(ahead.secondsAhead).toBe(600);
    expect(reasons(await check(good(now), { appid: '2' }))).toEqual(['appid_differs']);
    expect(reasons(await check(good(now, { appid: '7' })))).toEqual(['appid_unknown']);
    const other = await check(good(now, {}, SECOND.secretKey));
    expect(other.findings[0]).toMatchObject({
      reason: 'hmac_differs',
      code: 14,
      text: expect.stringContaining(SECOND.secretId),
      fix: expect.stringContaining(SECOND.secretId),
    });
    const swapped = createHmac('sha1', FIRST.secretId).update('x').digest('base64');
    for (const text of [good(now, {}, 'no key of anybody'), good(now, {}, SECOND.secretKey), swapped]) {
      const answer = JSON.stringify(await check(text));
      expect(answer).not.toContain(FIRST.secretKey);
      expect(answer).not.toContain(SECOND.secretKey);
    }
    await started.store.accounts.setAppState(APPID, 'suspended');
    expect(reasons(await check(good(now - 7200)))).toEqual(['account_suspended', 'expired']);
  });

  it('for single use is said to be used, or not to be yet; looking does not use it up', async () => {
    const { started, check, now } = await withApp();
    const once = good(now, { expires: 0, fileid: 'selfie' });
    for (let i = 0; i < 2; i++) {
      expect((await check(once)).findings).toMatchObject([
        { severity: 'note', text: expect.stringContaining('not used yet') },
      ]);
    }
    const digest = Buffer.from(once, 'base64').subarray(0, 20).toString('hex');
    await started.store.replay.remember(digest, new Date(Date.now() + 60_000));
    expect(reasons(await check(once))).toEqual(['replay']);
  });

  it('is advised in Chinese too', async () => {
    const { operator, now } = await withApp();
    const headers = { 'accept-language': 'zh-CN' };
    const { body } = await operator.call('POST', '/admin/v1/signature/check', {
      body: { signature: good(now - 7200) },
      headers,
    });
    expect(body.findings[0].fix).toContain('重新签名');
  });

  it('is looked at so many times a minute and caller', async () => {
    let clock = 0;
    const { started, operator } = await withApp({ evenClock: () => clock });
    const ask = () => operator.call('POST', '/admin/v1/signature/check', { body: { signature: 'x' } });
    for (let i = 0; i < 60; i++) expect((await ask()).status).toBe(200);
    const refused = await ask();
    expect([refused.status, refused.body.code]).toEqual([429, 'too_many_calls']);
    expect(refused.headers.get('retry-after')).toBe('1');
    const make = { body: { appid: APPID } };
    expect((await operator.call('POST', '/admin/v1/signature/make', make)).status).toBe(429);
    const other = await started.signedIn('administrator');
    expect((await other.call('POST', '/admin/v1/signature/make', make)).status).toBe(200);
    clock += 1000;
    expect((await ask()).status).toBe(200);
  });
});

describe('a signature that is made', () => {
  it('is accepted, for many uses or for one, with the newest pair or a named one', async () => {
    const { started, operator, check } = await withApp();
    const make = async (body: object) => operator.call('POST', '/admin/v1/signature/make', { body });
    const { body: many } = await make({ appid: APPID, seconds: 600, bucket: '' });
    expect(many).toMatchObject({ secretId: SECOND.secretId, singleUse: false, accepted: true });
    expect(many.expires - many.issued).toBe(600);
    expect(await check(many.signature)).toMatchObject({ accepted: true, verified: true });
    const { body: once } = await make({
      appid: APPID,
      secretId: FIRST.secretId,
      once: true,
      fileid: 'selfie',
    });
    expect(once).toMatchObject({ secretId: FIRST.secretId, singleUse: true, expires: 0 });
    expect(await check(once.signature)).toMatchObject({ accepted: true });
    const [entry] = await started.store.chains.adminLog(1, { action: 'signature.make' });
    expect(entry).toMatchObject({
      target: FIRST.secretId,
      actor: { kind: 'console', name: 'olga' },
      after: { appid: APPID, singleUse: true },
    });
    expect(JSON.stringify(entry)).not.toContain(once.signature);
  });

  it('is refused with words for what is missing or cannot be', async () => {
    const { started, operator } = await withApp();
    const make = async (body: object) => {
      const { status, body: answer } = await operator.call('POST', '/admin/v1/signature/make', { body });
      return [status, answer.code];
    };
    expect(await make({ appid: '7' })).toEqual([404, 'app_unknown']);
    expect(await make({ appid: APPID, secretId: 'AKIDnobody' })).toEqual([404, 'secret_unknown']);
    expect(await make({ appid: APPID, once: true })).toEqual([400, 'fileid_missing']);
    expect(await make({ appid: APPID, bucket: 'a&k=b' })).toEqual([400, 'invalid_bucket']);
    expect(await make({ appid: APPID, seconds: 0 })).toEqual([400, 'invalid_request']);
    for (const { secretId } of [FIRST, SECOND])
      await started.store.accounts.setSecretEnabled(secretId, false);
    expect(await make({ appid: APPID })).toEqual([409, 'no_usable_secret']);
    await started.store.accounts.setSecretEnabled(FIRST.secretId, true);
    const long = { appid: APPID, seconds: 100 * 86_400 };
    const { body } = await operator.call('POST', '/admin/v1/signature/make', { body: long });
    expect([body.accepted, reasons(body)]).toEqual([false, ['over_maximum']]);
  });
});

describe('the doctor', () => {
  it('is asked by the page', async () => {
    const check = { name: 'clock', status: 'warn', found: 'late', advice: 'Set it.' } as const;
    const examine = async () => ({ checks: [check], isWhole: true, milliseconds: 3 });
    const browser = await (await start({ examine })).signedIn('operator');
    expect((await browser.call('GET', '/admin/v1/doctor')).body).toEqual({
      at: '2026-11-23T10:00:00.000Z',
      checks: [check],
      isWhole: true,
      milliseconds: 3,
    });
  });
});
