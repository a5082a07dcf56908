import { expect, it } from 'vitest';
import { codeOf } from '../../src/wire/legacy/codes/codes.ts';
import { appid, signature, signText } from '../contract/support/accounts.ts';
import { fuzz, mutate, pick, type Random } from './support/fuzz.ts';
import { inProcess } from './support/in-process.ts';

/*
 * Bodies, signatures and headers changed at random, by seed, through the handlers of both APIs: each is answered within the contract,
 * none as a failure of our own. The seeds of past failures go into `kept` and are tried first in every run.
 */

const kept = { bodies: [], signatures: [], headers: [], v1: [] } as const;
const service = inProcess();
const image = Buffer.from('a picture of nothing').toString('base64');
const words = [
  ...[
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    'null',
    'true',
    '1e999',
    '-0',
    '\\u0000',
    '\\ud800',
    '__proto__',
    'toString',
  ],
  ...[
    '"appid":',
    '"image":',
    '"url":',
    '"sign":',
    'data:image/jpeg;base64,',
    'http://',
    'file:///',
    '//',
    '@',
    '%00',
    '\xef\xbb\xbf',
  ],
  ...[
    '\r\n',
    '--x',
    '--x--',
    '\r\n--x\r\n',
    '\r\n\r\n',
    ';',
    '=',
    '"name"',
    'name=',
    "filename*=utf-8''",
    'Content-Disposition: form-data; ',
  ],
  ...[
    '\0',
    '\t',
    ' ',
    '\x7f',
    '\x80',
    '\xff',
    'Content-Transfer-Encoding: base64',
    'a='.repeat(40),
    '&e=0',
    '&a=',
    '&k=',
    '[',
    ']',
    '9'.repeat(30),
  ],
];

const jsonBodies = [
  `{"appid":"${appid}","image":"${image}"}`,
  `{"appid":${appid},"url":"http://pictures.example/a.jpg?x=1#y","session_id":"s"}`,
  ` {"sign":"${signature()}","image":"data:image/jpeg;base64,${image}","bucket":null,"appid":"${appid}"} `,
];
const part = (name: string, text: string, more = '') =>
  `--x\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${text}\r\n`;
const formBodies = [
  `${part('appid', appid)}${part('image', '\xff\xd8\xff\xe0 picture', '; filename="a.jpg"\r\nContent-Type: image/jpeg')}--x--\r\n`,
  `${part('url', 'https://pictures.example/a.jpg')}${part('appid', appid)}--x--`,
];

function someBody(random: Random): { readonly type: string; readonly body: Buffer } {
  const isJson = random.below(2) === 0;
  const body = mutate(Buffer.from(pick(random, isJson ? jsonBodies : formBodies), 'latin1'), random, words);
  // Now and then a body under the other's name.
  const asJson = random.below(20) === 0 ? !isJson : isJson;
  return { type: asJson ? 'application/json' : 'multipart/form-data; boundary=x', body };
}

it('bodies', async () => {
  const authorization = signature();
  const { outcomes } = await fuzz('bodies', 7000, kept.bodies, async (random) => {
    const { type, body } = someBody(random);
    const { kind } = await service.legacy({ headers: { 'content-type': type, authorization }, body }, random);
    return String(codeOf(kind));
  });
  // Past the parsers too: some are judged, some fail late.
  for (const code of ['0', '3', '6', '21', '-5805']) expect(outcomes[code]).toBeGreaterThan(0);
});

it('bodies of the v1 API', async () => {
  const { outcomes } = await fuzz('v1 bodies', 4000, kept.v1, async (random) => {
    const { type, body } = someBody(random);
    const lean = body.toString('latin1').replace(`"appid":"${appid}",`, '');
    const headers = {
      'content-type': type,
      'accept-language': pick(random, ['en', 'zh-CN', 'x'.repeat(50), ',;q=']),
    };
    const { http } = await service.v1({ headers, body: Buffer.from(lean, 'latin1') }, random);
    return String(http);
  });
  for (const http of ['200', '400']) expect(outcomes[http]).toBeGreaterThan(0);
});

it('signatures', async () => {
  const body = Buffer.from(jsonBodies[0] as string);
  const now = Math.floor(Date.now() / 1000);
  const { outcomes } = await fuzz('signatures', 6000, kept.signatures, async (random) => {
    const whole = signature({ r: random.below(1_000_000), b: pick(random, ['', 'bucket', null]) });
    const original = Buffer.from(whole, 'base64').subarray(20);
    const authorization = pick(random, [
      // The text as sent, spoilt; what was signed, spoilt and signed again; once only; the digest spoilt.
      () => mutate(Buffer.from(whole, 'latin1'), random, words).toString('latin1'),
      () => signText(mutate(original, random, words).toString('utf8')),
      () => signature({ e: 0, f: `file-${random.below(40)}`, t: now - 60 * random.below(20) }),
      () => mutate(Buffer.from(whole, 'base64'), random, words).toString('base64'),
    ])();
    const { kind } = await service.legacy(
      { headers: { 'content-type': 'application/json', authorization }, body },
      random,
    );
    return String(codeOf(kind));
  });
  for (const code of ['0', '5', '9', '10', '11', '13', '14']) expect(outcomes[code], code).toBeGreaterThan(0);
});

it('headers', async () => {
  const types = [
    'application/json',
    '"application/json"; charset=utf-8',
    'multipart/form-data; boundary=x',
    'Multipart/Form-Data; charset="a;b\\""; boundary="x"',
  ];
  const { outcomes } = await fuzz('headers', 4000, kept.headers, async (random) => {
    const isJson = random.below(2) === 0;
    const body = Buffer.from(isJson ? (jsonBodies[0] as string) : (formBodies[0] as string), 'latin1');
    // Half of them stay whole, so that the other headers count.
    const spoil = (text: string) =>
      random.below(2) === 0 ? text : mutate(Buffer.from(text, 'latin1'), random, words).toString('latin1');
    const headers = {
      'content-type': spoil(types[random.below(2) + (isJson ? 0 : 2)] as string),
      authorization: random.below(8) === 0 ? pick(random, ['', ' ', 'Bearer x', 'Basic Og==']) : signature(),
      'content-encoding': pick(random, ['gzip', 'identity', '']),
      expect: pick(random, ['', '100-continue']),
    };
    const { kind } = await service.legacy({ headers, body }, random);
    return String(codeOf(kind));
  });
  for (const code of ['0', '3', '4', '5']) expect(outcomes[code], code).toBeGreaterThan(0);
});
