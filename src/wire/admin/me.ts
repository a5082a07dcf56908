import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { checkName } from '../../account/validate.ts';
import { permissionsOf } from '../../console/permissions.ts';
import { Refusal } from '../../console/refusal.ts';
import { digestOf } from '../../console/tokens.ts';
import { isTotpSecret, newTotpSecret, totpStep } from '../../console/totp.ts';
import { UsageError } from '../../faults.ts';
import type { AreaParts } from './area.ts';
import { type Caller, userOf } from './caller.ts';
import { closed, idParams, textUpTo } from './shapes.ts';

const password = textUpTo(1024, 0);
const passwordBody = closed({ current: password, password: textUpTo(1024) });
const confirmedBody = closed({ password });
const totpBody = closed({ secret: textUpTo(64), code: textUpTo(20) });
const nameBody = closed({ name: textUpTo(100) });
const passkeyBody = closed({ name: textUpTo(100), response: Type.Object({ id: textUpTo(2000) }) });

/** Who is signed in, and what that one may do. */
export function meOf({ console }: Pick<AreaParts, 'console'>, caller: Caller) {
  const permissions = permissionsOf(caller.role);
  if (caller.kind === 'key') {
    const { keyId, name, role, expiresAt } = caller.key;
    return { user: null, key: { id: keyId, name, role }, csrfToken: null, permissions, expiresAt };
  }
  const { id, name, role, totp, passkeys, provider } = caller.user;
  return {
    user: { id, name, role, totp, passkeys, provider },
    csrfToken: caller.session.csrfToken,
    permissions,
    expiresAt: console.sessions.endsAt(caller.session),
  };
}

/** What users do for themselves. */
export async function meRoutes(app: FastifyInstance, parts: AreaParts): Promise<void> {
  app.get(
    '/me',
    { config: { access: 'any' }, schema: { summary: 'Who is signed in' } },
    async ({ caller }) => {
      if (caller === null) throw new Refusal('sign_in_needed', 'Nobody is signed in.');
      return meOf(parts, caller);
    },
  );
  sessionRoutes(app, parts);
  passwordRoutes(app, parts);
  totpRoutes(app, parts);
  passkeyRoutes(app, parts);
}

/** How long a new secret may wait for its first code, in ms. */
const TOTP_SECRET_MS = 15 * 60_000;

const MINE = { config: { access: 'user' } } as const;

function sessionRoutes(app: FastifyInstance, { console }: AreaParts): void {
  const { console: store } = console.backing;
  app.get(
    '/me/sessions',
    { ...MINE, schema: { summary: 'Where this user is signed in' } },
    async (request) => {
      const { user, session } = userOf(request);
      const found = await store.listSessions(user.id, new Date(console.clock()));
      // Of so many that not all are listed, this one is.
      const all = found.some(({ id }) => id === session.id) ? found : [session, ...found];
      const items = all.map(({ id, createdAt, seenAt, expiresAt, address, agent }) => ({
        id,
        createdAt,
        seenAt,
        expiresAt,
        address,
        agent,
        isCurrent: id === session.id,
      }));
      return { items, next: null };
    },
  );
  app.delete<{ Params: Static<typeof idParams> }>(
    '/me/sessions/:id',
    { ...MINE, schema: { params: idParams, summary: 'End one of them' } },
    async (request, reply) => {
      const { user } = userOf(request);
      const { id } = request.params;
      const found = await store.findSessionById(id, new Date(console.clock()));
      if (found?.userId !== user.id) throw new UsageError('session_unknown', 'there is no such session');
      await store.endSession(id);
      return reply.code(204).send();
    },
  );
}

/** Changes of how one signs in ask for the password again: a browser that was left open is not its user. */
async function confirm(
  { console, callers }: AreaParts,
  request: FastifyRequest,
  given: string,
): Promise<void> {
  await console.signIn.confirm(userOf(request).user.id, given, callers.addressGroup(request));
}

function passwordRoutes(app: FastifyInstance, parts: AreaParts): void {
  const { console, callers } = parts;
  app.post<{ Body: Static<typeof passwordBody> }>(
    '/me/password',
    { ...MINE, schema: { body: passwordBody, summary: 'Change the password; other sessions end' } },
    async (request, reply) => {
      const { user, session } = userOf(request);
      await confirm(parts, request, request.body.current);
      await console.users.setPassword(callers.changes(request), user, request.body.password, session.id);
      return reply.code(204).send();
    },
  );
}

