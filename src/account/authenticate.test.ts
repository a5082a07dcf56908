import { beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../faults.ts';
import type { Store } from '../store/open.ts';
import { temporaryFolder, temporaryStore } from '../store/test-support/temp-store.ts';
import { createAuthenticator } from './authenticate.ts';
import { digestOf, type SignatureContent, sign } from './signature/signature.ts';
import type { AuthenticationRequest, Authenticator, SignatureSettings } from './types.ts';

const now = 1_795_000_000;
const settings: SignatureSettings = { skewSeconds: 300, windowSeconds: 900, maxDays: 90, bodySign: false };
const key = 'k'.repeat(32);
const mine = 'AKIDmine00000001';
const theirs = 'AKIDtheirs000001';
const content: SignatureContent = {
  appid: '1000001',
  secretId: mine,
  expires: now + 3600,
  issued: now,
  rand: 1,
};

let dataDir: string;
let store: Store;
let clock: number;
let authenticator: Authenticator;

function authenticatorOn({ accounts, replay }: Store, more: Partial<SignatureSettings> = {}): Authenticator {
  return createAuthenticator({
    accounts,
    replay,
    clock: () => clock * 1000,
    settings: { ...settings, ...more },
  });
}

beforeEach(async () => {
  clock = now;
  dataDir = await temporaryFolder();
  store = await temporaryStore({ dataDir });
  await store.accounts.createApp(
    { appid: '1000001', name: 'mine', buckets: ['mine'] },
    { secretId: mine, secretKey: key },
  );
  await store.accounts.createApp(
    { appid: '1000002', name: 'theirs', buckets: ['theirs'] },
    { secretId: theirs, secretKey: key },
  );
  authenticator = authenticatorOn(store);
});

const request = (parts: Partial<SignatureContent> = {}, secretKey = key): AuthenticationRequest => ({
  authorization: sign({ ...content, ...parts }, secretKey),
  bodyAppid: '1000001',
});

/** `accepted`, or code and reason of the refusal. */
async function answer(asked: AuthenticationRequest, by = authenticator): Promise<string> {
  try {
    await by.authenticate(asked);
    return 'accepted';
  } catch (error) {
    if (error instanceof Fault) return `${error.kind} ${error.reason}`;
    throw error;
  }
}

describe('a good request', () => {
  it('names the caller', async () => {
    const caller = await authenticator.authenticate(request());
    expect(caller).toMatchObject({
      app: { appid: '1000001', name: 'mine' },
      secretId: mine,
      singleUse: false,
    });
  });

  it('may come twice with the same multi-use signature', async () => {
    const asked = request();
    expect([await answer(asked), await answer(asked)]).toEqual(['accepted', 'accepted']);
  });

  it('leaves the time of use on its pair, written at the latest when the store closes', async () => {
    await authenticator.authenticate(request());
    await store.close();
    const again = await temporaryStore({ dataDir });
    const [pair] = await again.accounts.listSecrets('1000001');
    expect(pair!.lastUsedAt).toEqual(new Date(now * 1000));
  });

  it('may sign for a bucket of its own, or for none', async () => {
    expect(await answer(request({ bucket: 'mine' }))).toBe('accepted');
    expect(await answer(request({ bucket: '' }))).toBe('accepted');
  });

  it('need not name a bucket though its app lists some: the Node SDK has no field for one', async () => {
    const original = Buffer.from(`a=1000001&k=${mine}&e=${now + 3600}&t=${now}&r=1&u=0&f=`);
    const authorization = Buffer.concat([digestOf(original, key), original]).toString('base64');
    expect(await answer({ authorization, bodyAppid: '1000001' })).toBe('accepted');
  });
});

describe('the order of the checks', () => {
  /** Each fault with all the later ones: the answer must be the first of them. */
  const everyLater = { expires: now - 1, issued: now - 2, bucket: 'theirs' };
  it.each<[string, () => AuthenticationRequest, string]>([
    ['no signature', () => ({ authorization: undefined, bodyAppid: '9' }), 'signature_missing sign_missing'],
    ['not a signature', () => ({ authorization: 'AAAA', bodyAppid: '9' }), 'signature_malformed too_short'],
    [
      'appid unknown',
      () => request({ ...everyLater, appid: '1000009', secretId: 'AKIDnobody000001' }, 'x'),
      'app_unknown appid_unknown',
    ],
    ['appid in brackets', () => request({ appid: '[1000001]' }), 'app_unknown appid_in_brackets'],
    [
      'SecretId unknown',
      () => request({ ...everyLater, secretId: 'AKIDnobody000001' }, 'x'),
      'key_unknown secretid_unknown',
    ],
    ['SecretId in brackets', () => request({ secretId: `[${mine}]` }), 'key_unknown secretid_in_brackets'],
    [
      'SecretId of another app',
      () => request({ ...everyLater, secretId: theirs }, 'x'),
      'key_unusable secretid_of_another_app',
    ],
    ['wrong key', () => request(everyLater, 'x'), 'signature_invalid hmac_differs'],
    ['expired', () => request(everyLater), 'signature_expired expired'],
    [
      'clock ahead',
      () => request({ expires: now + 9000, issued: now + 7200 }),
      'signature_invalid clock_ahead',
    ],
    [
      'body for another app',
      () => ({ ...request({ bucket: 'theirs' }), bodyAppid: '1000002' }),
      'signature_misdirected appid_differs',
    ],
    [
      'bucket of another app',
      () => request({ bucket: 'theirs' }),
      'signature_misdirected bucket_of_another_app',
    ],
    ['bucket unknown', () => request({ bucket: 'nobodys' }), 'bucket_unknown bucket_unknown'],
  ])('%s', async (_what, asked, expected) => {
    expect(await answer(asked())).toBe(expected);
  });

  it('puts a disabled pair before its digest, the digest before a suspended app, and that before a replay', async () => {
    const once = { expires: 0, fileid: 'f' };
    expect(await answer(request(once))).toBe('accepted');
    await store.accounts.setAppState('1000001', 'suspended');
    expect(await answer(request(once))).toBe('app_suspended account_suspended');
    expect(await answer(request(once, 'x'))).toBe('signature_invalid hmac_differs');
    await store.accounts.setSecretEnabled(mine, false);
    expect(await answer(request(once, 'x'))).toBe('key_unusable secretid_disabled');
    await store.accounts.setSecretEnabled(mine, true);
    await store.accounts.setAppState('1000001', 'active');
    expect(await answer({ ...request(once), bodyAppid: '1000002' })).toBe('signature_replayed replay');
    await store.accounts.setAppState('1000001', 'closed');
    expect(await answer(request())).toBe('app_closed account_closed');
  });
});

describe('changes made by another process', () => {
  it('count from the next request on', async () => {
    const other = await temporaryStore({ dataDir });
    await other.accounts.setAppState('1000001', 'suspended');
    expect(await answer(request())).toBe('app_suspended account_suspended');
    await other.accounts.setAppState('1000001', 'active');
    expect(await answer(request())).toBe('accepted');
  });

  it('let a rotated pair work until its overlap is over, and the new one at once', async () => {
    const next = { secretId: 'AKIDnext00000001', secretKey: 'n'.repeat(32) };
    await store.accounts.rotateSecret(mine, next, new Date((now + 100) * 1000));
    const old = request();
    expect(await answer(request({ secretId: next.secretId }, next.secretKey))).toBe('accepted');
    expect(await answer(old)).toBe('accepted');
    clock = now + 100;
    expect(await answer(old)).toBe('key_unusable secretid_ended');
  });
});

describe('a single-use signature', () => {
  const once = () => request({ expires: 0, fileid: 'selfie' });

  it('is accepted once, also after a restart', async () => {
    const asked = once();
    expect([await answer(asked), await answer(asked)]).toEqual(['accepted', 'signature_replayed replay']);
    await store.close();
    const again = await temporaryStore({ dataDir });
    expect(await answer(asked, authenticatorOn(again))).toBe('signature_replayed replay');
  });

  it('is accepted once when it comes many times at the same moment, in two processes', async () => {
    const asked = once();
    const second = authenticatorOn(await temporaryStore({ dataDir }));
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => answer(asked, i % 2 === 0 ? authenticator : second)),
    );
    expect(answers.filter((one) => one === 'accepted')).toHaveLength(1);
    expect(answers.filter((one) => one === 'signature_replayed replay')).toHaveLength(39);
  });

  it('cannot be used again in another spelling', async () => {
    const asked = once();
    expect(await answer(asked)).toBe('accepted');
    const spelled = `"${encodeURIComponent(asked.authorization!)}"`;
    expect(await answer({ ...asked, authorization: spelled })).toBe('signature_replayed replay');
  });

  it('is used up by a request that the body spoils, as the contract orders it', async () => {
    expect(await answer({ ...once(), bodyAppid: '1000002' })).toBe('signature_misdirected appid_differs');
    expect(await answer(once())).toBe('signature_replayed replay');
  });

  it('is not used up by a request that is refused earlier', async () => {
    await store.accounts.setAppState('1000001', 'suspended');
    expect(await answer(once())).toBe('app_suspended account_suspended');
    await store.accounts.setAppState('1000001', 'active');
    expect(await answer(once())).toBe('accepted');
  });

  it('is over after its window', async () => {
    clock = now + 901;
    expect(await answer(once())).toBe('signature_expired single_use_window_over');
  });
});

