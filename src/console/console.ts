import type { ConsoleBacking } from './changes.ts';
import { createLockOut } from './lock-out.ts';
import type { Fetch } from './oidc/guarded-fetch.ts';
import { createOidc, type Oidc } from './oidc/oidc.ts';
import { createProvider } from './oidc/provider.ts';
import type { OidcSettings } from './oidc/settings.ts';
import { createPasskeys, type Passkeys } from './passkeys.ts';
import { createPasswords, type Passwords } from './password.ts';
import { createSessions, type Sessions, type SessionTimes } from './sessions.ts';
import { createSignIn, type SignIn } from './sign-in.ts';
import { createUsers, type Users } from './users.ts';

/** How the console is reached and how long sessions last. */
export interface ConsoleSettings {
  /** Under which people reach it: `https://console.example.org`. */
  readonly url: () => string;
  readonly sessions: SessionTimes;
  /** A provider that people may sign in at, and the network it is asked over. */
  readonly oidc?: { readonly settings: OidcSettings; readonly fetch: Fetch } | undefined;
}

/** The console: its services over one store. */
export interface Console {
  readonly backing: ConsoleBacking;
  readonly settings: ConsoleSettings;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  /** Null where the console is reached under an address without a host name. */
  readonly passkeys: () => Passkeys | null;
  /** Null where no provider is set up. */
  readonly oidc: Oidc | null;
  readonly clock: () => number;
}

/** @param passwords other ones than the memory-hard: for tests alone */
export function createConsole(
  backing: ConsoleBacking,
  settings: ConsoleSettings,
  clock: () => number,
  passwords: Passwords = createPasswords(),
): Console {
  const { console: store } = backing;
  const lockOut = createLockOut(store, clock);
  return {
    backing,
    settings,
    clock,
    users: createUsers({ store, passwords, clock }),
    sessions: createSessions(store, clock, settings.sessions),
    signIn: createSignIn({ store, passwords, lockOut, clock }),
    passkeys: () => createPasskeys(store, clock, settings.url()),
    oidc: oidcOf(backing, settings, clock),
  };
}

function oidcOf(backing: ConsoleBacking, { oidc, url }: ConsoleSettings, clock: () => number): Oidc | null {
  if (oidc === undefined) return null;
  const provider = createProvider(oidc.settings, oidc.fetch, clock);
  return createOidc({ backing, settings: oidc.settings, provider, clock, url });
}

/**
 * The address of a link that sets a password. The token stands behind `#`, which browsers send to no server:
 * it comes into no log.
 */
export function linkUrl(url: string, token: string): string {
  return `${new URL(url).origin}/console/setup#${token}`;
}
