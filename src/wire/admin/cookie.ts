/** The name of the cookie: the prefix binds it to this host and to TLS (RFC 6265bis §4.1.3). */
const nameOf = (isTls: boolean): string => (isTls ? '__Host-livestill' : 'livestill');

/** The token in the cookie of a request; undefined where there is none, or more than one. */
export function sessionToken(header: string | undefined, isTls: boolean): string | undefined {
  const start = `${nameOf(isTls)}=`;
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