describe('the sign member of the body', () => {
  const moved = (): AuthenticationRequest => {
    const { authorization, bodyAppid } = request();
    return { authorization: undefined, bodyAppid, bodySign: authorization };
  };

  it('is ignored by default', async () => {
    expect(await answer(moved())).toBe('signature_missing sign_missing');
  });

  it('stands in for a missing or empty header when switched on, never for one that is there', async () => {
    const tolerant = authenticatorOn(store, { bodySign: true });
    expect(await answer(moved(), tolerant)).toBe('accepted');
    expect(await answer({ ...moved(), authorization: ' ' }, tolerant)).toBe('accepted');
    expect(await answer({ ...moved(), authorization: 'AAAA' }, tolerant)).toBe(
      'signature_malformed too_short',
    );
    expect(await answer({ authorization: undefined, bodyAppid: '1000001' }, tolerant)).toBe(
      'signature_missing sign_missing',
    );
  });
});

describe('refusals', () => {
  it('never hold the key, the digest or the whole signature', async () => {
    const asked = request({}, 'x'.repeat(32));
    const error = await authenticator.authenticate(asked).catch((caught: Fault) => caught);
    const said = JSON.stringify([error, (error as Fault).message]);
    expect(said).not.toContain(key);
    expect(said).not.toContain(asked.authorization!.slice(0, 20));
  });

  it('quote and cut what the caller sent', async () => {
    const error = await authenticator
      .authenticate(request({ appid: `1\n${'9'.repeat(500)}` }))
      .catch((caught: Fault) => caught);
    expect((error as Fault).message).toMatch(/^no app has the signed appid "1\\n9{62}…"$/);
  });
});
