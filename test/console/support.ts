import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { type ConsoleSettings, createConsole, linkUrl } from '../../src/console/console.ts';
import { createPasswords } from '../../src/console/password.ts';
import type { Role } from '../../src/console/permissions.ts';
import type { Store } from '../../src/store/open.ts';
import { temporaryStore } from '../../src/store/test-support/temp-store.ts';
import type { AdminApi } from '../../src/wire/admin/api.ts';
import type { AdminArea } from '../../src/wire/admin/area.ts';
import { createAdminServer } from '../../src/wire/admin/server.ts';

/** A password that is good enough. */
export const PASSWORD = 'seven quiet otters';

/** A reply of the admin API. */
export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many forms.
  readonly body: any;
  readonly headers: Headers;
}

/** What a request has beside method and path. */
export interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A browser: it keeps the cookie, and sends the CSRF token. */
export interface Browser {
  cookie: string;
  csrfToken: string;
  call(method: string, path: string, sent?: Sent): Promise<Reply>;
  signIn(name: string, password?: string, code?: string): Promise<Reply>;
}

/** The admin API over a store in this thread, with a clock that a test moves. */
export interface Started {
  readonly store: Store;
  readonly url: string;
  readonly clock: { now: number };
  call(method: string, path: string, sent?: Sent): Promise<Reply>;
  browser(): Browser;
  /** Under which people reach the console. */
  readonly publicUrl: string;
  /** A browser in which a user with a role has signed in. */
  signedIn(role: Role, name?: string): Promise<Browser>;
  /** A key of the admin API. */
  adminKey(role: Role): Promise<string>;
  setupToken(): Promise<string>;
}

const isJson = (reply: Response) => /[/+]json\b/.test(reply.headers.get('content-type') ?? '');

/** Starts the admin port for a test, with hashes of passwords that cost little. */
export async function startConsole(
  settings: {
    readonly url?: string;
    readonly trustedProxies?: readonly string[];
    /** Further areas of the admin API, over the same store. */
    readonly areas?: (store: Store) => readonly AdminArea[];
    /** A provider that people may sign in at. */
    readonly oidc?: ConsoleSettings['oidc'];
    /** A folder with the console's files. */
    readonly folder?: string;
  } = {},
): Promise<Started> {
  const store = await temporaryStore();
  const clock = { now: Date.parse('2026-11-23T10:00:00Z') };
  const place = { url: '' };
  const console = createConsole(
    store,
    {
      url: () => settings.url ?? place.url,
      sessions: { idleMs: 30 * 60_000, absoluteMs: 12 * 3_600_000 },
      oidc: settings.oidc,
    },
    () => clock.now,
    createPasswords({ logN: 4 }),
  );
  const log = pino({ level: 'silent' });
  const api: AdminApi = {
    console,
    version: '0.0.0',
    proxies: { trustedProxies: settings.trustedProxies ?? [] },
    areas: settings.areas?.(store) ?? [],
    defaults: {
      threshold: 87,
      capture: 'lenient',
      profile: 'careful',
      reviewLimits: { careful: { low: 0.2, high: 0.7 } },
    },
  };
  const checks = { store: async () => 'ok' };
  const server = createAdminServer(checks, log, undefined, undefined, api, settings.folder);
  const port = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.close());
  place.url = `http://localhost:${port}`;
  const base = `http://127.0.0.1:${port}`;

  async function call(method: string, path: string, { body, headers = {} }: Sent = {}): Promise<Reply> {
    const json = body === undefined ? {} : { 'content-type': 'application/json' };
    const reply = await fetch(`${base}${path}`, {
      method,
      headers: { ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    return {
      status: reply.status,
      body: text === '' ? null : isJson(reply) ? JSON.parse(text) : text,
      headers: reply.headers,
    };
  }

  function browser(): Browser {
    const self: Browser = {
      cookie: '',
      csrfToken: '',
      async call(method, path, { body, headers = {} } = {}) {
        const own = {
          ...(self.cookie === '' ? {} : { cookie: self.cookie }),
          ...(self.csrfToken === '' ? {} : { 'x-csrf-token': self.csrfToken }),
          'sec-fetch-site': 'same-origin',
        };
        const reply = await call(method, path, { body, headers: { ...own, ...headers } });
        self.cookie = withCookies(self.cookie, reply.headers.getSetCookie());
        if (typeof reply.body?.csrfToken === 'string') self.csrfToken = reply.body.csrfToken;
        return reply;
      },
      signIn: (name, password = PASSWORD, code) =>
        self.call('POST', '/admin/v1/sign-in', {
          body: { name, password, ...(code === undefined ? {} : { code }) },
        }),
    };
    return self;
  }

  const actor = { kind: 'system', name: 'test', from: 'here' } as const;
  return {
    store,
    url: base,
    publicUrl: place.url,
    clock,
    call,
    browser,
    async signedIn(role, name = `the ${role}`) {
      const { link } = await console.users.add(store.as(actor), { name, role });
      const made = browser();
      const reply = await made.call('POST', '/admin/v1/setup', {
        body: { token: link.token, password: PASSWORD },
      });
      if (reply.status !== 201) throw new Error(`${name} cannot sign in: ${JSON.stringify(reply.body)}`);
      return made;
    },
    async adminKey(role) {
      const { makeAdminKey } = await import('../../src/console/admin-keys.ts');
      const wanted = { name: 'CI', role, networks: [], expiresAt: null, madeBy: null };
      return (await makeAdminKey(store.as(actor), wanted, clock.now)).adminKey;
    },
    async setupToken() {
      const link = await console.users.setupLink();
      if (link === null) throw new Error('there is a user already');
      return new URL(linkUrl(place.url, link.token)).hash.slice(1);
    },
  };
}

/** The `Cookie` header of a browser after an answer set some; one that was emptied last stays, empty. */
function withCookies(held: string, set: readonly string[]): string {
  const jar = new Map(held === '' ? [] : held.split('; ').map((one) => one.split('=') as [string, string]));
  for (const one of set) {
    const [name = '', value = ''] = (one.split(';')[0] ?? '').split('=');
    if (value === '' && jar.size > 1) jar.delete(name);
    else jar.set(name, value);
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}
