import { Fault, type FaultKind, UsageError } from '../../faults.ts';
import { checkBucket, checkPair, checkState } from '../checks.ts';
import type { AccountAdmin, AccountStore, ReplayStore, SignatureSettings } from '../types.ts';
import { ADVICE, NOTE_TEXTS } from './advice.ts';
import { explainDigest } from './mistakes.ts';
import { type ParsedSignature, readSignature, verifyDigest } from './signature.ts';
import { checkTime, inWords } from './time.ts';

/**
 * One thing about a signature. `error`: the service refuses it for that; `note`: accepted, but worth knowing.
 */
export interface Finding {
  readonly severity: 'error' | 'note';
  /** The same constant as in the server's log. */
  readonly reason: string;
  /** The kind of fault it is refused with; null for a note. */
  readonly kind: FaultKind | null;
  readonly text: string;
  /** What to do; empty for a note. */
  readonly fix: string;
  /** The SecretId of another pair of the app that made the digest. */
  readonly madeBy?: string;
}

/** A signature taken apart. */
export interface Diagnosis {
  /** The service would accept it at this moment, as far as it could be checked. */
  readonly accepted: boolean;
  /** The digest could be checked: a key was at hand. */
  readonly verified: boolean;
  /** Null when it could not be taken apart. */
  readonly signature: ParsedSignature | null;
  readonly findings: readonly Finding[];
}

/** What the signature is held against. */
export interface DiagnosisInput {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly settings: SignatureSettings;
  /** The appid that the body will carry, if known. */
  readonly appid?: string | undefined;
  /** A key to verify with. */
  readonly secretKey?: string | undefined;
  /** The accounts of a data folder, instead of a key. */
  readonly accounts?:
    | (Pick<AccountStore, 'findApp' | 'findSecret' | 'findBucketOwner'> & Pick<AccountAdmin, 'listSecrets'>)
    | undefined;
  /** The memory of used signatures, to say whether one for single use was used. */
  readonly replay?: Pick<ReplayStore, 'isUsed'> | undefined;
}

/**
 * Take a signature apart and say everything that is wrong with it, in the order in which the service would
 * refuse it.
 */
export async function diagnose(input: DiagnosisInput): Promise<Diagnosis> {
  const findings: Finding[] = [];
  const collect = async <T>(check: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof Fault) || error.area !== 'account') throw error;
      findings.push({
        severity: 'error',
        reason: error.reason,
        kind: error.kind,
        text: error.message,
        fix: ADVICE.get(error.reason) ?? '',
      });
      return null;
    }
  };
  const signature = await collect(() => readSignature(input.text));
  if (signature === null) return { accepted: false, verified: false, signature: null, findings };
  const verified = await checkOwner(signature, input, collect);
  await nameOtherKey(signature, input, findings);
  await collect(() => checkTime(signature, input.now, input.settings));
  const isUnused = await collect(() => checkUnused(signature, input, findings));
  await collect(() => {
    if (input.appid !== undefined && input.appid !== signature.appid) {
      throw new Fault(
        'signature_misdirected',
        'appid_differs',
        `the signature is for the appid ${signature.appid}, the request for ${input.appid}`,
      );
    }
  });
  const accepted = findings.length === 0;
  findings.push(...notes(signature, input, { verified, accepted, isUnused: isUnused === true }));
  return { accepted, verified, signature, findings };
}

type Collect = <T>(check: () => T | Promise<T>) => Promise<T | null>;

