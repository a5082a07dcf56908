import { createSign, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** Under which the provider knows the console, and the secret of that. */
export const CLIENT = { id: 'livestill', secret: 'a secret that the provider gave the console' };

type Members = Record<string, unknown>;

/** An ID token taken apart, as a test may change it. */
export interface TokenParts {
  header: Members;
  payload: Members;
  /** A signature of what it is then, the one that it had, or none. */
  signature: 'new' | 'old' | 'none';
}

/** A real OpenID Connect provider on this machine. */
export interface LocalProvider {
  readonly issuer: string;
  /** What it says of people, by subject. */
  readonly accounts: Map<string, Members>;
  /** Who sits before it: the next sign-in is theirs; null: they break it off. */
  person: string | null;
  /** Changes ID tokens on their way. */
  tamper: (token: TokenParts) => void;
  /** The paths that were asked for, in turn. */
  readonly asked: readonly string[];
  /** Says which console may send people here. */
  serve(consoleUrl: string, options?: { readonly claimsInIdToken?: boolean }): void;
  /** Answers nobody and breaks their connections off; its port stays its own meanwhile. */
  isAway: boolean;
  stop(): Promise<void>;
}

/** Starts a provider; it answers from `serve` on. */
export async function startProvider(): Promise<LocalProvider> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'key', alg: 'RS256', use: 'sig' };
  const asked: string[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => unknown = (_request, response) =>
    response.writeHead(503).end();
  const server = createServer((request, response) => {
    if (self.isAway) return request.destroy();
    asked.push(request.url ?? '');
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const self: LocalProvider = {
    issuer: `http://127.0.0.1:${port}`,
    accounts: new Map(),
    person: null,
    tamper: () => {},
    isAway: false,
    asked,
    serve(consoleUrl, { claimsInIdToken = false } = {}) {
      const provider = providerOf(self, jwk, consoleUrl, claimsInIdToken);
      provider.use(async (context, next) => {
        await next();
        const body = context.body as { id_token?: string } | undefined;
        if (context.path === '/token' && body?.id_token !== undefined)
          body.id_token = changed(body.id_token, self.tamper, privateKey);
      });
      const others = provider.callback();
      answer = (request, response) =>
        request.url?.startsWith('/interaction/') === true
          ? provider.interactionFinished(
              request,
              response,
              self.person === null
                ? { error: 'access_denied', error_description: 'not me' }
                : { login: { accountId: self.person } },
            )
          : others(request, response);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}

function providerOf(
  self: LocalProvider,
  jwk: JsonWebKey,
  consoleUrl: string,
  claimsInIdToken: boolean,
): Provider {
  return new Provider(self.issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [`${consoleUrl}/console/oidc`],
        post_logout_redirect_uris: [`${consoleUrl}/console/`],
      },
    ],
    jwks: { keys: [jwk as never] },
    cookies: { keys: ['of this test'] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'email'], groups: ['groups'] },
    conformIdTokenClaims: !claimsInIdToken,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: {
        // Its own page asks another host for letters.
        logoutSource: (context, form) => {
          context.body = `<!doctype html><title>Sign out</title>${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out there too</button>`;
        },
      },
    },
    pkce: { required: () => true },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, ...self.accounts.get(accountId) }),
    }),
    // Everybody agrees to what the console asks for.
    loadExistingGrant: async ({ oidc }) => {
      const { client, session, provider } = oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile groups');
      await grant.save();
      return grant;
    },
  });
}

type Key = ReturnType<typeof generateKeyPairSync>['privateKey'];

function changed(token: string, tamper: (token: TokenParts) => void, key: Key): string {
  const [header = '', payload = '', old = ''] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Members;
  const written = (part: Members) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const parts: TokenParts = { header: read(header), payload: read(payload), signature: 'new' };
  tamper(parts);
  const signed = `${written(parts.header)}.${written(parts.payload)}`;
  if (parts.signature !== 'new') return `${signed}.${parts.signature === 'old' ? old : ''}`;
  const signature = createSign('RSA-SHA256')
    .update(signed)
    .sign(key as never);
  return `${signed}.${signature.toString('base64url')}`;
}

/**
 * Follows a browser through the provider until it is sent to another origin; that address. Each call is
 * another browser.
 */
export async function throughProvider(start: string): Promise<string> {
  const { origin } = new URL(start);
  const jar = new Map<string, string>();
  for (let url = start, i = 0; i < 10; i++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const one of reply.headers.getSetCookie()) {
      const [pair = ''] = one.split(';');
      const at = pair.indexOf('=');
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const to = reply.headers.get('location');
    if (to === null) throw new Error(`the provider answered ${reply.status}: ${await reply.text()}`);
    url = new URL(to, url).href;
    if (new URL(url).origin !== origin) return url;
  }
  throw new Error('the provider sends the browser round and round');
}
