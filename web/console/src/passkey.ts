import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import { t } from './i18n/index.ts';
import { Problem } from './ui/problem.ts';

/** Whether this browser has passkeys here: they need TLS, or the own machine. */
export const hasPasskeys = (): boolean => typeof PublicKeyCredential === 'function';

/**
 * Asks the browser for a signature by a passkey.
 * @throws {Problem} the person or the browser did not want to
 */
export async function signByPasskey(optionsJSON: PublicKeyCredentialRequestOptionsJSON) {
  const { startAuthentication } = await import('@simplewebauthn/browser');
  return startAuthentication({ optionsJSON }).catch(refused);
}

/**
 * Asks the browser to make a passkey.
 * @throws {Problem} the person or the browser did not want to, or the device has one already
 */
export async function makePasskey(optionsJSON: PublicKeyCredentialCreationOptionsJSON) {
  const { startRegistration } = await import('@simplewebauthn/browser');
  return startRegistration({ optionsJSON }).catch(refused);
}

function refused(error: unknown): never {
  const { name = '' } = error as { readonly name?: string };
  if (name === 'InvalidStateError') throw new Problem(t('passkey.known'));
  if (name === 'NotAllowedError' || name === 'AbortError') throw new Problem(t('passkey.cancelled'));
  throw new Problem(t('passkey.failed'));
}