function totpRoutes(app: FastifyInstance, parts: AreaParts): void {
  const { console, callers } = parts;
  const { console: store } = console.backing;
  app.post<{ Body: Static<typeof confirmedBody> }>(
    '/me/totp',
    {
      ...MINE,
      schema: { body: confirmedBody, summary: 'A secret for an authenticator app; not in use yet' },
    },
    async (request) => {
      await confirm(parts, request, request.body.password);
      const { user } = userOf(request);
      const made = newTotpSecret(user.name);
      const until = new Date(console.clock() + TOTP_SECRET_MS);
      const digest = digestOf(made.secret);
      await store.putTicket({ kind: 'totp', digest, userId: user.id, data: null, until });
      return made;
    },
  );
  app.post<{ Body: Static<typeof totpBody> }>(
    '/me/totp/confirm',
    { ...MINE, schema: { body: totpBody, summary: 'Ask for a code of this secret from now on' } },
    async (request, reply) => {
      const { user, session } = userOf(request);
      const { secret, code } = request.body;
      if (user.totp) throw new UsageError('invalid_request', 'codes are asked for already: end that first');
      if (!isTotpSecret(secret))
        throw new UsageError('invalid_request', 'secret: expected 32 letters of base32');
      const step = totpStep(secret, code, console.clock());
      if (step === null) throw new Refusal('code_wrong', 'The code is wrong or too old.');
      const ticket = await store.takeTicket('totp', digestOf(secret), new Date(console.clock()));
      if (ticket?.userId !== user.id)
        throw new UsageError(
          'invalid_request',
          'secret: expected the newest one made for this user, not older than 15 minutes',
        );
      await callers.changes(request).changeUser(user.id, { totpSecret: secret }, session.id);
      await store.takeTotpStep(user.id, step);
      return reply.code(204).send();
    },
  );
  app.delete<{ Body: Static<typeof confirmedBody> }>(
    '/me/totp',
    { ...MINE, schema: { body: confirmedBody, summary: 'Ask for no code any more' } },
    async (request, reply) => {
      const { user, session } = userOf(request);
      await confirm(parts, request, request.body.password);
      await callers.changes(request).changeUser(user.id, { totpSecret: null }, session.id);
      return reply.code(204).send();
    },
  );
}

function passkeyRoutes(app: FastifyInstance, parts: AreaParts): void {
  const { console, callers } = parts;
  const { console: store } = console.backing;
  const passkeys = () => {
    const found = console.passkeys();
    if (found === null)
      throw new Refusal('passkey_refused', 'Passkeys need a host name: see the setting console.url.');
    return found;
  };
  app.get('/me/passkeys', { ...MINE, schema: { summary: 'The passkeys of this user' } }, async (request) => {
    const found = await store.listPasskeys(userOf(request).user.id);
    const items = found.map(({ id, name, createdAt, lastUsedAt }) => ({ id, name, createdAt, lastUsedAt }));
    return { items, next: null };
  });
  app.post<{ Body: Static<typeof confirmedBody> }>(
    '/me/passkeys/options',
    { ...MINE, schema: { body: confirmedBody, summary: 'What the browser makes a passkey of' } },
    async (request) => {
      await confirm(parts, request, request.body.password);
      return passkeys().beginAdding(userOf(request).user);
    },
  );
  app.post<{ Body: { readonly name: string; readonly response: RegistrationResponseJSON } }>(
    '/me/passkeys',
    { ...MINE, schema: { body: passkeyBody, summary: 'Keep a passkey that the browser made' } },
    async (request, reply) => {
      const { name, response } = request.body;
      const { user } = userOf(request);
      const made = await passkeys().add(callers.changes(request), user, name, response);
      const { id, createdAt, lastUsedAt } = made;
      return reply.code(201).send({ id, name: made.name, createdAt, lastUsedAt });
    },
  );
  app.patch<{ Params: Static<typeof idParams>; Body: Static<typeof nameBody> }>(
    '/me/passkeys/:id',
    { ...MINE, schema: { params: idParams, body: nameBody, summary: 'Give a passkey another name' } },
    async (request) => {
      const { name } = request.body;
      checkName(name);
      const { user } = userOf(request);
      const changed = await callers.changes(request).renamePasskey(user.id, request.params.id, name);
      const { id, createdAt, lastUsedAt } = changed;
      return { id, name: changed.name, createdAt, lastUsedAt };
    },
  );
  app.delete<{ Params: Static<typeof idParams>; Body: Static<typeof confirmedBody> }>(
    '/me/passkeys/:id',
    { ...MINE, schema: { params: idParams, body: confirmedBody, summary: 'Remove a passkey' } },
    async (request, reply) => {
      await confirm(parts, request, request.body.password);
      await callers.changes(request).removePasskey(userOf(request).user.id, request.params.id);
      return reply.code(204).send();
    },
  );
}
