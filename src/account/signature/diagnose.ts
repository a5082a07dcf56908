import { Fault, type FaultKind } from '../../faults.ts';
import { checkBucket, checkPair, checkState } from '../checks.ts';
import type { AccountStore, SignatureSettings } from '../types.ts';
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
  readonly accounts?: Pick<AccountStore, 'findApp' | 'findSecret' | 'findBucketOwner'> | undefined;
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
  await collect(() => checkTime(signature, input.now, input.settings));
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
  findings.push(...notes(signature, input, verified, accepted));
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

function notes(
  signature: ParsedSignature,
  input: DiagnosisInput,
  verified: boolean,
  accepted: boolean,
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
        `Usable once, for another ${inWords(left)}. Whether it was used already only the service knows.`,
      ),
    );
  } else found.push(note('multi_use', `Usable many times, for another ${inWords(signature.expires - now)}.`));
  return found;
}
