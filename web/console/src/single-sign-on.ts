import { ApiError, call } from './api.ts';
import { go, place } from './router.ts';
import type { Me } from './types.ts';

/** Where the provider sends the browser back to. */
const RETURN = '/oidc';
/** Where the person wanted to go, until the browser is back. */
const WANTED = 'livestill.wanted';

/** That the browser left for a proof. */
const PROOF = 'livestill.proof';

/** Whether the browser comes back from a proof; that is forgotten then. */
export function wasForProof(): boolean {
  const was = sessionStorage.getItem(PROOF) !== null;
  sessionStorage.removeItem(PROOF);
  return was;
}

/**
 * Leaves for the provider; the browser comes back to this page in the end.
 * @param again whether the person is to show there again who it is, for an action that asks for that
 */
export async function leaveForProvider(again = false): Promise<void> {
  const { path, query } = place.value;
  const isPage = path !== RETURN && path !== '/setup';
  sessionStorage.setItem(WANTED, isPage ? `${path}${query.size > 0 ? `?${query}` : ''}` : '/');
  const { url } = await call<{ readonly url: string }>(`/sign-in/oidc${again ? '?again=true' : ''}`, {
    method: 'POST',
  });
  if (again) sessionStorage.setItem(PROOF, 'yes');
  else sessionStorage.removeItem(PROOF);
  location.assign(url);
}

/**
 * Ends the sign-in that the browser came back from; null where it did not.
 * @throws {ApiError} why nobody is signed in
 */
export async function cameBack(): Promise<Me | null> {
  if (place.value.path !== RETURN) return null;
  const query = location.search;
  const wanted = sessionStorage.getItem(WANTED) ?? '/';
  sessionStorage.removeItem(WANTED);
  // The code counts once: it has no business in the address, nor in the history.
  go(wanted, true);
  if (query === '') return null;
  return call<Me>('/sign-in/oidc/finish', { method: 'POST', json: { query } });
}

/** Whether a sign-in at the provider did not work, and not the service. */
export const isProviderProblem = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.code.startsWith('oidc_') || error.code === 'provider_unknown');
