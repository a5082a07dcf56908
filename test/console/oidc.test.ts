import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OidcSettings } from '../../src/console/oidc/settings.ts';
import {
  CLIENT,
  type LocalProvider,
  startProvider,
  type TokenParts,
  throughProvider,
} from '../support/oidc-provider.ts';
import { type Browser, PASSWORD, type Reply, startConsole } from './support.ts';

let provider: LocalProvider;

beforeAll(async () => {
  // The provider says of itself that it is not set up for the world.
  for (const level of ['info', 'warn'] as const) vi.spyOn(console, level).mockImplementation(() => {});
  provider = await startProvider();
});

afterAll(async () => {
  vi.restoreAllMocks();
  await provider?.stop();
});

beforeEach(() => {
  provider.tamper = () => {};
  provider.accounts.clear();
  provider.accounts.set('s-1', {
    preferred_username: 'ann',
    email: 'ann@example.org',
    groups: ['desk', 'staff'],
  });
  provider.person = 's-1';
});

const settings = (): OidcSettings => ({
  issuer: provider.issuer,
  clientId: CLIENT.id,
  clientSecret: async () => CLIENT.secret,
  scopes: ['openid', 'profile', 'groups'],
  name: 'Example ID',
  origins: [],
  claim: 'groups',
  groups: { administrator: ['admins'], operator: ['desk'], auditor: ['audit'], viewer: [] },
  others: 'refuse',
  endsSession: true,
  proofWithoutTime: false,
});

async function start(
  change: Partial<OidcSettings> = {},
  options: { readonly claimsInIdToken?: boolean } = {},
) {
  const started = await startConsole({
    oidc: { settings: { ...settings(), ...change }, fetch: (url, init) => fetch(url, init) },
  });
  started.clock.now = Date.now();
  provider.serve(started.publicUrl, options);
  const boss = await started.signedIn('administrator');

  const begin = async (browser: Browser) => {
    const reply = await browser.call('POST', '/admin/v1/sign-in/oidc');
    expect(reply.status).toBe(200);
    return reply.body.url as string;
  };
  const finish = (browser: Browser, returned: string): Promise<Reply> =>
    browser.call('POST', '/admin/v1/sign-in/oidc/finish', { body: { query: new URL(returned).search } });
  const signIn = async (browser = started.browser()) => {
    const reply = await finish(browser, await throughProvider(await begin(browser)));
    return { browser, reply };
  };
  return { ...started, boss, begin, finish, signIn };
}

