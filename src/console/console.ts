import type { ConsoleBacking } from './changes.ts';
import { createLockOut } from './lock-out.ts';
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
  };
}

/**
 * The address of a link that sets a password. The token stands behind `#`, which browsers send to no server:
 * it comes into no log.
 */
export function linkUrl(url: string, token: string): string {
  return `${new URL(url).origin}/console/setup#${token}`;
}
