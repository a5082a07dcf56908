import { Secret, TOTP } from 'otpauth';

const PERIOD = 30;
/** Codes of one step before and after count too: clocks differ. */
const WINDOW = 1;

/** A secret for an authenticator app, as text and as the address that a QR code holds. */
export interface TotpSecret {
  /** Base32, 160 bits (RFC 4226 §4 asks for that). */
  readonly secret: string;
  readonly url: string;
}

const totpOf = (secret: string, label = 'livestill') =>
  new TOTP({
    issuer: 'livestill',
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: PERIOD,
    secret: Secret.fromBase32(secret),
  });

/** @param label what the app shows beside the codes: the user's name */
export function newTotpSecret(label: string): TotpSecret {
  const secret = new Secret({ size: 20 }).base32;
  return { secret, url: totpOf(secret, label).toString() };
}

/** Whether a text can be a secret that `newTotpSecret` made. */
export function isTotpSecret(text: string): boolean {
  return /^[A-Z2-7]{32}$/.test(text);
}

/**
 * The time step that a code is of; null where it is of none near now. A step may be taken once (RFC 6238
 * §5.2).
 * @param now ms since 1970
 */
export function totpStep(secret: string, code: string, now: number): number | null {
  const token = code.replaceAll(' ', '');
  if (!/^\d{6}$/.test(token)) return null;
  const delta = totpOf(secret).validate({ token, timestamp: now, window: WINDOW });
  return delta === null ? null : Math.floor(now / 1000 / PERIOD) + delta;
}
