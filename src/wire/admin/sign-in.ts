import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { Console } from '../../console/console.ts';
import type { Passkeys } from '../../console/passkeys.ts';
import { Refusal } from '../../console/refusal.ts';
import type { ConsoleUser } from '../../console/types.ts';
import type { AreaParts } from './area.ts';
import { userOf } from './caller.ts';
import { meOf } from './me.ts';
import { closed, textUpTo } from './shapes.ts';

const setupBody = closed({
  token: textUpTo(100),
  name: Type.Optional(textUpTo(100, 0)),
  password: textUpTo(1024),
});
const signInBody = closed({
  name: textUpTo(100),
  password: textUpTo(1024),
  code: Type.Optional(textUpTo(20)),
});
/** What the browser's own API made; the passkey library checks it member by member. */
const passkeyBody = closed({ response: Type.Object({ id: textUpTo(2000) }) });

/** Opens a session for a user who has just shown who it is, in place of the one the browser came with. */
export function opening(parts: AreaParts) {
  const { console, callers } = parts;
  return async (request: FastifyRequest, reply: FastifyReply, user: ConsoleUser, provenAt?: Date | null) => {
    await callers.leave(request);
    const agent = request.headers['user-agent'] ?? '';
    const origin = { address: request.callerAddress, agent };
    const opened = await console.sessions.open(user.id, origin, provenAt);
    callers.signedIn(reply, opened);
    return meOf(parts, { kind: 'user', role: user.role, user, session: opened.session });
  };
}

/** @throws {Refusal} `passkey_refused` where the console is reached under an address without a host name */
export function passkeysOf(console: Console): Passkeys {
  const found = console.passkeys();
  if (found !== null) return found;
  throw new Refusal('passkey_refused', 'Passkeys need a host name: see the setting console.url.');
}

/** The first words with the console: what it needs, setting it up, signing in and out. */
export async function signInRoutes(app: FastifyInstance, parts: AreaParts): Promise<void> {
  const { console, callers, version } = parts;
  const { backing, signIn, users, oidc } = console;
  const open = opening(parts);

  const everybody = { config: { access: 'none' } } as const;
  app.get(
    '/state',
    { ...everybody, schema: { summary: 'What the console needs before anybody signs in' } },
    async () => ({
      version,
      needsSetup: !(await backing.console.hasUsers()),
      signIn: {
        password: true,
        passkey: console.passkeys() !== null,
        oidc: oidc !== null,
        oidcName: oidc?.settings.name ?? null,
      },
      tls: callers.isTls(),
    }),
  );
  app.post<{ Body: Static<typeof setupBody> }>(
    '/setup',
    {
      ...everybody,
      schema: { body: setupBody, summary: 'Use a link: the first administrator, or a new password' },
    },
    async (request, reply) => {
      const { token, name = '', password } = request.body;
      const by = (who: string) => backing.as({ kind: 'console', name: who, from: request.callerAddress });
      const user = await users.useLink({ token, name, password }, by);
      return reply.code(201).send(await open(request, reply, user));
    },
  );
  app.post<{ Body: Static<typeof signInBody> }>(
    '/sign-in',
    {
      ...everybody,
      schema: { body: signInBody, summary: 'Sign in with a password, and a code where one is needed' },
    },
    async (request, reply) => {
      const user = await signIn.check(request.body, callers.addressGroup(request));
      return open(request, reply, user);
    },
  );
  const passkeys = () => passkeysOf(console);
  app.post(
    '/sign-in/passkey/options',
    { ...everybody, schema: { summary: 'What the browser is asked to sign' } },
    async (request) => {
      callers.pace(request);
      return passkeys().beginSignIn();
    },
  );
  app.post<{ Body: { readonly response: AuthenticationResponseJSON } }>(
    '/sign-in/passkey',
    { ...everybody, schema: { body: passkeyBody, summary: 'Sign in with a passkey' } },
    async (request, reply) => open(request, reply, await passkeys().signIn(request.body.response)),
  );
  app.post(
    '/sign-out',
    {
      config: { access: 'user' },
      schema: { summary: 'End this session; 200 says where to sign out at the provider too' },
    },
    async (request, reply) => {
      const { user, session } = userOf(request);
      await backing.console.endSession(session.id);
      callers.signedOut(reply);
      const signOutUrl = (await oidc?.signOutUrl(user)) ?? null;
      return signOutUrl === null ? reply.code(204).send() : { signOutUrl };
    },
  );
  app.post(
    '/sign-out-everywhere',
    { config: { access: 'user' }, schema: { summary: 'End all sessions of this user' } },
    async (request, reply) => {
      await backing.console.endSessions(userOf(request).user.id, null);
      callers.signedOut(reply);
      return reply.code(204).send();
    },
  );
}
