import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  type CustomFetch,
  calculatePKCECodeChallenge,
  clockSkew,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  randomPKCECodeVerifier,
  type ServerMetadata,
} from 'openid-client';
import { newToken } from '../tokens.ts';
import { type Fetch, guardedFetch } from './guarded-fetch.ts';
import { claimOf, type OidcSettings } from './settings.ts';

/** What the service must remember of a sign-in that is under way. */
export interface Pending {
  readonly nonce: string;
  readonly verifier: string;
  /** Whether the person was to sign in there anew; absent in those of versions before: not. */
  readonly again?: boolean;
}

/** What a provider says of a person. */
export type Claims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string };

/** An OpenID Connect provider, as this service speaks with it. */
export interface Provider {
  /**
   * Where the browser goes to sign in, and what must be remembered until it is back.
   * @param again whether a person whom the provider knows already is to show again who it is
   */
  begin(
    redirectUri: string,
    state: string,
    again: boolean,
  ): Promise<{ readonly url: string; readonly pending: Pending }>;
  /**
   * Exchanges what the browser came back with, and checks all of it: issuer, state, nonce, audience, times
   * and the signature of the ID token.
   * @param returned the redirect URI with the query that the browser came back with
   * @throws {Error} something does not fit; `ProviderAway` where the provider does not answer
   */
  finish(returned: URL, state: string, pending: Pending): Promise<Claims>;
  /** Where the browser goes to sign out there too; null where the provider has no such place. */
  signOutUrl(backTo: string): Promise<string | null>;
}

/** How long what a provider says of itself is used, in ms, and how long the lack of an answer. */
const KEEP_MS = 3_600_000;
const KEEP_FAILURE_MS = 2_000;
const TIMEOUT_SECONDS = 10;
/** Clocks may differ by so much. */
const TOLERANCE_SECONDS = 30;

/** Nothing is asked before the first sign-in: the service starts while the provider is away. */
export function createProvider(settings: OidcSettings, fetch: Fetch, clock: () => number): Provider {
  const issuer = new URL(settings.issuer);
  const isPlain = issuer.protocol === 'http:';
  const guarded = guardedFetch(fetch, [issuer.origin, ...settings.origins]);
  const ask: CustomFetch = (url, { body, signal, ...init }) =>
    guarded(url, {
      ...init,
      ...(body == null ? {} : { body: body as URLSearchParams }),
      ...(signal === undefined ? {} : { signal }),
    });
  const execute = [enableNonRepudiationChecks, ...(isPlain ? [allowInsecureRequests] : [])];
  let known: { readonly metadata: Promise<ServerMetadata>; until: number } | null = null;

  async function discovered(): Promise<ServerMetadata> {
    const options = { execute, timeout: TIMEOUT_SECONDS, [customFetch]: ask };
    const found = await discovery(issuer, settings.clientId, undefined, None(), options);
    return found.serverMetadata();
  }

  /** The provider's own description, asked for once by all who wait for it. */
  function metadata(): Promise<ServerMetadata> {
    if (known !== null && clock() < known.until) return known.metadata;
    const asked = { metadata: discovered(), until: clock() + KEEP_MS };
    known = asked;
    asked.metadata.catch(() => {
      asked.until = clock() + KEEP_FAILURE_MS;
    });
    return asked.metadata;
  }

  async function configuration(): Promise<Configuration> {
    const server = await metadata();
    const secret = await settings.clientSecret();
    const client = {
      // The library reads the time of this machine; all others here have the clock that was handed in.
      [clockSkew]: Math.round((clock() - Date.now()) / 1000),
      [clockTolerance]: TOLERANCE_SECONDS,
    };
    const made = new Configuration(server, settings.clientId, client, clientAuth(server, secret));
    made.timeout = TIMEOUT_SECONDS;
    made[customFetch] = ask;
    for (const extension of execute) extension(made);
    return made;
  }

  return {
    async begin(redirectUri, state, again) {
      const verifier = randomPKCECodeVerifier();
      const nonce = newToken();
      const url = buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope: settings.scopes.join(' '),
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        // With a greatest age the provider must say when the person signed in there (Core 1.0 §3.1.2.1).
        ...(again ? { prompt: 'login', max_age: '0' } : {}),
      });
      return { url: url.href, pending: { nonce, verifier, again } };
    },
    async finish(returned, state, { nonce, verifier }) {
      const config = await configuration();
      const tokens = await authorizationCodeGrant(config, returned, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error('the provider sent no ID token');
      if (claimOf(claims, settings.claim) !== undefined) return claims;
      // Some providers tell the groups at this place alone.
      if (config.serverMetadata().userinfo_endpoint === undefined) return claims;
      const more = await fetchUserInfo(config, tokens.access_token, claims.sub);
      return { ...more, ...claims };
    },
    async signOutUrl(backTo) {
      const config = await configuration();
      if (config.serverMetadata().end_session_endpoint === undefined) return null;
      return buildEndSessionUrl(config, { post_logout_redirect_uri: backTo }).href;
    },
  };
}

/** The secret in the header, the default (Core 1.0 §9), or in the body where the provider wants that. */
function clientAuth(server: ServerMetadata, secret: string | null): ClientAuth {
  if (secret === null) return None();
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') ? ClientSecretBasic(secret) : ClientSecretPost(secret);
}
