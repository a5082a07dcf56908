import { signal } from '@preact/signals';
import { ApiError, call, onSignedOut, useCsrfToken } from './api.ts';
import type { Me, ServiceState } from './types.ts';

/** What the pages know of who sits before them. */
export type Session =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: ApiError }
  | { readonly kind: 'setup'; readonly state: ServiceState }
  | { readonly kind: 'signedOut'; readonly state: ServiceState; readonly isExpired: boolean }
  | { readonly kind: 'signedIn'; readonly me: Me };

/** The session as it is now. */
export const session = signal<Session>({ kind: 'loading' });

/** Looks who is signed in. */
export async function loadSession(): Promise<void> {
  try {
    const state = await call<ServiceState>('/state');
    if (state.needsSetup) {
      session.value = { kind: 'setup', state };
      return;
    }
    try {
      enter(await call<Me>('/me'));
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error;
      session.value = { kind: 'signedOut', state, isExpired: false };
    }
  } catch (error) {
    if (error instanceof ApiError) session.value = { kind: 'failed', error };
    else throw error;
  }
}

/** Takes over what a sign-in answered. */
export function enter(me: Me): void {
  useCsrfToken(me.csrfToken);
  session.value = { kind: 'signedIn', me };
}

/** Reads anew who is signed in, after a change of it. */
export async function reloadMe(): Promise<void> {
  enter(await call<Me>('/me'));
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  await call('/sign-out', { method: 'POST' }).catch(() => {});
  await loadSession();
}

onSignedOut.current = () => {
  if (session.value.kind !== 'signedIn') return;
  void call<ServiceState>('/state').then(
    (state) => {
      session.value = { kind: 'signedOut', state, isExpired: true };
    },
    () => {},
  );
};

/** Whether who is signed in may do something. */
export function may(permission: string): boolean {
  return session.value.kind === 'signedIn' && session.value.me.permissions.includes(permission);
}