describe('signing in at an OpenID Connect provider', () => {
  it('makes a user with the role that the groups give, and finds that one again', async () => {
    const started = await start();
    expect((await started.call('GET', '/admin/v1/state')).body.signIn).toMatchObject({
      oidc: true,
      oidcName: 'Example ID',
    });
    const { browser, reply } = await started.signIn();
    expect(reply).toMatchObject({
      status: 200,
      body: { user: { name: 'ann', role: 'operator', provider: provider.issuer } },
    });
    expect((await browser.call('GET', '/admin/v1/me')).body.permissions).toContain('keys');
    const again = await started.signIn();
    expect(again.reply.body.user.id).toBe(reply.body.user.id);
    expect(await started.store.console.listUsers()).toHaveLength(2);
    const [entry] = await started.store.chains.adminLog(1, { action: 'user.create' });
    expect(entry).toMatchObject({ actor: { kind: 'system', name: 'oidc' }, after: { name: 'ann' } });
  });

  it.each([
    ['the user info', false],
    ['the ID token', true],
  ])('reads the groups out of %s', async (_where, claimsInIdToken) => {
    const started = await start({}, { claimsInIdToken });
    const before = provider.asked.length;
    expect((await started.signIn()).reply.body.user.role).toBe('operator');
    expect(provider.asked.slice(before).some((path) => path.startsWith('/me'))).toBe(!claimsInIdToken);
  });

  it('sends code challenge, state and nonce, the exact address to return to, and asks for a code alone', async () => {
    const started = await start();
    const { searchParams } = new URL(await started.begin(started.browser()));
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: CLIENT.id,
      response_type: 'code',
      redirect_uri: `${started.publicUrl}/console/oidc`,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('never takes a user over who has the name or the e-mail address already', async () => {
    const started = await start();
    await started.signedIn('administrator', 'ann');
    await started.signedIn('administrator', 'ann@example.org');
    const { reply } = await started.signIn();
    expect(reply.body.user).toMatchObject({ name: 'ann (2)', role: 'operator' });
    expect((await started.browser().signIn('ann')).body.user.role).toBe('administrator');
    provider.accounts.set('s-2', { preferred_username: 'ann', email: 'ann@example.org', groups: ['audit'] });
    provider.person = 's-2';
    expect((await started.signIn()).reply.body.user).toMatchObject({ name: 'ann (3)', role: 'auditor' });
  });

  it.each(['ann\u200b', 'a\u202ena', '\u2028ann', 'ann\u200d'])(
    'gives nobody a name that looks like that of another user: %j',
    async (name) => {
      const started = await start();
      provider.accounts.set('s-1', { preferred_username: name, email: 'eve@example.org', groups: ['audit'] });
      expect((await started.signIn()).reply.body.user.name).toBe('eve@example.org');
    },
  );

  it('makes one user of two first sign-ins at once', async () => {
    const started = await start();
    const both = await Promise.all([started.signIn(), started.signIn()]);
    expect(new Set(both.map(({ reply }) => reply.body.user.id)).size).toBe(1);
  });

  it('leaves users with a password as they are', async () => {
    const started = await start();
    expect((await started.browser().signIn('the administrator')).status).toBe(200);
    expect((await started.boss.call('GET', '/admin/v1/me')).body.user.provider).toBeNull();
  });

  it('ends here, and says where it ends at the provider', async () => {
    const started = await start();
    const { browser } = await started.signIn();
    const out = await browser.call('POST', '/admin/v1/sign-out');
    const url = new URL(out.body.signOutUrl);
    expect(url.href.startsWith(`${provider.issuer}/session/end?`)).toBe(true);
    expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${started.publicUrl}/console/`);
    expect((await browser.call('GET', '/admin/v1/me')).status).toBe(401);
    expect((await started.boss.call('POST', '/admin/v1/sign-out')).status).toBe(204);
    const quiet = await start({ endsSession: false });
    expect((await (await quiet.signIn()).browser.call('POST', '/admin/v1/sign-out')).status).toBe(204);
  });
});

describe('a role that a provider gives', () => {
  it('follows the groups at each sign-in, and ends the sessions with the old one', async () => {
    const started = await start();
    const first = await started.signIn();
    provider.accounts.set('s-1', { preferred_username: 'ann', groups: ['audit'] });
    expect((await started.signIn()).reply.body.user.role).toBe('auditor');
    expect((await first.browser.call('GET', '/admin/v1/me')).status).toBe(401);
    const [entry] = await started.store.chains.adminLog(1, { action: 'user.change' });
    expect(entry).toMatchObject({ before: { role: 'operator' }, after: { role: 'auditor' } });
  });

  it('is taken, with all sessions, from whoever is in no group any more', async () => {
    const started = await start();
    const first = await started.signIn();
    provider.accounts.set('s-1', { preferred_username: 'ann', groups: ['staff'] });
    const { reply } = await started.signIn();
    expect(reply).toMatchObject({ status: 403, body: { code: 'oidc_refused' } });
    expect((await first.browser.call('GET', '/admin/v1/me')).status).toBe(401);
    const users = await started.store.console.listUsers();
    expect(users.find(({ name }) => name === 'ann')?.role).toBe('viewer');
  });

  it.each([
    ['no claim at all', undefined],
    ['other groups', ['staff']],
    ['the name in other letters', ['Desk', 'desk ', 'desk,admins']],
    ['another type', { desk: true }],
  ])('is missing with %s: nobody is made', async (_what, groups) => {
    const started = await start();
    provider.accounts.set('s-1', { preferred_username: 'ann', groups });
    expect((await started.signIn()).reply).toMatchObject({ status: 403, body: { code: 'oidc_refused' } });
    expect(await started.store.console.listUsers()).toHaveLength(1);
  });

  it('is that of a viewer for all others where that is configured', async () => {
    const started = await start({ others: 'viewer' });
    provider.accounts.set('s-1', { preferred_username: 'ann' });
    expect((await started.signIn()).reply.body.user.role).toBe('viewer');
  });

  it('is not needed by users who are switched off: they stay out', async () => {
    const started = await start();
    const { reply, browser } = await started.signIn();
    const off = await started.boss.call('PATCH', `/admin/v1/users/${reply.body.user.id}`, {
      body: { enabled: false },
    });
    expect(off.status).toBe(200);
    expect((await browser.call('GET', '/admin/v1/me')).status).toBe(401);
    expect((await started.signIn()).reply).toMatchObject({ status: 403, body: { code: 'oidc_refused' } });
  });

  it('has no way round it: no password, code or passkey for such a user', async () => {
    const started = await start();
    const { reply, browser } = await started.signIn();
    const refused = { status: 409, body: { code: 'user_of_provider' } };
    const password = await browser.call('POST', '/admin/v1/me/password', {
      body: { current: '', password: PASSWORD },
    });
    expect(password).toMatchObject(refused);
    const id = reply.body.user.id as string;
    expect(await started.boss.call('POST', `/admin/v1/users/${id}/reset`)).toMatchObject(refused);
    const { console } = started.store;
    await expect(console.changeUser(id, { totpSecret: 'JBSWY3DPEHPK3PXP' })).rejects.toMatchObject({
      reason: 'user_of_provider',
    });
    const passkey = { id: 'p', userId: id, name: 'key', publicKey: 'k', counter: 0, transports: [] };
    await expect(console.addPasskey(passkey)).rejects.toMatchObject({ reason: 'user_of_provider' });
  });

  it('cannot close the setup of a console that has no administrator', async () => {
    const started = await startConsole({
      oidc: { settings: settings(), fetch: (url, init) => fetch(url, init) },
    });
    started.clock.now = Date.now();
    provider.serve(started.publicUrl);
    const tried = async () => {
      const browser = started.browser();
      const { url } = (await browser.call('POST', '/admin/v1/sign-in/oidc')).body;
      const query = new URL(await throughProvider(url)).search;
      return browser.call('POST', '/admin/v1/sign-in/oidc/finish', { body: { query } });
    };
    expect(await tried()).toMatchObject({ status: 403, body: { code: 'oidc_refused' } });
    expect((await started.call('GET', '/admin/v1/state')).body.needsSetup).toBe(true);
    provider.accounts.set('s-1', { preferred_username: 'ann', groups: ['admins'] });
    expect((await tried()).body.user.role).toBe('administrator');
    provider.accounts.set('s-1', { preferred_username: 'ann', groups: ['desk'] });
    expect(await tried()).toMatchObject({ status: 403, body: { code: 'oidc_refused' } });
  });
});

describe('an answer of a provider is refused', () => {
  const failed = { status: 401, body: { code: 'oidc_failed' } };

  it('with another state, or none, or two', async () => {
    const started = await start();
    const browser = started.browser();
    const returned = new URL(await throughProvider(await started.begin(browser)));
    const code = returned.searchParams.get('code');
    const state = returned.searchParams.get('state');
    const others = [
      `?code=${code}&state=${'x'.repeat(43)}`,
      `?code=${code}`,
      `?code=${code}&state=${state}&state=${state}`,
    ];
    for (const query of others) {
      const url = new URL(query, returned).href;
      expect(await started.finish(browser, url)).toMatchObject(failed);
    }
    expect((await started.finish(browser, returned.href)).status).toBe(200);
  });

  it('in another browser than the one it was begun in', async () => {
    const started = await start();
    const mine = started.browser();
    const returned = await throughProvider(await started.begin(mine));
    const other = started.browser();
    expect(await started.finish(other, returned)).toMatchObject(failed);
    await started.begin(other);
    expect(await started.finish(other, returned)).toMatchObject(failed);
    expect((await started.finish(mine, returned)).status).toBe(200);
  });

  it('when it is used again, or comes after ten minutes', async () => {
    const started = await start();
    const browser = started.browser();
    const url = await started.begin(browser);
    const returned = await throughProvider(url);
    const held = browser.cookie;
    expect((await started.finish(browser, returned)).status).toBe(200);
    browser.cookie = held;
    expect(await started.finish(browser, returned)).toMatchObject(failed);
    const late = started.browser();
    const returnedLate = await throughProvider(await started.begin(late));
    started.clock.now += 10 * 60_000;
    expect(await started.finish(late, returnedLate)).toMatchObject(failed);
  });

  it('with a code that was used already', async () => {
    const started = await start();
    const one = started.browser();
    const returned = new URL(await throughProvider(await started.begin(one)));
    expect((await started.finish(one, returned.href)).status).toBe(200);
    const other = started.browser();
    const state = new URL(await started.begin(other)).searchParams.get('state') ?? '';
    returned.searchParams.set('state', state);
    expect(await started.finish(other, returned.href)).toMatchObject(failed);
  });

  it('with two tabs under way it belongs to its own', async () => {
    const started = await start();
    const browser = started.browser();
    const first = await throughProvider(await started.begin(browser));
    const second = await throughProvider(await started.begin(browser));
    expect((await started.finish(browser, second)).status).toBe(200);
    expect(await started.finish(browser, first)).toMatchObject(failed);
  });

  it('with an ID token that was not made here and now, for this sign-in', async () => {
    const now = Math.floor(Date.now() / 1000);
    const tampers: Record<string, (token: TokenParts) => void> = {
      'another nonce': ({ payload }) => {
        payload.nonce = 'of another sign-in';
      },
      'no nonce': ({ payload }) => {
        delete payload.nonce;
      },
      'another audience': ({ payload }) => {
        payload.aud = 'another-client';
      },
      'made for another of two clients': ({ payload }) => {
        payload.aud = [CLIENT.id, 'another-client'];
        payload.azp = 'another-client';
      },
      'an end that is past': ({ payload }) => {
        payload.exp = now - 60;
      },
      'another issuer': ({ payload }) => {
        payload.iss = 'https://id.example.org';
      },
      'the algorithm none': (token) => {
        token.header = { alg: 'none' };
        token.signature = 'none';
      },
      'an algorithm of shared keys': ({ header }) => {
        header.alg = 'HS256';
      },
      'no signature': (token) => {
        token.signature = 'none';
      },
      'a signature over other claims': (token) => {
        token.payload.groups = ['admins'];
        token.signature = 'old';
      },
      'a key that the provider does not have': ({ header }) => {
        header.kid = 'another';
      },
      'no subject': ({ payload }) => {
        delete payload.sub;
      },
    };
    const started = await start();
    const found: Record<string, unknown> = {};
    for (const [name, tamper] of Object.entries(tampers)) {
      provider.tamper = tamper;
      found[name] = (await started.signIn()).reply.body.code;
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(tampers).map((name) => [name, 'oidc_failed'])));
    expect(await started.store.console.listUsers()).toHaveLength(1);
    provider.tamper = () => {};
    expect((await started.signIn()).reply.status).toBe(200);
  });

  it('that comes from another issuer than the one that was asked (RFC 9207)', async () => {
    const started = await start();
    const browser = started.browser();
    const returned = new URL(await throughProvider(await started.begin(browser)));
    expect(returned.searchParams.get('iss')).toBe(provider.issuer);
    returned.searchParams.set('iss', 'https://evil.example.org');
    expect(await started.finish(browser, returned.href)).toMatchObject(failed);
  });

  it('where the person broke it off there', async () => {
    const started = await start();
    provider.person = null;
    const { reply } = await started.signIn();
    expect(reply).toMatchObject(failed);
    expect(reply.body.detail).toMatch(/broken off/);
  });

  it('within the clocks that may differ it is not', async () => {
    const started = await start();
    provider.tamper = ({ payload }) => {
      payload.iat = Math.floor(Date.now() / 1000) + 20;
      payload.exp = Math.floor(Date.now() / 1000) - 10;
    };
    expect((await started.signIn()).reply.status).toBe(200);
  });
});

describe('a provider', () => {
  it('is asked for nothing before the first sign-in, and its description once', async () => {
    const before = provider.asked.length;
    const started = await start();
    expect(provider.asked.length).toBe(before);
    await Promise.all([started.begin(started.browser()), started.begin(started.browser())]);
    await started.begin(started.browser());
    expect(provider.asked.slice(before)).toEqual(['/.well-known/openid-configuration']);
  });

  it('that is away is said to be, passwords go on, and it is found when it is back', async () => {
    const started = await start();
    provider.isAway = true;
    try {
      const reply = await started.browser().call('POST', '/admin/v1/sign-in/oidc');
      expect(reply).toMatchObject({ status: 503, body: { code: 'oidc_unavailable', retryable: true } });
      expect((await started.browser().signIn('the administrator')).status).toBe(200);
    } finally {
      provider.isAway = false;
    }
    started.clock.now += 6_000;
    expect((await started.signIn()).reply.status).toBe(200);
    const { browser } = await started.signIn();
    const other = started.browser();
    const returned = await throughProvider(await started.begin(other));
    provider.isAway = true;
    try {
      expect(await started.finish(other, returned)).toMatchObject({ status: 503 });
      expect((await browser.call('POST', '/admin/v1/sign-out')).status).toBe(200);
    } finally {
      provider.isAway = false;
    }
  });

  it('cannot have the service ask another host', async () => {
    const asked: string[] = [];
    const started = await startConsole({
      oidc: {
        settings: settings(),
        fetch: async (url, init) => {
          asked.push(url);
          const reply = await fetch(url, init);
          const body = (await reply.json()) as Record<string, unknown>;
          return Response.json({ ...body, token_endpoint: 'http://169.254.169.254/token' });
        },
      },
    });
    started.clock.now = Date.now();
    provider.serve(started.publicUrl);
    const browser = started.browser();
    const { url } = (await browser.call('POST', '/admin/v1/sign-in/oidc')).body;
    const query = new URL(await throughProvider(url)).search;
    const reply = await browser.call('POST', '/admin/v1/sign-in/oidc/finish', { body: { query } });
    expect(reply).toMatchObject({ status: 401, body: { code: 'oidc_failed' } });
    expect(asked).toEqual([`${provider.issuer}/.well-known/openid-configuration`]);
  });

  it('with a wrong secret signs nobody in, and the secret is read anew for each sign-in', async () => {
    const secrets = ['a wrong one', 'a wrong one', CLIENT.secret, CLIENT.secret];
    const started = await start({ clientSecret: async () => secrets.shift() ?? null });
    expect((await started.signIn()).reply).toMatchObject({ status: 401, body: { code: 'oidc_failed' } });
    expect((await started.signIn()).reply.status).toBe(200);
  });

  it('that is not set up is unknown', async () => {
    const started = await startConsole();
    expect(await started.call('POST', '/admin/v1/sign-in/oidc')).toMatchObject({ status: 404 });
  });

  it('cannot be signed in at from another site', async () => {
    const started = await start();
    const reply = await started.call('POST', '/admin/v1/sign-in/oidc', {
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(reply).toMatchObject({ status: 403, body: { code: 'csrf_token_wrong' } });
  });
});

describe('the cookie of a sign-in that is under way', () => {
  it('is for this browser and host alone, over TLS and without', async () => {
    for (const [url, expected] of [
      [undefined, /^livestill-oidc=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=600$/],
      [
        'https://console.example.org',
        /^__Host-livestill-oidc=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure; Max-Age=600$/,
      ],
    ] as const) {
      const started = await startConsole({
        ...(url === undefined ? {} : { url }),
        oidc: { settings: settings(), fetch: (to, init) => fetch(to, init) },
      });
      provider.serve(url ?? started.publicUrl);
      const reply = await started.call('POST', '/admin/v1/sign-in/oidc');
      expect(reply.headers.get('set-cookie')).toMatch(expected);
    }
  });
});

describe('a new sign-in at the provider as a proof', () => {
  const groups = { administrator: ['desk'], operator: [], auditor: [], viewer: [] };
  const tries = (browser: Browser) =>
    browser.call('POST', '/admin/v1/users', { body: { name: 'Eve', role: 'viewer' } });
  /** What the ID token says of when the person signed in there. */
  const signedInAt = (seconds: number | undefined) => {
    provider.tamper = ({ payload }) => {
      if (seconds === undefined) delete payload.auth_time;
      else payload.auth_time = seconds;
    };
  };
  async function open(change: Partial<OidcSettings> = {}) {
    const started = await start({ groups, ...change });
    const browser = started.browser();
    const begin = async () =>
      (await browser.call('POST', '/admin/v1/sign-in/oidc?again=true')).body.url as string;
    const again = async (change: (url: URL) => void = () => {}) => {
      const url = new URL(await begin());
      change(url);
      return started.finish(browser, await throughProvider(url.href));
    };
    return { ...started, browser, again };
  }

  it('is asked for where the provider says of an earlier sign-in that it is old, or says nothing', async () => {
    for (const before of [undefined, Math.floor(Date.now() / 1000) - 600]) {
      const { browser, signIn, again } = await open();
      signedInAt(before);
      await signIn(browser);
      expect((await tries(browser)).body.code).toBe('proof_needed');
      expect(
        (await browser.call('POST', '/admin/v1/me/proof', { body: { password: PASSWORD } })).status,
      ).toBe(403);
      provider.tamper = () => {};
      expect((await again()).status).toBe(200);
      expect((await tries(browser)).status).toBe(201);
    }
  });

  it('asks the provider to ask, and counts by the time that it says alone', async () => {
    const { browser, signIn, again } = await open();
    signedInAt(undefined);
    await signIn(browser);
    const asked: URL[] = [];
    signedInAt(Math.floor(Date.now() / 1000) - 600);
    const passed = await again((url) => {
      asked.push(new URL(url));
      // Whoever sits there can change the address on the way.
      url.searchParams.delete('prompt');
      url.searchParams.delete('max_age');
    });
    expect(asked[0]?.searchParams.get('prompt')).toBe('login');
    expect(asked[0]?.searchParams.get('max_age')).toBe('0');
    expect(passed).toMatchObject({ status: 401, body: { code: 'oidc_failed' } });
    signedInAt(undefined);
    expect((await again()).body.code).toBe('oidc_failed');
    signedInAt(Math.floor(Date.now() / 1000) + 3600);
    await again();
    expect((await browser.call('GET', '/admin/v1/me')).status).toBe(200);
  });

  it('counts without a time where that is set', async () => {
    const { browser, signIn, again } = await open({ proofWithoutTime: true });
    signedInAt(undefined);
    await signIn(browser);
    expect((await tries(browser)).body.code).toBe('proof_needed');
    expect((await again()).status).toBe(200);
    expect((await tries(browser)).status).toBe(201);
  });
});
