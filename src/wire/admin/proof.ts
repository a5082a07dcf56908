import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { PROOF_MS } from '../../console/proof.ts';
import type { AreaParts } from './area.ts';
import { userOf } from './caller.ts';
import { closed, textUpTo } from './shapes.ts';
import { passkeysOf } from './sign-in.ts';

const proofBody = closed({ password: textUpTo(1024), code: Type.Optional(textUpTo(20)) });
const passkeyBody = closed({ response: Type.Object({ id: textUpTo(2000) }) });

const MINE = { config: { access: 'user' } } as const;

/**
 * Users show again who they are, which some changes ask for. Those of a provider do it there: a new sign-in,
 * see `oidc.ts`.
 */
export async function proofRoutes(app: FastifyInstance, { console, callers }: AreaParts): Promise<void> {
  const proven = async (request: FastifyRequest) => {
    const now = console.clock();
    await console.backing.console.proveSession(userOf(request).session.id, new Date(now));
    return { provenUntil: new Date(now + PROOF_MS) };
  };
  app.post<{ Body: Static<typeof proofBody> }>(
    '/me/proof',
    {
      ...MINE,
      schema: {
        body: proofBody,
        summary: 'Show again who sits there: password, and code where one is needed',
      },
    },
    async (request) => {
      const { user } = userOf(request);
      await console.signIn.prove(user.id, request.body, callers.addressGroup(request));
      return proven(request);
    },
  );
  app.post(
    '/me/proof/passkey/options',
    { ...MINE, schema: { summary: 'What the browser is asked to sign as a proof' } },
    async (request) => {
      callers.pace(request);
      return passkeysOf(console).beginProof(userOf(request).user);
    },
  );
  app.post<{ Body: { readonly response: AuthenticationResponseJSON } }>(
    '/me/proof/passkey',
    { ...MINE, schema: { body: passkeyBody, summary: 'Show again who sits there, with a passkey' } },
    async (request) => {
      await passkeysOf(console).prove(userOf(request).user, request.body.response);
      return proven(request);
    },
  );
}
