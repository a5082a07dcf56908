import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import { type Diagnosis, type DiagnosisInput, diagnose } from '../../account/signature/diagnose.ts';
import { chooseSigner, makeSignature, type Signer } from '../../account/signature/make.ts';
import type { App, SignatureSettings } from '../../account/types.ts';
import { checkNewSecret } from '../../account/validate.ts';
import type { Config } from '../../config/load.ts';
import { UsageError } from '../../faults.ts';
import type { Store } from '../../store/open.ts';
import { codeOf } from '../../wire/legacy/codes/codes.ts';
import { secretKeyFrom, wholeSeconds } from '../shared/arguments.ts';
import { baseUrl, curlLine } from '../shared/curl.ts';
import { configOf, type DataOptions, dataCommand, withStore } from '../shared/open-store.ts';
import { type Outcome, pairs, perform } from '../shared/outcome.ts';

interface SignOptions extends DataOptions {
  readonly json?: boolean;
  readonly appid?: string;
  readonly secretId?: string;
  readonly secretKey?: string;
  readonly bucket?: string;
  readonly expires: number;
  readonly once?: boolean;
  readonly fileid?: string;
  readonly url?: string;
  readonly image: string;
  readonly check?: string;
}

/** Adds `livestill sign` to the program. Exit status of `--check`: 0 accepted, 1 refused. */
export function registerSign(program: Command): void {
  dataCommand(program, 'sign', 'make a signature and a curl line, or say what is wrong with a signature')
    .option('--appid <digits>', 'the app to sign for (default: the only one there is)')
    .option('--secret-id <id>', 'the pair to sign with (default: the newest one of the app)')
    .option(
      '--secret-key <key>',
      'its SecretKey, when there is no data folder here; - reads it from standard input',
    )
    .option('--bucket <name>', 'put a bucket into the signature')
    .option('--expires <seconds>', 'how long it is usable', wholeSeconds, 3600)
    .option('--once', 'usable a single time; needs --fileid')
    .option('--fileid <name>', 'the file a single-use signature is for')
    .option(
      '--url <base>',
      'where the service is, for the curl line (default: host and port of the configuration)',
    )
    .option('--image <file>', 'the picture in the curl line', 'selfie.jpg')
    .option(
      '--check <signature>',
      'take this signature apart and say what is wrong with it; - reads it from standard input',
    )
    .addHelpText(
      'after',
      `
A signature is base64( HMAC-SHA1(SecretKey, original) + original ), the original being
a=APPID&b=BUCKET&k=SECRETID&e=END&t=NOW&r=RANDOM&f=FILEID with times in seconds since 1970.

--check verifies with --secret-key, else with the keys of the data folder; where there is none, it
checks everything but the digest.

Examples:
  livestill sign --appid 1000001
  livestill sign --appid 1000001 --secret-id AKID… --secret-key - --url https://liveness.example.org
  livestill sign --appid 1000001 --once --fileid selfie-17
  livestill sign --check "$SIGNATURE"

Exit status: 0 made, or the service would accept it, 1 the service would refuse it, 2 wrong use.`,
    )
    .action((options: SignOptions, command: Command) =>
      perform(command, options, () =>
        options.check === undefined ? make(options) : check(options, options.check),
      ),
    );
}

async function make(options: SignOptions): Promise<Outcome> {
  if (options.once === true && options.fileid === undefined) {
    throw new UsageError(
      'fileid_missing',
      'expected --fileid with --once: a single-use signature is for one file',
    );
  }
  const signer = await signerOf(options);
  const made = makeSignature(
    signer,
    {
      seconds: options.once === true ? null : options.expires,
      bucket: options.bucket,
      fileid: options.fileid,
    },
    Date.now(),
    randomInt(1, 2 ** 31),
  );
  const { signature, expires } = made;
  const base = options.url ?? baseUrl(configOf(options));
  const curl = curlLine({ base, signature, appid: signer.appid, image: options.image });
  const life = expires === 0 ? 'usable once' : `usable until ${new Date(expires * 1000).toISOString()}`;
  return {
    text: `Signature (${life}):\n\n${signature}\n\nA call to copy:\n\n${curl}`,
    json: { ...made, curl },
  };
}

async function signerOf(options: SignOptions): Promise<Signer> {
  const { appid, secretId, secretKey } = options;
  if (secretKey === undefined) return withStore(options, false, (store) => signerFromStore(store, options));
  if (appid === undefined || secretId === undefined) {
    throw new UsageError('signer_incomplete', 'expected --appid and --secret-id together with --secret-key');
  }
  const key = await secretKeyFrom(secretKey);
  checkNewSecret({ secretId, secretKey: key });
  return { appid, secretId, secretKey: key };
}

