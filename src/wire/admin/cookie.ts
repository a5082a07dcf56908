/** The name of the cookie: the prefix binds it to this host and to TLS (RFC 6265bis §4.1.3). */
const nameOf = (isTls: boolean, name = 'livestill'): string => (isTls ? `__Host-${name}` : name);

/** The token in the cookie of a request; undefined where there is none, or more than one. */
export function sessionToken(header: string | undefined, isTls: boolean): string | undefined {
  return tokenIn(header, nameOf(isTls));
}

function tokenIn(header: string | undefined, name: string): string | undefined {
  const start = `${name}=`;
  const found = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(start));
  return found.length === 1 ? found[0]?.slice(start.length) : undefined;
}

/** `Set-Cookie` for a session; without a token: the cookie goes. */
export function sessionCookie(token: string | null, isTls: boolean, expiresAt: Date | null): string {
  const end = token === null ? '; Max-Age=0' : `; Expires=${(expiresAt ?? new Date(0)).toUTCString()}`;
  const secure = isTls ? '; Secure' : '';
  return `${nameOf(isTls)}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict${secure}${end}`;
}

const PENDING = 'livestill-oidc';

/** What binds a sign-in at a provider to the browser of a request. */
export function pendingToken(header: string | undefined, isTls: boolean): string | undefined {
  return tokenIn(header, nameOf(isTls, PENDING));
}

/**
 * `Set-Cookie` for a sign-in that is under way at a provider. The page that the provider sends the browser
 * back to makes the call that needs it, so it goes with no request of another site.
 * @param token null: the cookie goes
 */
export function pendingCookie(token: string | null, isTls: boolean, seconds: number): string {
  const secure = isTls ? '; Secure' : '';
  const age = token === null ? 0 : seconds;
  return `${nameOf(isTls, PENDING)}=${token ?? ''}; Path=/; HttpOnly; SameSite=Strict${secure}; Max-Age=${age}`;
}
