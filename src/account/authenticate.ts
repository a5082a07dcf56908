import { Fault } from '../faults.ts';
import { checkBucket, checkPair, checkState } from './checks.ts';
import {
  type ParsedSignature,
  readSignature,
  tryReadSignature,
  verifyDigest,
} from './signature/signature.ts';
import { checkTime } from './signature/time.ts';
import type {
  AccountStore,
  AuthenticationRequest,
  Authenticator,
  Caller,
  Clock,
  ReplayStore,
  SignatureSettings,
} from './types.ts';

/** What an authenticator works with. */
export interface AuthenticatorParts {
  readonly accounts: AccountStore;
  readonly replay: Pick<ReplayStore, 'remember'>;
  readonly clock: Clock;
  readonly settings: SignatureSettings;
}

/**
 * The part of the contract's order of checks that runs from "signature present" to "the body's appid equals
 * the signed one": 4, 5, 10, 11, 12, 14, 9, 3 (403), 13, 6, 16. A single-use signature is used up once it
 * comes as far as 13, also when 6 or 16 refuses the request afterwards.
 */
export function createAuthenticator(parts: AuthenticatorParts): Authenticator {
  const { accounts, replay, clock, settings } = parts;
  return {
    async authenticate(request: AuthenticationRequest): Promise<Caller> {
      const signature = signatureOf(request, settings);
      const [app, pair] = await Promise.all([
        accounts.findApp(signature.appid),
        accounts.findSecret(signature.secretId),
      ]);
      const now = clock();
      const secret = checkPair(signature, app, pair, now);
      checkTime(signature, now, settings);
      checkState(app!);
      if (signature.singleUse) await useUp(signature, replay, settings);
      if (request.bodyAppid !== signature.appid) {
        throw new Fault(
          'signature_misdirected',
          'appid_differs',
          `the body's appid is not the one that was signed, ${signature.appid}`,
        );
      }
      await checkBucket(signature, app!, accounts);
      accounts.touchSecret(secret.secretId, new Date(now));
      return { app: app!, secretId: secret.secretId, singleUse: signature.singleUse };
    },

    async mayHoldKey(read): Promise<boolean> {
      // Where the body's signature may stand in for a missing header, nobody knows before the body is there.
      if (read instanceof Fault) return settings.bodySign && read.kind === 'signature_missing';
      const pair = await accounts.findSecret(read.secretId);
      return verifyDigest(read, pair?.enabled === true ? pair.secretKey : null);
    },
  };
}

/** The signature of the header, or of the body where that may stand in for a missing one. */
function signatureOf(request: AuthenticationRequest, settings: SignatureSettings): ParsedSignature {
  const { authorization, bodySign } = request;
  const headerIsThere = authorization !== undefined && authorization.trim() !== '';
  if (settings.bodySign && !headerIsThere && bodySign !== undefined) return readSignature(bodySign);
  const read = request.read ?? tryReadSignature(authorization);
  if (read instanceof Fault) throw read;
  return read;
}

async function useUp(
  signature: ParsedSignature,
  replay: Pick<ReplayStore, 'remember'>,
  settings: SignatureSettings,
): Promise<void> {
  // Kept one skew longer than it could be accepted, so that a clock set back a little cannot revive it.
  const until = new Date((signature.issued + settings.windowSeconds + settings.skewSeconds) * 1000);
  const fresh = await replay.remember(signature.digest.toString('hex'), until);
  if (!fresh) throw new Fault('signature_replayed', 'replay', 'this single-use signature was used before');
}