async function signerFromStore({ accounts }: Store, options: SignOptions): Promise<Signer> {
  const appid = options.appid ?? onlyApp(await accounts.listApps());
  return chooseSigner(accounts, { appid, secretId: options.secretId }, Date.now());
}

function onlyApp(apps: readonly App[]): string {
  const open = apps.filter((app) => app.state === 'active');
  if (open.length === 1) return open[0]!.appid;
  const found =
    open.length === 0
      ? 'there is none: "livestill app create" makes one'
      : `there are ${named(open.map((app) => app.appid))}`;
  throw new UsageError('appid_missing', `expected --appid, as there is not just one active app (${found})`);
}

/** The first few, and how many more. */
function named(appids: readonly string[]): string {
  const shown = appids.slice(0, 10).join(', ');
  return appids.length > 10 ? `${shown} and ${appids.length - 10} more` : shown;
}

function settingsOf(config: Config): SignatureSettings {
  return { ...config.signature, bodySign: config.compat.bodySign };
}

async function check(options: SignOptions, given: string): Promise<Outcome> {
  if (given === '-' && options.secretKey === '-') {
    throw new UsageError('one_input', 'expected only one of --check and --secret-key from standard input');
  }
  const text = given === '-' ? await secretKeyFrom('-') : given;
  const secretKey = options.secretKey === undefined ? undefined : await secretKeyFrom(options.secretKey);
  const input = { text, now: Date.now(), settings: settingsOf(configOf(options)), appid: options.appid };
  const diagnosis =
    secretKey === undefined ? await checkInFolder(options, input) : await diagnose({ ...input, secretKey });
  return { ok: diagnosis.accepted, text: diagnosisText(diagnosis), json: diagnosisJson(diagnosis) };
}

/** Against the keys of the data folder; without them where none is named and there is none. */
async function checkInFolder(options: SignOptions, input: DiagnosisInput): Promise<Diagnosis> {
  try {
    return await withStore(options, false, ({ accounts, replay }, { redis }) =>
      // Where nodes share them in Redis, the memory in this store knows nothing.
      diagnose({ ...input, accounts, replay: redis.url === null ? replay : undefined }),
    );
  } catch (error) {
    const isMissing = error instanceof UsageError && error.reason === 'data_missing';
    if (isMissing && options.data === undefined) return diagnose(input);
    throw error;
  }
}

function diagnosisText({ accepted, verified, signature, findings }: Diagnosis): string {
  const blocks: string[] = [];
  if (signature !== null) {
    const time = (seconds: number) => `${seconds}  (${isoTime(seconds)})`;
    blocks.push(
      pairs([
        ['digest', `${signature.digest.toString('hex')}  (${verified ? 'checked' : 'not checked'})`],
        ['original', JSON.stringify(signature.original.toString('utf8')).slice(1, -1)],
        ['appid (a)', signature.appid],
        ['SecretId (k)', signature.secretId],
        ['made (t)', time(signature.issued)],
        ['ends (e)', signature.singleUse ? '0  (single use)' : time(signature.expires)],
        ['bucket (b)', signature.bucket ?? '-'],
        ['file (f)', signature.fileid ?? '-'],
      ]),
    );
  }
  for (const { severity, reason, kind, text, fix } of findings) {
    const head = severity === 'error' ? `wrong (code ${codeOf(kind)}, ${reason})` : 'note';
    blocks.push(`${head}: ${text}${fix === '' ? '' : `\n  ${fix}`}`);
  }
  const errors = findings.filter((one) => one.severity === 'error').length;
  const verdict = verified
    ? 'The service accepts this signature.'
    : 'Nothing wrong was found, but the digest was not checked.';
  blocks.push(
    accepted ? verdict : `The service refuses this signature${errors > 1 ? `, for ${errors} reasons` : ''}.`,
  );
  return blocks.join('\n\n');
}

function isoTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString();
}

function diagnosisJson({ accepted, verified, signature, findings }: Diagnosis): unknown {
  const parts =
    signature === null
      ? null
      : {
          digest: signature.digest.toString('hex'),
          original: signature.original.toString('utf8'),
          fields: Object.fromEntries(signature.fields),
          singleUse: signature.singleUse,
        };
  const found = findings.map(({ severity, reason, kind, text, fix }) => {
    return { severity, reason, code: kind === null ? null : codeOf(kind), text, fix };
  });
  return { accepted, verified, signature: parts, findings: found };
}
