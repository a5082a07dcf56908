import type { Config } from '../config/load.ts';
import { Fault, UsageError } from '../faults.ts';
import { textOf } from '../storage/place.ts';
import { type Probe, type Probed, type ProbeStep, probeStorage } from '../storage/s3/probe.ts';
import { type Check, fail, ok, warn } from './check.ts';

const NAME = 'storage';
/** Requests are refused from 15 minutes on; so much earlier it is worth a look, in ms. */
const SKEW_MS = 60_000;
/** The doctor waits no longer than this for an answer, in ms. */
const TIMEOUT_MS = 10_000;

/** Whether S3-compatible storage answers, takes the keys, and lets batches read and write. */
export async function checkStorage(
  endpoint: string,
  { appsPrefix, endpoint: _, ...others }: Config['s3'],
  now: () => number,
): Promise<Check> {
  const settings = { endpoint, ...others, timeoutMs: Math.min(others.timeoutMs, TIMEOUT_MS) };
  try {
    return verdict(await probeStorage(settings, folderOf(appsPrefix), now), endpoint, appsPrefix);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return fail(NAME, error.message, 'Correct these settings.');
  }
}

function folderOf(appsPrefix: string | null) {
  if (appsPrefix === null) return null;
  const [bucket = '', ...folders] = appsPrefix.split('/');
  return { bucket, key: folders.map((folder) => `${folder}/`).join('') };
}

function verdict({ steps, skewMs, left }: Probe, endpoint: string, appsPrefix: string | null): Check {
  const failed = steps.find(({ fault }) => fault !== null);
  if (failed?.fault) return failedAt(failed, failed.fault, endpoint, left === null ? '' : textOf(left));
  if (skewMs !== null && Math.abs(skewMs) > SKEW_MS) {
    return warn(
      NAME,
      `its clock differs from this machine's by ${Math.round(Math.abs(skewMs) / 1000)} s`,
      'Set both by a time service: requests are refused from 15 minutes on.',
    );
  }
  return appsPrefix === null
    ? ok(NAME, `${endpoint} answers and takes the keys; no bucket was looked into (s3.appsPrefix is not set)`)
    : ok(NAME, `${endpoint} lists, writes, reads and deletes below s3://${appsPrefix}`);
}

function failedAt({ step, code }: Probed, fault: Fault, endpoint: string, left: string): Check {
  const said = code === '' ? fault.message : `${code}: ${fault.message}`;
  // Who may not list all buckets has keys that are good all the same.
  if (step === 'reach' && code === 'AccessDenied')
    return ok(NAME, `${endpoint} answers and takes the keys, which may not list buckets`);
  if (step === 'delete') {
    return warn(
      NAME,
      `the keys may not delete: ${left} was left (${said})`,
      'Delete that object. Batches go on; a result that breaks off may leave parts behind.',
    );
  }
  if (step === 'write' && isDenied(code)) {
    return warn(
      NAME,
      `the keys may not write (${said})`,
      'Batches read pictures and cannot write results: let the keys put objects (s3:PutObject) below s3.appsPrefix.',
    );
  }
  return fail(NAME, said, adviceFor(code, fault, step));
}

const isDenied = (code: string): boolean => code === 'AccessDenied' || code === 'MethodNotAllowed';

const MAY: Readonly<Record<ProbeStep, string>> = {
  reach: 'list buckets',
  list: 'list the bucket (s3:ListBucket)',
  write: 'put objects (s3:PutObject)',
  read: 'get objects (s3:GetObject)',
  delete: 'delete objects (s3:DeleteObject)',
};

function adviceFor(code: string, fault: Fault, step: ProbeStep): string {
  if (fault.reason === 's3_no_bucket') return 'Make the bucket, or correct s3.appsPrefix.';
  if (code === 'SignatureDoesNotMatch')
    return 'Correct s3.secretAccessKey, and s3.region where the server has another one.';
  if (/^(?:InvalidAccessKeyId|XAdminUserNotFound|UserNotFound|InvalidToken|ExpiredToken)/.test(code))
    return 'Correct s3.accessKeyId (and s3.sessionToken where keys are temporary): the server does not know it.';
  if (code === 'RequestTimeTooSkewed') return "Set this machine's clock by a time service.";
  if (/^(?:AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraint)/.test(code))
    return 'Correct s3.region and s3.endpoint: the bucket is in another region.';
  if (isDenied(code)) return `Let the keys ${MAY[step]} there.`;
  if (fault.reason === 's3_unreachable') return unreachableAdvice(fault);
  return 'Look at s3.endpoint, the keys and what they may do.';
}

function unreachableAdvice(fault: Fault): string {
  const { cause, message } = fault;
  const reason = cause instanceof Fault ? cause.reason : '';
  if (reason !== 'tls_failed') return 'Check s3.endpoint, the network, and whether the server runs.';
  return message.includes('ALTNAME')
    ? 'The certificate is for another name: write s3.endpoint with the name that it has (or s3.pathStyle: true, where it does not cover names of buckets).'
    : 'Name the authority that signed its certificate in s3.ca.';
}
