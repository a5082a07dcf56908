import { X509Certificate } from 'node:crypto';
import type { Config } from '../../config/load.ts';
import { UsageError } from '../../faults.ts';
import { ModelError } from '../../liveness/model-error.ts';
import { readModelPack } from '../../liveness/pack-card.ts';
import { count } from '../../report/count.ts';
import {
  expectedWords,
  foundWords,
  MODELS_DIR,
  pullCommand,
  verifyWeights,
  WeightsError,
} from '../../weights/index.ts';
import { loadTls } from '../../wire/http/tls.ts';
import { type Check, type CheckStatus, fail, lookAt, modeOf, ok, warn } from './checks.ts';

/** Days before a certificate's end from which on it is warned of; renewal by ACME happens 30 days before it. */
export const certificateDays = 21;
const dayMs = 86_400_000;

/** The built-in networks by size and SHA-256, and the cards of the packs. */
export async function checkModels({ models, profile }: Config): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const dir = models.dir ?? MODELS_DIR;
  try {
    const reports = await verifyWeights(dir);
    const wrong = reports.filter(({ status }) => status !== 'ok');
    const found = wrong.map((one) => `${one.path}: expected ${expectedWords(one)}, found ${foundWords(one)}`);
    const optional = wrong.every((one) => one.optional && one.status === 'missing');
    const asked = profile === 'careful' || profile === 'fast';
    const without = `${wrong.map(({ name }) => name).join(' and ')} not in place: ${asked ? `the profile "${profile}" cannot be used` : 'judging with the profile "single"'}`;
    if (wrong.length === 0) {
      checks.push(ok('models', `${count(reports.length, 'file')}, all with the SHA-256 of the lock`));
    } else if (optional) {
      checks.push((asked ? fail : warn)('models', without, pullCommand(dir)));
    } else checks.push(fail('models', found.join('; '), pullCommand(dir)));
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    checks.push(fail('models', error.message, error.advice));
  }
  for (const folder of models.packs) {
    try {
      const { card } = await readModelPack(folder);
      checks.push(ok('model pack', `${card.name} in ${folder}`));
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      checks.push(
        fail(
          'model pack',
          error.message,
          'Correct the card or the setting models.packs: docs/model-packs.md.',
        ),
      );
    }
  }
  return checks;
}

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
  return to.getTime() - now < certificateDays * dayMs
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
