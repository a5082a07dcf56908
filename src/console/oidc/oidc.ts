import { randomUUID } from 'node:crypto';
import { hasUnseen } from '../../account/validate.ts';
import { UsageError } from '../../faults.ts';
import type { Actor } from '../../ledger/admin.ts';
import type { ConsoleBacking } from '../changes.ts';
import type { Role } from '../permissions.ts';
import { provenUntil } from '../proof.ts';
import { Refusal } from '../refusal.ts';
import { digestOf, newToken } from '../tokens.ts';
import type { ConsoleAdmin, ConsoleUser, Identity } from '../types.ts';
import { ProviderAway, reasonOf } from './guarded-fetch.ts';
import type { Claims, Pending, Provider } from './provider.ts';
import { claimOf, type OidcSettings, roleOf } from './settings.ts';

/** How long a sign-in at the provider may take, in ms. */
export const PENDING_MS = 10 * 60_000;

/** Where the provider sends the browser back to. */
export const RETURN_PATH = '/console/oidc';

/** A sign-in at the provider that begins. */
export interface BegunSignIn {
  readonly url: string;
  /** What the browser keeps in a cookie: it alone can end this sign-in. */
  readonly browser: string;
}

/** A sign-in at the provider that came to its end. */
export interface EndedSignIn {
  readonly user: ConsoleUser;
  /** When the person showed there who it is: that may be long ago. Null: the provider does not say. */
  readonly provenAt: Date | null;
}

/** Signing in at an OpenID Connect provider. */
export interface Oidc {
  readonly settings: OidcSettings;
  /**
   * @param browser what the browser keeps of another sign-in that is under way, in another tab
   * @param again whether the person is to show again who it is, as a proof
   * @throws {Refusal} `oidc_unavailable`
   */
  begin(browser: string | undefined, again?: boolean): Promise<BegunSignIn>;
  /**
   * The user that a provider signed in: made at the first time, with the role that the groups give now.
   * @param query what the provider sent the browser back with
   * @param from the caller's address, for the log of changes
   * @throws {Refusal} `oidc_failed`, `oidc_refused`, `oidc_unavailable`
   */
  finish(query: string, browser: string | undefined, from: string): Promise<EndedSignIn>;
  /** Where a user who has just signed out here signs out there; null: nowhere. Never rejects. */
  signOutUrl(user: ConsoleUser): Promise<string | null>;
}

/** What sign-ins at a provider need. */
export interface OidcParts {
  readonly backing: Pick<ConsoleBacking, 'console' | 'as'>;
  readonly settings: OidcSettings;
  readonly provider: Provider;
  readonly clock: () => number;
  /** Under which people reach the console. */
  readonly url: () => string;
}

export function createOidc(parts: OidcParts): Oidc {
  const { backing, settings, provider, clock } = parts;
  const { console: store } = backing;
  const here = (path: string) => new URL(path, parts.url());
  const people = createPeople(parts);

  return {
    settings,
    async begin(given, again = false) {
      const state = newToken();
      const browser = isToken(given) ? given : newToken();
      const { url, pending } = await asked(() => provider.begin(here(RETURN_PATH).href, state, again));
      await store.putTicket({
        kind: 'oidc',
        digest: digestOf(`${state}.${browser}`),
        userId: null,
        data: JSON.stringify(pending),
        until: new Date(clock() + PENDING_MS),
      });
      return { url, browser };
    },
    async finish(query, browser, from) {
      const returned = here(RETURN_PATH);
      returned.search = query;
      const [state, second] = returned.searchParams.getAll('state');
      if (!isToken(state) || second !== undefined || !isToken(browser)) throw notBegun();
      const digest = digestOf(`${state}.${browser}`);
      const ticket = await store.takeTicket('oidc', digest, new Date(clock()));
      if (ticket?.data == null) throw notBegun();
      const pending = JSON.parse(ticket.data) as Pending;
      const claims = await asked(() => provider.finish(returned, state, pending));
      const provenAt = provenBy(claims, pending, settings, clock());
      return { user: await people.userOf(claims, from), provenAt };
    },
    async signOutUrl(user) {
      if (!settings.endsSession || !isSameIssuer(user.provider, settings.issuer)) return null;
      return provider.signOutUrl(here('/console/').href).catch(() => null);
    },
  };
}

/**
 * When a person showed who it is. A provider that knows the browser lets it pass without asking, also where
 * it was told to ask: whoever sits there can change the address on the way. So its word on the time counts.
 * @throws {Refusal} `oidc_failed` where the person was to show it anew and did not
 */
