import { isIP } from 'node:net';
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { checkName } from '../account/validate.ts';
import type { Changes } from './changes.ts';
import { Refusal } from './refusal.ts';
import { digestOf } from './tokens.ts';
import type { ConsoleStore, ConsoleUser, Passkey } from './types.ts';

/** 270 files, which most processes never need. */
const library = () => import('@simplewebauthn/server');

/** How long a challenge can be signed, in ms. */
const CHALLENGE_MS = 5 * 60_000;

/** What a challenge is signed for. */
type Purpose = 'add' | 'sign-in' | 'proof';

/** Signing in with a passkey: the device asks for a fingerprint or PIN, so it is two factors in one. */
export interface Passkeys {
  /** What the browser is asked to make a passkey of. */
  beginAdding(user: ConsoleUser): Promise<PublicKeyCredentialCreationOptionsJSON>;
  /**
   * @throws {Refusal} `passkey_refused`
   * @throws {UsageError} `invalid_name`
   */
  add(
    changes: Changes,
    user: ConsoleUser,
    name: string,
    response: RegistrationResponseJSON,
  ): Promise<Passkey>;
  /** What the browser is asked to sign. */
  beginSignIn(): Promise<PublicKeyCredentialRequestOptionsJSON>;
  /** @throws {Refusal} `passkey_refused` */
  signIn(response: AuthenticationResponseJSON): Promise<ConsoleUser>;
  /** What the browser of a user who is signed in is asked to sign: by one of the user's own passkeys. */
  beginProof(user: ConsoleUser): Promise<PublicKeyCredentialRequestOptionsJSON>;
  /** @throws {Refusal} `passkey_refused` */
  prove(user: ConsoleUser, response: AuthenticationResponseJSON): Promise<void>;
}

/**
 * Passkeys belong to a host name: null where the console is reached under an address without one.
 * @param url under which people reach the console, `https://console.example.org`
 */
export function createPasskeys(store: ConsoleStore, clock: () => number, url: string): Passkeys | null {
  const { origin, hostname } = new URL(url);
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return null;
  const expected = { expectedOrigin: origin, expectedRPID: hostname, requireUserVerification: true };

  async function keepChallenge(challenge: string, purpose: Purpose, userId: string | null): Promise<void> {
    const until = new Date(clock() + CHALLENGE_MS);
    const digest = digestOf(challenge);
    await store.putTicket({ kind: 'challenge', digest, userId, data: purpose, until });
  }
  /**
   * A challenge counts once, for what it was made for and for whom: one for a proof, which anybody before an
   * open browser is given, must add no passkey.
   */
  const taken = (purpose: Purpose, userId: string | null) => async (challenge: string) => {
    const found = await store.takeTicket('challenge', digestOf(challenge), new Date(clock()));
    return found !== null && found.userId === userId && found.data === purpose;
  };

  /** The user whose passkey signed a challenge, made for this user or for nobody in particular. */
  async function checked(response: AuthenticationResponseJSON, userId: string | null): Promise<ConsoleUser> {
    const passkey = await store.findPasskey(response.id);
    if (passkey === null || (userId !== null && passkey.userId !== userId)) throw refusal();
    const { id, publicKey, counter, transports } = passkey;
    const { verifyAuthenticationResponse } = await library();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      ...expected,
      response,
      expectedChallenge: taken(userId === null ? 'sign-in' : 'proof', userId),
      credential: {
        id,
        publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')),
        counter,
        transports: [...transports],
      },
    }).catch(refuse);
    if (!verified) throw refusal();
    const isNew = await store.usePasskey(id, authenticationInfo.newCounter, new Date(clock()));
    const found = await store.findUser({ id: passkey.userId });
    if (!isNew || found === null || !found.user.enabled) throw refusal();
    return found.user;
  }

  return {
    async beginAdding(user) {
      const { generateRegistrationOptions } = await library();
      const known = await store.listPasskeys(user.id);
      const options = await generateRegistrationOptions({
        rpName: 'livestill',
        rpID: hostname,
        userName: user.name,
        userID: new Uint8Array(Buffer.from(user.id, 'utf8')),
        attestationType: 'none',
        excludeCredentials: known.map(({ id, transports }) => ({ id, transports: [...transports] })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      });
      await keepChallenge(options.challenge, 'add', user.id);
      return options;
    },
    async add(changes, user, name, response) {
      checkName(name);
      const { verifyRegistrationResponse } = await library();
      const { registrationInfo } = await verifyRegistrationResponse({
        ...expected,
        response,
        expectedChallenge: taken('add', user.id),
      }).catch(refuse);
      if (registrationInfo === undefined) throw refusal();
      const { id, publicKey, counter, transports = [] } = registrationInfo.credential;
      if ((await store.findPasskey(id)) !== null) throw refusal();
      return changes.addPasskey({
        id,
        userId: user.id,
        name,
        publicKey: Buffer.from(publicKey).toString('base64url'),
        counter,
        transports,
      });
    },
    async beginSignIn() {
      const { generateAuthenticationOptions } = await library();
      const options = await generateAuthenticationOptions({ rpID: hostname, userVerification: 'required' });
      await keepChallenge(options.challenge, 'sign-in', null);
      return options;
    },
    signIn: (response) => checked(response, null),
    async beginProof({ id }) {
      const { generateAuthenticationOptions } = await library();
      const known = await store.listPasskeys(id);
      const options = await generateAuthenticationOptions({
        rpID: hostname,
        userVerification: 'required',
        allowCredentials: known.map((one) => ({ id: one.id, transports: [...one.transports] })),
      });
      await keepChallenge(options.challenge, 'proof', id);
      return options;
    },
    async prove({ id }, response) {
      await checked(response, id);
    },
  };
}

const refusal = () =>
  new Refusal('passkey_refused', 'The passkey is not known here, or what it signed does not fit.');

/** The library says by an error what does not fit; a fault of the store goes on. */
function refuse(error: unknown): never {
  if (error instanceof Error && 'kind' in error) throw error;
  throw refusal();
}
