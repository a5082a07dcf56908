import { randomInt } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { adviceOn } from '../../account/signature/advice.ts';
import { type Diagnosis, diagnose } from '../../account/signature/diagnose.ts';
import { chooseSigner, makeSignature } from '../../account/signature/make.ts';
import type { ReplayStore, SignatureSettings } from '../../account/types.ts';
import { createPace } from '../../console/pace.ts';
import { codeOf } from '../legacy/codes/codes.ts';
import { chooseLanguage, type Language } from '../v1/language.ts';
import { needApp } from './apps.ts';
import type { AdminArea } from './area.ts';
import { actorOf } from './caller.ts';
import { closed, textUpTo } from './shapes.ts';

/** What signatures are compared with beside the accounts. */
export interface SignatureDeps {
  readonly replay: Pick<ReplayStore, 'isUsed'>;
  readonly settings: SignatureSettings;
  /** Milliseconds that only go forward. */
  readonly evenClock: () => number;
}

/** Longer than any signature that is looked at, so that one too long is said to be that. */
const LONGEST_TEXT = 20_000;
const checkBody = closed({
  signature: textUpTo(LONGEST_TEXT, 0),
  appid: Type.Optional(textUpTo(15)),
});
const DAY = 86_400;
const makeBody = closed({
  appid: textUpTo(15),
  secretId: Type.Optional(textUpTo(64)),
  /** How long it is usable. */
  seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 366 * DAY })),
  /** Usable once; needs `fileid`. */
  once: Type.Optional(Type.Boolean()),
  fileid: Type.Optional(textUpTo(200, 0)),
  bucket: Type.Optional(textUpTo(200, 0)),
});

/** Calls of one user or key a minute: a person needs few, whoever tries keys needs many. */
const CALLS_A_MINUTE = 60;
const HOUR = 3600;

/** Takes signatures of the old call apart, and makes some. SecretKeys stay in the service. */
export function signatureArea({ replay, settings, evenClock }: SignatureDeps): AdminArea {
  const pace = createPace(CALLS_A_MINUTE, evenClock);
  const paced = (request: FastifyRequest) => {
    const { kind, name } = actorOf(request);
    pace(`${kind} ${name}`);
  };
  const access = { config: { access: 'keys' } } as const;
  return async (app, parts) => {
    const { console, callers } = parts;
    const { accounts } = console.backing;
    const look = (text: string, appid?: string) =>
      diagnose({ text, now: console.clock(), settings, appid, accounts, replay });
    app.post<{ Body: Static<typeof checkBody> }>(
      '/signature/check',
      {
        config: { ...access.config, proof: false },
        schema: { body: checkBody, summary: 'Take a signature apart, and say what is wrong with it' },
      },
      async (request) => {
        paced(request);
        const { signature, appid } = request.body;
        // The whole line of a header may have been copied.
        const text = signature.replace(/^\s{0,20}authorization:/i, '');
        const language = chooseLanguage(request.headers['accept-language']);
        return diagnosisBody(await look(text, appid), console.clock(), language);
      },
    );
    app.post<{ Body: Static<typeof makeBody> }>(
      '/signature/make',
      { ...access, schema: { body: makeBody, summary: 'Make a signature with a pair of an app' } },
      async (request) => {
        paced(request);
        const { appid, secretId, seconds = HOUR, once = false, fileid, bucket } = request.body;
        await needApp(parts, appid);
        const signer = await chooseSigner(accounts, { appid, secretId }, console.clock());
        const wanted = {
          seconds: once ? null : seconds,
          fileid: fileid || undefined,
          bucket: bucket || undefined,
        };
        const made = makeSignature(signer, wanted, console.clock(), randomInt(1, 2 ** 31));
        const { expires, singleUse } = made;
        await callers.changes(request).noteChange({
          action: 'signature.make',
          target: signer.secretId,
          before: null,
          after: { appid, expires, singleUse },
        });
        const language = chooseLanguage(request.headers['accept-language']);
        const { accepted, findings } = diagnosisBody(
          await look(made.signature, appid),
          console.clock(),
          language,
        );
        const usableSeconds = singleUse ? settings.windowSeconds : seconds;
        return { ...made, usableSeconds, accepted, findings };
      },
    );
  };
}

function diagnosisBody(
  { accepted, verified, signature, findings }: Diagnosis,
  now: number,
  language: Language,
) {
  return {
    accepted,
    verified,
    at: new Date(now),
    /** How far `t` lies ahead of this service's clock. */
    secondsAhead: signature === null ? null : Math.round(signature.issued - now / 1000),
    signature:
      signature === null
        ? null
        : {
            digest: signature.digest.toString('hex'),
            original: signature.original.toString('utf8'),
            fields: Object.fromEntries(signature.fields),
            appid: signature.appid,
            secretId: signature.secretId,
            bucket: signature.bucket,
            fileid: signature.fileid,
            issuedAt: dateOf(signature.issued),
            expiresAt: signature.singleUse ? null : dateOf(signature.expires),
            singleUse: signature.singleUse,
          },
    findings: findings.map((one) => {
      // In all languages, for a page that turns to another one.
      const fixes = { en: adviceOn(one, 'en'), zh: adviceOn(one, 'zh') };
      const code = one.kind === null ? null : codeOf(one.kind);
      return {
        severity: one.severity,
        reason: one.reason,
        code,
        text: one.text,
        fix: fixes[language],
        fixes,
      };
    }),
  };
}

/** Null where it is no time that a date can show. */
function dateOf(seconds: number): Date | null {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date;
}
