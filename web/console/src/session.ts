import { signal } from '@preact/signals';
import { ApiError, call, onSignedOut, useCsrfToken } from './api.ts';
import { t } from './i18n/index.ts';
import { moved } from './router.ts';
import { cameBack, isProviderProblem, wasForProof } from './single-sign-on.ts';
import type { Me, ServiceState } from './types.ts';
import { said } from './ui/said.ts';
import { say } from './ui/say.ts';

/** What the pages know of who sits before them. */
export type Session =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly error: ApiError }
  | { readonly kind: 'setup'; readonly state: ServiceState; readonly problem?: ApiError }
  | {
      readonly kind: 'signedOut';
      readonly state: ServiceState;
      readonly isExpired: boolean;
      /** Why a sign-in at the provider came to nothing. */
      readonly problem?: ApiError;
    }
  | { readonly kind: 'signedIn'; readonly me: Me };

/** The session as it is now. */
export const session = signal<Session>({ kind: 'loading' });

/** Looks who is signed in. */
export async function loadSession(): Promise<void> {
  try {
    const back = await comeBack();
    if (back === 'signedIn') {
      if (wasForProof()) say(t('proof.back'));
      return;
    }
    // A proof that came to nothing leaves the session as it was.
    if (back !== null && wasForProof() && (await isStillIn())) {
      say(said(back));
      return;
    }
    const state = await call<ServiceState>('/state');
    const problem = back === null ? {} : { problem: back };
    if (state.needsSetup) {
      session.value = { kind: 'setup', state, ...problem };
      return;
    }
    if (back !== null) {
      session.value = { kind: 'signedOut', state, isExpired: false, problem: back };
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

async function isStillIn(): Promise<boolean> {
  try {
    enter(await call<Me>('/me'));
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}

/** Signs in whom the provider sent back; what kept it from that, null where nobody was sent. */
async function comeBack(): Promise<'signedIn' | ApiError | null> {
  try {
    const me = await cameBack();
    if (me === null) return null;
    enter(me);
    return 'signedIn';
  } catch (error) {
    if (isProviderProblem(error)) return error;
    throw error;
  }
}

/** Takes over what a sign-in answered. */
export function enter(me: Me): void {
  useCsrfToken(me.csrfToken);
  if (session.value.kind === 'signedOut' || session.value.kind === 'setup') moved();
  session.value = { kind: 'signedIn', me };
}

/** Reads anew who is signed in, after a change of it. */
export async function reloadMe(): Promise<void> {
  enter(await call<Me>('/me'));
}

/** Ends the session. */
export async function signOut(): Promise<void> {
  const out = await call<{ readonly signOutUrl: string } | null>('/sign-out', { method: 'POST' }).catch(
    () => null,
  );
  if (out === null) await loadSession();
  else location.assign(out.signOutUrl);
}

onSignedOut.current = () => {
  if (session.value.kind !== 'signedIn') return;
  void call<ServiceState>('/state').then(
    (state) => {
      moved();
      session.value = { kind: 'signedOut', state, isExpired: true };
    },
    () => {},
  );
};

/** Whether who is signed in may do something. */
export function may(permission: string): boolean {
  return session.value.kind === 'signedIn' && session.value.me.permissions.includes(permission);
}
