import { Fault } from '../../../src/faults.ts';
import { appid, signature } from './accounts.ts';
import { judgementOf, noFace } from './judge.ts';
import type { TestServer } from './server.ts';

/** One signature for the rows that use it again: made once, since two of different seconds are two. */
const usedTwice = signature({ e: 0, f: 'x', r: 2 });

/** What a request is made of; a row changes what it needs. */
export interface Parts {
  body?: string | Buffer;
  type?: string;
  appid?: string | null;
  sign?: string | null;
  image?: unknown;
  url?: unknown;
  /** Done before the request, undone after it. */
  prepare?: (test: TestServer) => void;
}

/** One row of the contract's table: a fault and the answer that it alone must give. */
export interface Row {
  readonly code: number;
  readonly http: number;
  readonly message: string;
  readonly name: string;
  readonly fault: Parts;
  readonly headers: Record<string, string>;
  readonly data: Record<string, unknown>;
}

const now = Math.floor(Date.now() / 1000);
const day = 86_400;
/** A signature that is over. */
export const old = { t: now - 200, e: now - 100 };
/** The two apps that need a signature of their own to be met at all. */
export const suspended = { a: '1000003', k: 'AKIDsuspended' };
export const limited = { a: '1000005', k: 'AKIDlimited' };
const bucketed = { a: '1000004', k: 'AKIDbuckets' };

const fails = (code: number, http: number, message: string) => {
  return (name: string, fault: Parts, headers: Record<string, string> = {}): Row => {
    return { code, http, message, name, fault, headers, data: {} };
  };
};
const scores = (name: string, score: number, fault: Parts, headers: Record<string, string> = {}): Row => {
  return { code: 0, http: 200, message: 'OK', name, fault, headers, data: { score } };
};
const judged = (answer: TestServer['judge']['answer']): Parts => ({
  prepare: (test) => {
    test.judge.answer = answer;
  },
});
const why = (reason: string) => ({ 'x-liveness-reason': reason });

const tooLarge = fails(23, 413, 'request body too large');
const busy = fails(-5802, 503, 'server busy');
const unreadable = fails(3, 400, 'invalid request: parsing error - check content-type and body');
const noAppid = fails(3, 400, "don't find appid");
const noSign = fails(4, 401, 'has no sign or sign is empty');
const badSign = fails(5, 401, 'sign format error');
const accountStore = fails(107, 503, 'auth service unavailable');
const appidUnknown = fails(10, 401, 'appid not exist');
const secretUnknown = fails(11, 401, 'secretid not exist');
const secretWrong = fails(12, 401, 'appid not match');
const noPass = fails(14, 401, 'sign no pass');
const expired = fails(9, 401, 'sign expired');
const abnormal = fails(3, 403, 'account abnormal,errorno is:2');
const otherStore = fails(108, 503, 'auth service unavailable');
const replay = fails(13, 401, 'replay attack');
const mismatch = fails(6, 401, 'appid or bucket not match the sign');
const noBucket = fails(16, 401, 'bucket not exist');
const frequent = fails(15, 429, 'request too frequent');
const noImage = fails(-5805, 200, 'no image or url download failed');
const badImage = fails(21, 400, 'invalid parameter: image');
const badUrl = fails(21, 400, 'invalid parameter: url');
const noPicture = fails(-4016, 200, 'image decode failed');
const internal = fails(213, 500, 'internal error');
const noFaceFound = fails(-4015, 200, 'face detect failed');

