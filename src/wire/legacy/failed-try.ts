import type { ParsedSignature } from '../../account/signature/signature.ts';
import type { Authenticator } from '../../account/types.ts';
import { Fault, type FaultKind, type FaultReason } from '../../faults.ts';
import type { Facts } from '../decision/log.ts';
import type { Exchange } from '../http/exchange.ts';
import type { FailedTries } from '../http/failed-tries.ts';

/** What it takes to limit callers without a valid key. */
export interface TriesDeps {
  readonly authenticator: Authenticator;
  /** None: they are not limited. */
  readonly failedTries?: FailedTries | undefined;
}

/**
 * Of a caller whose address has failed too often: whether it holds a valid key all the same. It is asked for
 * before anything of the body is read.
 * @throws {Fault} `rate_limited` `failed_tries` where it does not
 */
export async function holdsKeyIfAsked(
  { failedTries, authenticator }: TriesDeps,
  { callerAddress }: Pick<Exchange, 'callerAddress'>,
  read: ParsedSignature | Fault,
): Promise<boolean> {
  if (failedTries?.isOver(callerAddress) !== true) return false;
  if (await authenticator.mayHoldKey(read)) return !(read instanceof Fault);
  const refused = failedTries.fail(callerAddress);
  if (refused !== null) throw refused;
  return false;
}

/** Kinds that say that a caller has no valid key, or that nobody got as far as asking for one. */
const WITHOUT_KEY: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'request_malformed',
  'appid_missing',
  'signature_missing',
  'signature_malformed',
  'app_unknown',
  'key_unknown',
  'key_unusable',
  'signature_invalid',
  'body_too_large',
]);
/** Reasons of these kinds that only holders of a valid key can be refused for. */
const WITH_KEY: ReadonlySet<string> = new Set<FaultReason<'signature_invalid'>>([
  'clock_ahead',
  'issued_in_milliseconds',
]);

/** Whether what a request was refused for says that nobody with a valid key was seen to send it. */
export function isFailedTry(error: unknown, { appid }: Pick<Facts, 'appid'>): boolean {
  return (
    appid === undefined &&
    error instanceof Fault &&
    WITHOUT_KEY.has(error.kind) &&
    !WITH_KEY.has(error.reason)
  );
}