function provenBy(
  { auth_time: seconds }: Claims,
  { again = false }: Pending,
  { proofWithoutTime }: OidcSettings,
  now: number,
): Date | null {
  const at = typeof seconds === 'number' ? new Date(Math.min(seconds * 1000, now)) : null;
  if (!again || (at !== null && provenUntil({ provenAt: at }, now) !== null)) return at;
  if (at === null && proofWithoutTime) return new Date(now);
  const why = at === null ? 'the ID token has no auth_time' : `auth_time is ${at.toISOString()}`;
  throw new Refusal('oidc_failed', 'The provider did not ask anew who you are.', undefined, why);
}

/** A slash at the end of the setting alone makes no other provider. */
const isSameIssuer = (one: string | null, other: string): boolean =>
  one !== null && new URL(one).href === new URL(other).href;

const isToken = (text: string | undefined): text is string => /^[A-Za-z0-9_-]{43}$/.test(text ?? '');

const notBegun = () =>
  new Refusal('oidc_failed', 'This sign-in was not begun in this browser, is over, or was used already.');

/** What goes wrong at the provider, as what a person is told; the log has the reason. */
async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = reasonOf(error);
    if (isAway(error))
      throw new Refusal('oidc_unavailable', 'The sign-in provider does not answer.', 5, reason);
    if ((error as { readonly error?: unknown }).error === 'access_denied')
      throw new Refusal('oidc_failed', 'The sign-in was broken off at the provider.', undefined, reason);
    throw new Refusal('oidc_failed', "The provider's answer was not accepted.", undefined, reason);
  }
}

function isAway(error: unknown): boolean {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth++)
    if (one instanceof ProviderAway || one.name === 'TimeoutError') return true;
  return false;
}

/** The users that a provider signs in. */
function createPeople({ backing, settings }: OidcParts) {
  const { console: store } = backing;

  async function made(changes: ConsoleAdmin, identity: Identity, claims: Claims, role: Role) {
    // The first user of all closes the setup link: nobody could administer if it were another role.
    if (role !== 'administrator' && !(await store.hasUsers()))
      throw new Refusal('oidc_refused', 'The console has no administrator yet: set it up first.');
    for (const name of namesFor(claims)) {
      try {
        return await changes.addUser({ id: randomUUID(), name, role, password: null, identity });
      } catch (error) {
        if (!(error instanceof UsageError && error.reason === 'user_exists')) throw error;
        // Of two first sign-ins at once the other was faster; else somebody else has that name.
        const found = await store.findUser({ identity });
        if (found !== null) return found.user;
      }
    }
    throw new Refusal('oidc_refused', 'All names for this account are taken by other users.');
  }

  /** Takes the role from a user, as far as one can be taken, and ends the sessions. */
  async function turnedAway(changes: ConsoleAdmin, user: ConsoleUser): Promise<void> {
    if (user.role !== 'viewer')
      await changes.changeUser(user.id, { role: 'viewer' }).catch((error: unknown) => {
        if (!isLastAdministrator(error)) throw error;
      });
    await store.endSessions(user.id, null);
  }

  return {
    async userOf(claims: Claims, from: string): Promise<ConsoleUser> {
      const identity = { issuer: claims.iss, subject: claims.sub };
      const by: Actor = { kind: 'system', name: 'oidc', from };
      const changes = backing.as(by);
      const role = roleOf(claimOf(claims, settings.claim), settings);
      const known = (await store.findUser({ identity }))?.user;
      if (known?.enabled === false) throw new Refusal('oidc_refused', 'This user is switched off.');
      if (role === null) {
        if (known !== undefined) await turnedAway(changes, known);
        const why = `${JSON.stringify(claims.sub.slice(0, 100))} has no group with a role in the claim ${settings.claim}`;
        throw new Refusal('oidc_refused', 'None of your groups has a role here.', undefined, why);
      }
      if (known === undefined) return made(changes, identity, claims, role);
      if (known.role === role) return known;
      return changes.changeUser(known.id, { role }).catch(async (error: unknown) => {
        if (!isLastAdministrator(error)) throw error;
        await store.endSessions(known.id, null);
        throw new Refusal(
          'oidc_refused',
          'You are the only administrator, and your groups no longer make you one: another administrator is needed first.',
        );
      });
    },
  };
}

const isLastAdministrator = (error: unknown): boolean =>
  error instanceof UsageError && error.reason === 'last_administrator';

/** Names for a new user, the nicest first. A name is a label: it leads to no user who has it already. */
function* namesFor(claims: Claims): Generator<string> {
  const given = [claims.preferred_username, claims.name, claims.email, claims.sub].find(isName) ?? 'user';
  const name = given.trim().slice(0, 80);
  yield name;
  for (let i = 2; i <= 20; i++) yield `${name} (${i})`;
  yield `${name} (${randomUUID().slice(0, 8)})`;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && !hasUnseen(value);
}