/** The table, in the order in which the checks are made. */
export const rows: readonly Row[] = [
  tooLarge('over 6 MiB', { body: Buffer.alloc(6 * 1024 * 1024 + 1) }),
  busy(
    'no room',
    {
      prepare: (test) => {
        test.judge.full = new Fault('busy', 'queue_full', 'full', { retryAfter: 7 });
      },
    },
    { 'retry-after': '7' },
  ),
  unreadable('content type', { type: 'application/x-www-form-urlencoded' }),
  unreadable('body', { body: '{"appid":' }),
  noAppid('no appid', { appid: null }),
  noSign('no signature', { sign: null }),
  noSign('empty signature', { sign: ' ' }),
  badSign('not base64', { sign: '*** no ***' }),
  badSign('shorter than 21 bytes', { sign: Buffer.alloc(20).toString('base64') }),
  badSign('field missing', { sign: signature({ k: null }) }),
  accountStore('account store down', {
    prepare: (test) => {
      test.memory.broken = 'accounts';
    },
  }),
  appidUnknown('appid unknown', { sign: signature({ a: '7' }) }),
  secretUnknown('SecretId unknown', { sign: signature({ k: 'AKIDnone' }) }),
  secretWrong('SecretId of another app', { sign: signature({ k: 'AKIDother' }) }),
  secretWrong('SecretId disabled', { sign: signature({ k: 'AKIDdisabled' }) }),
  noPass('HMAC differs', { sign: signature({}, 'another key') }),
  noPass('from the future', { sign: signature({ t: now + 3600, e: now + 7200 }) }),
  expired('expired', { sign: signature(old) }),
  expired('valid for 91 days', { sign: signature({ e: now + 91 * day }) }),
  abnormal('suspended', { appid: suspended.a, sign: signature(suspended) }),
  otherStore('replay store down', {
    sign: signature({ e: 0, f: 'x', r: 1 }),
    prepare: (test) => {
      test.memory.broken = 'replay';
    },
  }),
  replay('used again', { sign: usedTwice }),
  mismatch('another appid in the body', { appid: '1000009' }),
  mismatch('bucket of another app', { appid: bucketed.a, sign: signature({ ...bucketed, b: 'theirs' }) }),
  noBucket('bucket unknown', { appid: bucketed.a, sign: signature({ ...bucketed, b: 'nobodys' }) }),
  frequent('too frequent', { appid: limited.a, sign: signature(limited) }, { 'retry-after': '1' }),
  noImage('neither image nor url', { image: undefined }, why('no_image')),
  noImage('empty image', { image: '' }, why('no_image')),
  noImage('null image', { image: null }, why('no_image')),
  noImage('nothing behind a data: prefix', { image: 'data:image/jpeg;base64,' }, why('no_image')),
  badImage('image not text', { image: 5 }),
  badImage('image not base64', { image: '!!!' }),
  badImage('image of an impossible length', { image: 'AAAAA' }),
  badImage('image with padding inside', { image: 'AA==AAAA' }),
  badImage('image behind another data: prefix', { image: 'data:image/jpeg,%ff%d8' }),
  badUrl('url not text', { url: 5 }),
  badUrl('url an object', { url: { href: 'http://a.example' } }),
  badUrl('url not http', { url: 'ftp://a.example/b' }),
  badUrl('url a file', { url: 'file:///etc/passwd' }),
  badUrl('url relative', { url: 'a.example/b.jpg' }),
  badUrl('url without a host', { url: 'http://' }),
  badUrl('url too long', { url: `http://a.example/${'b'.repeat(9000)}` }),
  noImage('download refused', { url: 'http://a.example/private' }, why('private_address')),
  internal(
    'our own failure',
    judged(() => {
      throw new TypeError('at /home/x.ts:5 is not a function');
    }),
  ),
  otherStore('ledger down', {
    prepare: (test) => {
      test.ledger.fail = new Fault('state_unavailable', 'store_error', 'disk full');
    },
  }),
  noPicture(
    'not a picture',
    judged(() => {
      throw new Fault('picture_unreadable', 'truncated', 'cut off');
    }),
    why('truncated'),
  ),
  noFaceFound(
    'no face',
    judged(() => noFace),
    why('no_face'),
  ),
  scores('live', 93, {}),
];

/** The other ways to end well. */
export const outcomes: readonly Row[] = [
  scores(
    'attack',
    12,
    judged(() => judgementOf({ verdict: 'attack', rawScore: 12 })),
    why('attack'),
  ),
  scores(
    'attack with score 0',
    0,
    judged(() => judgementOf({ verdict: 'attack', rawScore: 0 })),
    why('attack'),
  ),
  scores(
    'poor quality, judged high',
    60,
    judged(() => judgementOf({ verdict: 'poor_quality', rawScore: 97 })),
    why('poor_quality'),
  ),
  scores(
    'poor quality, judged low',
    41,
    judged(() => judgementOf({ verdict: 'poor_quality', rawScore: 41 })),
    why('poor_quality'),
  ),
  scores(
    'live with 100',
    100,
    judged(() => judgementOf({ rawScore: 100 })),
  ),
];

/** Two faults in one appid and signature, which no two rows can be put together to; the code that must answer. */
export const bothAtOnce: readonly (readonly [string, number, Parts])[] = [
  ['appid and SecretId unknown', 10, { sign: signature({ a: '7', k: 'AKIDnone' }) }],
  ['appid unknown, HMAC differs', 10, { sign: signature({ a: '7' }, 'another key') }],
  ['appid unknown, expired', 10, { sign: signature({ a: '7', ...old }) }],
  ['SecretId unknown, HMAC differs', 11, { sign: signature({ k: 'AKIDnone' }, 'another key') }],
  ['SecretId of another app, HMAC differs', 12, { sign: signature({ k: 'AKIDother' }, 'another key') }],
  ['SecretId disabled, expired', 12, { sign: signature({ k: 'AKIDdisabled', ...old }) }],
  ['HMAC differs, expired', 14, { sign: signature(old, 'another key') }],
  ['HMAC differs, suspended', 14, { appid: suspended.a, sign: signature(suspended, 'another key') }],
  ['expired, suspended', 9, { appid: suspended.a, sign: signature({ ...suspended, ...old }) }],
  ['expired, another appid in the body', 9, { appid: '7', sign: signature(old) }],
  ['suspended, another appid in the body', 3, { appid, sign: signature(suspended) }],
  ['used again, another appid in the body', 13, { appid: '7', sign: usedTwice }],
  ['another appid in the body, bucket unknown', 6, { sign: signature({ ...bucketed, b: 'nobodys' }) }],
  ['another appid in the body, too frequent', 6, { sign: signature(limited) }],
  ['too frequent, no image', 15, { appid: limited.a, image: '', sign: signature(limited) }],
];
