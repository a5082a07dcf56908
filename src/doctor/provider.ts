import { readFile } from 'node:fs/promises';
import type { Config } from '../config/load.ts';
import { type Fetch, guardedFetch, reasonOf } from '../console/oidc/guarded-fetch.ts';
import { type Check, fail, ok } from './check.ts';

const NAME = 'sign-in provider';
const TIMEOUT_MS = 10_000;
/** Addresses of the provider that the service itself asks. */
const ASKED = ['token_endpoint', 'jwks_uri', 'userinfo_endpoint'] as const;

/** Whether the OpenID Connect provider describes itself as the settings do. */
export async function checkProvider(
  issuer: string,
  { clientSecretFile, origins }: Pick<Config['console']['oidc'], 'clientSecretFile' | 'origins'>,
  fetch: Fetch,
): Promise<Check> {
  if (clientSecretFile !== null) {
    const secret = await readFile(clientSecretFile, 'utf8').catch((error: Error) => error);
    if (secret instanceof Error || secret.trim() === '') {
      const why = secret instanceof Error ? secret.message : 'it is empty';
      return fail(
        NAME,
        `console.oidc.clientSecretFile ${clientSecretFile} cannot be used: ${why}`,
        'Put the secret of the client there, readable to the user that runs the service.',
      );
    }
  }
  const allowed = [new URL(issuer).origin, ...origins];
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  let found: Readonly<Record<string, unknown>>;
  try {
    const response = await guardedFetch(fetch, allowed)(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status !== 200) {
      return fail(NAME, `${url} answered ${response.status}`, 'Correct console.oidc.issuer.');
    }
    const body: unknown = await response.json();
    if (typeof body !== 'object' || body === null) throw new Error(`${url} is no discovery document`);
    found = body as typeof found;
  } catch (error) {
    return fail(
      NAME,
      reasonOf(error),
      'Check console.oidc.issuer, the network, whether the provider runs, and its certificate (NODE_EXTRA_CA_CERTS).',
    );
  }
  return compared(found, issuer, allowed);
}

function compared(
  found: Readonly<Record<string, unknown>>,
  issuer: string,
  allowed: readonly string[],
): Check {
  if (found.issuer !== issuer && found.issuer !== issuer.replace(/\/$/, '')) {
    const named = JSON.stringify(found.issuer ?? null).slice(0, 200);
    return fail(NAME, `it names itself ${named}`, 'Set console.oidc.issuer to that, letter by letter.');
  }
  for (const name of ASKED) {
    const url = found[name];
    if (typeof url !== 'string' || !URL.canParse(url)) {
      if (name === 'userinfo_endpoint') continue;
      return fail(NAME, `it names no ${name}`, 'This provider cannot be used: its discovery lacks that.');
    }
    const { origin } = new URL(url);
    if (!allowed.includes(origin))
      return fail(NAME, `its ${name} is at ${origin}`, `Add ${origin} to console.oidc.origins.`);
  }
  return ok(NAME, `${issuer} answers, and names itself so`);
}
