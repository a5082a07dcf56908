import { ApiError, call } from './api.ts';
import { go, place } from './router.ts';
import type { Me } from './types.ts';

/** Where the provider sends the browser back to. */
const RETURN = '/oidc';
/** Where the person wanted to go, until the browser is back. */
const WANTED = 'livestill.wanted';

/** Leaves for the provider; the browser comes back to this page in the end. */
export async function leaveForProvider(): Promise<void> {
  const { path, query } = place.value;
  const isPage = path !== RETURN && path !== '/setup';
  sessionStorage.setItem(WANTED, isPage ? `${path}${query.size > 0 ? `?${query}` : ''}` : '/');
  const { url } = await call<{ readonly url: string }>('/sign-in/oidc', { method: 'POST' });
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