/** Account and digest, by the accounts or by a key; whether the digest could be checked. */
async function checkOwner(
  signature: ParsedSignature,
  input: DiagnosisInput,
  collect: Collect,
): Promise<boolean> {
  const { accounts, secretKey, now } = input;
  if (accounts !== undefined) {
    const app = await accounts.findApp(signature.appid);
    const pair = await accounts.findSecret(signature.secretId);
    await collect(() => checkPair(signature, app, pair, now));
    if (app !== null) {
      await collect(() => checkState(app));
      await collect(() => checkBucket(signature, app, accounts));
    }
    return pair !== null;
  }
  for (const [field, value] of [
    ['appid', signature.appid],
    ['secretid', signature.secretId],
  ] as const) {
    if (!/^\[.*\]$/.test(value)) continue;
    const what = `${field === 'appid' ? 'a' : 'k'} is ${value}: the brackets of the documentation were copied`;
    await collect(() => {
      if (field === 'appid') throw new Fault('app_unknown', 'appid_in_brackets', what);
      throw new Fault('key_unknown', 'secretid_in_brackets', what);
    });
  }
  if (secretKey === undefined) return false;
  await collect(() => {
    if (verifyDigest(signature, secretKey)) return;
    const { reason, message } = explainDigest(
      signature.digest,
      signature.original,
      secretKey,
      signature.secretId,
    );
    throw new Fault('signature_invalid', reason, message);
  });
  return true;
}

/** Pairs of one app that are tried. */
const MOST_PAIRS = 50;
/** Reasons after which the digest may still be of another pair of the same app. */
const OF_ANOTHER_KEY: ReadonlySet<string> = new Set([
  'hmac_differs',
  'secretid_unknown',
  'secretid_in_brackets',
  'secretid_of_another_app',
]);

/** Where the key is not that of `k`: says so where another pair of the app made the digest. */
async function nameOtherKey(
  signature: ParsedSignature,
  { accounts }: DiagnosisInput,
  findings: Finding[],
): Promise<void> {
  const at = findings.findIndex(({ reason }) => OF_ANOTHER_KEY.has(reason));
  if (accounts === undefined || at < 0) return;
  const pairs = await accounts.listSecrets(signature.appid).catch((error: unknown) => {
    if (error instanceof UsageError) return [];
    throw error;
  });
  for (const { secretId } of pairs.slice(-MOST_PAIRS)) {
    const pair = secretId === signature.secretId ? null : await accounts.findSecret(secretId);
    if (pair === null || !verifyDigest(signature, pair.secretKey)) continue;
    const found = findings[at] as Finding;
    findings[at] = {
      ...found,
      text: `${found.text}; the digest was made with the SecretKey of ${secretId}, another pair of this app`,
      fix: `Put ${secretId} into k, or sign with the SecretKey of the SecretId that k names.`,
      madeBy: secretId,
    };
    return;
  }
}

/**
 * Whether a signature for single use is known to be unused.
 * @throws {Fault} `signature_replayed`
 */
async function checkUnused(
  { singleUse, digest }: ParsedSignature,
  { replay }: DiagnosisInput,
  findings: readonly Finding[],
): Promise<boolean> {
  // What the service refuses before it never comes into the memory.
  if (!singleUse || replay === undefined || findings.length > 0) return false;
  if (!(await replay.isUsed(digest.toString('hex')))) return true;
  throw new Fault('signature_replayed', 'replay', 'this single-use signature was used before');
}

function notes(
  signature: ParsedSignature,
  input: DiagnosisInput,
  {
    verified,
    accepted,
    isUnused,
  }: { readonly verified: boolean; readonly accepted: boolean; readonly isUnused: boolean },
): Finding[] {
  const note = (reason: string, text: string): Finding => ({
    severity: 'note',
    reason,
    kind: null,
    text,
    fix: '',
  });
  const found = signature.notes.map((name) => note(name, NOTE_TEXTS[name]));
  if (!verified) {
    found.push(
      note(
        'not_verified',
        'The digest was not checked: give --secret-key, or --data with the folder that holds the key.',
      ),
    );
  }
  if (!accepted) return found;
  const now = input.now / 1000;
  if (signature.singleUse) {
    const left = signature.issued + input.settings.windowSeconds - now;
    found.push(
      note(
        'single_use',
        `Usable once, for another ${inWords(left)}. ${isUnused ? 'It was not used yet.' : 'Whether it was used already only the service knows.'}`,
      ),
    );
  } else found.push(note('multi_use', `Usable many times, for another ${inWords(signature.expires - now)}.`));
  return found;
}
