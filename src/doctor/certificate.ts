import { X509Certificate } from 'node:crypto';
import type { Config } from '../config/load.ts';
import { UsageError } from '../faults.ts';
import { loadTls } from '../wire/http/tls.ts';
import { type Check, type CheckStatus, fail, lookAt, modeOf, ok, warn } from './check.ts';

/**
 * Days before a certificate's end from which on it is reported; renewal by ACME happens 30 days before it.
 */
const CERTIFICATE_DAYS = 21;
const DAY_MS = 86_400_000;

/** Certificate and key: readable, belonging together, within their dates, the whole chain. */
export async function checkCertificate({ tls }: Config, now: number): Promise<readonly Check[]> {
  const { cert, key } = tls;
  if (cert === null || key === null) return [];
  const name = 'certificate';
  try {
    const identity = await loadTls({ cert, key });
    const chain = identity.cert.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    return [
      chain.map((pem) => datesOf(new X509Certificate(pem), now)).sort(worstFirst)[0]!,
      ...(await keyRights(key)),
    ];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [fail(name, error.message, 'Put a matching pair of PEM files there: tls.cert, tls.key.')];
  }
}

/** Of a pair of checks the worse one first. */
function worstFirst(one: Check, other: Check): number {
  const order: readonly CheckStatus[] = ['fail', 'warn', 'ok'];
  return order.indexOf(one.status) - order.indexOf(other.status);
}

function datesOf(certificate: X509Certificate, now: number): Check {
  const name = 'certificate';
  const subject = certificate.subject.replace(/\n/g, ', ');
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  const until = `${subject}, until ${to.toISOString()}`;
  if (to.getTime() <= now)
    return fail(name, `${until}: it is over`, 'Renew it; a running service takes the new files by itself.');
  if (from.getTime() > now) {
    return fail(
      name,
      `${subject}, not before ${from.toISOString()}`,
      'Check the clock, or use another certificate.',
    );
  }
  return to.getTime() - now < CERTIFICATE_DAYS * DAY_MS
    ? warn(name, until, 'Renew it soon; a running service takes the new files by itself.')
    : ok(name, until);
}

async function keyRights(path: string): Promise<readonly Check[]> {
  const found = await lookAt(path);
  if (typeof found === 'string' || process.platform === 'win32' || (found.mode & 0o007) === 0) return [];
  return [
    warn('certificate key', `${path}, mode ${modeOf(found)}: every user may read it`, `chmod 600 ${path}`),
  ];
}
