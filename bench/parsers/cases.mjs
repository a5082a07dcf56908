/**
 * Every parser of callers' bytes with the inputs that cost it most. `limit`: the largest input it is ever given; `make(size)`: an input of about
 * that many bytes or characters.
 */

import { isInside } from '../../dist/account/api-key/api-key.js';
import { createApiKeyAuthenticator } from '../../dist/account/api-key/check.js';
import { createAuthenticator } from '../../dist/account/authenticate.js';
import { Fault } from '../../dist/faults.js';
import { readFields } from '../../dist/liveness/onnx/protobuf.js';
import { networkProblem } from '../../dist/networks.js';
import { surveyJpeg } from '../../dist/picture/decode/jpeg/survey.js';
import { withoutTexts } from '../../dist/picture/decode/png-chunks.js';
import { CsvError, csvRecords } from '../../dist/report/csv.js';
import { createCallerAddress } from '../../dist/wire/http/caller-address.js';
import { pathOf } from '../../dist/wire/http/path.js';
import { requestIdFrom } from '../../dist/wire/http/request-id.js';
import { readContentCoding } from '../../dist/wire/intake/content-coding.js';
import { readBodyType } from '../../dist/wire/intake/content-type.js';
import { parseMultipartBody } from '../../dist/wire/intake/multipart-body.js';
import { choosePicture } from '../../dist/wire/intake/picture-source.js';
import { parseJsonBody } from '../../dist/wire/legacy/json-body.js';
import { idempotencyKeyOf } from '../../dist/wire/v1/idempotency.js';
import { parseJsonObject } from '../../dist/wire/v1/json-object.js';
import { chooseLanguage } from '../../dist/wire/v1/language.js';
import { inputType } from '../../dist/wire/v1/picture-input.js';

const KiB = 1024;
const MiB = 1024 * KiB;
/** All headers together (`maxHeaderBytes` of the transport), and one body (`maxBodyBytes`). */
const header = 16 * KiB;
const body = 6 * MiB;

/** `unit` as often as it takes, between `head` and `tail`. */
const repeated =
  (head, unit, tail = '') =>
  (size) => {
    const count = Math.max(1, Math.floor((size - head.length - tail.length) / unit.length));
    return head + unit.repeat(count) + tail;
  };
const asBytes = (make) => (size) => Buffer.from(make(size), 'latin1');
/** What a parser refuses is an answer too. */
const refusing = (run) => async (input) => {
  try {
    return await run(input);
  } catch (error) {
    if (
      error instanceof Fault ||
      error instanceof RangeError ||
      /Refused$|Malformed/.test(error?.constructor?.name)
    ) {
      return null;
    }
    throw error;
  }
};

const now = 1_795_000_000;
const digest = Buffer.alloc(20, 0xfb);
const signed = (make) => (size) =>
  Buffer.concat([digest, Buffer.from(make(Math.floor((size * 3) / 4) - 22))]).toString('base64');
const fields = `a=1&k=AKIDabcdefgh&e=${now + 60}&t=${now}`;
const app = { appid: '1', state: 'active', buckets: [], limits: {}, policy: {} };
const authenticator = createAuthenticator({
  accounts: {
    findApp: async () => app,
    findSecret: async (secretId) => ({
      secretId,
      appid: '1',
      enabled: true,
      expiresAt: null,
      secretKey: 'k'.repeat(32),
    }),
    findBucketOwner: async () => null,
    touchSecret: () => {},
  },
  replay: { remember: async () => true },
  clock: () => now * 1000,
  settings: { skewSeconds: 300, windowSeconds: 900, maxDays: 90, bodySign: false },
});
const authorization = refusing((text) => authenticator.authenticate({ authorization: text, bodyAppid: '1' }));
const apiKeys = createApiKeyAuthenticator({
  apiKeys: { findApiKey: async () => null, touchApiKey: () => {} },
  clock: () => 0,
});
const apiKey = refusing((text) =>
  apiKeys.authenticate({ authorization: text, callerAddress: '192.0.2.1', scope: 'judge' }),
);
const proxies = ['10.0.0.0/8', ...Array.from({ length: 99 }, (_, at) => `2001:db8:${at.toString(16)}::/48`)];
const callerOf = createCallerAddress({ trustedProxies: proxies });
const networks = Array.from({ length: 100 }, (_, at) => `10.${at}.0.0/16`);

const part = (head, content) => `--x\r\n${head}\r\n\r\n${content}\r\n`;
const named = (name) => `Content-Disposition: form-data; name="${name}"`;
const multipart = refusing((bytes) => parseMultipartBody(bytes, 'x'));
const multipartCases = {
  'one picture': repeated(part(named('image'), '').slice(0, -2), 'A', '\r\n--x--\r\n'),
  'lines that begin like the delimiter': repeated(
    part(named('image'), '').slice(0, -2),
    '\r\n--xy',
    '\r\n--x--\r\n',
  ),
  'the beginning of the delimiter': repeated(
    part(named('image'), '').slice(0, -2),
    '\r\n--',
    '\r\n--x--\r\n',
  ),
  'line ends': repeated('--x', '\r\n', 'a'),
  'blanks behind delimiters': (size) => `\r\n--x${' '.repeat(Math.floor(size / 60))}a`.repeat(60),
  'empty parts': repeated('', '--x\r\n\r\n', '--x--'),
  'long headers': (size) =>
    `${part(`${named('image')}; ${'a="\\";'.repeat(Math.floor(size / 400))}`, 'a').repeat(60)}--x--`,
  'folded headers': (size) =>
    `${part(`${named('image')}${'\r\n a'.repeat(Math.floor(size / 250))}`, 'a').repeat(60)}--x--`,
  'many header lines': (size) =>
    `${part(named('image') + '\r\na:'.repeat(Math.floor(size / 250)), 'a').repeat(60)}--x--`,
  'long texts': (size) => `${part(named('url'), 'é'.repeat(Math.floor(size / 130))).repeat(60)}--x--`,
};
/** As long as a boundary may be, of one letter: the worst for a search that looks from its end. */
const longBoundary = 'a'.repeat(200);
const multipartLong = refusing((bytes) => parseMultipartBody(bytes, longBoundary));

const json = refusing((bytes) => {
  const parsed = parseJsonBody(bytes);
  return choosePicture(parsed);
});
const jsonV1 = refusing((bytes) => choosePicture({ ...parseJsonObject(bytes), appid: null, sign: null }));
const jsonCases = {
  'escaped names': repeated('{', '"\\u0069":1,', '"a":1}'),
  'names that are nearly wanted': repeated('{', '"\\u0069\\u006d\\u0061\\u0067":1,', '"a":1}'),
  'escaped names below': repeated('{"a":{', '"\\u0069":1,', '"a":1}}'),
  'members below': repeated('{"a":{', '"":1,', '"a":1}}'),
  levels: repeated('{"a":', '['),
  'a list of numbers': repeated('{"image":[', '1,', '1]}'),
  'a list of empty objects': repeated('{"image":[', '{},', '1]}'),
  'a long text': repeated('{"image":"', 'A', '"}'),
  'a text of escapes': repeated('{"image":"', '\\u0041', '"}'),
  'a text of short escapes': repeated('{"image":"', '\\n', '"}'),
  'a url of blanks': repeated('{"url":"', ' ', '"}'),
  'a sign of escapes': repeated('{"sign":"', '\\u0041', '"}'),
  'an appid of blanks': repeated('{"appid":"', ' ', '1"}'),
  'a long number': repeated('{"appid":', '1', '}'),
  'white space': repeated('{', ' ', '}'),
  'lines of base64': repeated('{"image":"', `${'A'.repeat(76)}\\r\\n`, 'AAAA"}'),
  'base64 in lines of one letter': repeated('{"image":"', 'A\\n', 'A"}'),
  'line ends': repeated('{"image":"A', '\\n', 'A"}'),
  'blanks in base64': repeated('{"image":"AAAA', ' ', 'AAAA"}'),
  'a data: prefix of blanks': repeated('{"image":"data:', ' ', ';base64,AAAA"}'),
  'blanks in front': repeated('{"image":"', ' ', 'data:;base64,AAAA"}'),
  'letters of other alphabets': repeated('{"image":"', '\u00c3\u00a9', '"}'),
};
const url = refusing((text) =>
  choosePicture({ appid: null, sign: null, image: { kind: 'absent' }, url: { kind: 'text', text } }),
);

async function readCsv(text) {
  let records = 0;
  async function* chunks() {
    for (let at = 0; at < text.length; at += 64 * KiB) yield text.slice(at, at + 64 * KiB);
  }
  try {
    for await (const _record of csvRecords(chunks())) records++;
  } catch (error) {
    // A record that is longer than is allowed ends the list: that is an answer too.
    if (!(error instanceof CsvError)) throw error;
  }
  return records;
}

/**
 * `place`: where it runs, if not on the thread that answers everybody. `worker`: in the process that judges one picture; `operator`: a file or option of
 * whoever runs the service or the command line. There only growth is bounded.
 */
export const parsers = [
  {
    parser: 'Authorization, signature',
    // Longer ones are not looked at (`longestSignature`).
    limit: 8 * KiB,
    run: authorization,
    inputs: {
      'equals signs': repeated('', '='),
      'encoded equals signs': repeated('', '%3D'),
      'encoded line ends': repeated('', '%0a'),
      brackets: repeated('[', '[', ']'),
      'dashes and a blank': repeated('a', '-', ' '),
      'an original that is none': repeated('a=', 'a', ''),
      'a wrong digest': signed(repeated(`${fields}&f=`, 'x')),
      'many fields': signed(repeated(fields, '&x=1')),
      'many fields of one letter': signed(repeated(`${fields}&`, '&')),
      'the digest at the end': signed(repeated('&a=', '&a=')),
      'letters of hexadecimal': repeated('', 'ab'),
      'base64 twice': (size) =>
        Buffer.from(signed(repeated(fields, 'A'))((size * 3) / 4 - 10)).toString('base64'),
    },
  },
  {
    parser: 'Authorization, API key',
    limit: header,
    run: apiKey,
    inputs: {
      blanks: repeated('Bearer', ' ', 'x'),
      'a long key': repeated('Bearer lsk_', 'a'),
      'keys and blanks': repeated('Bearer', ' a', ''),
    },
  },
  {
    parser: 'X-Forwarded-For',
    limit: header,
    run: (text) => callerOf({ 'x-forwarded-for': text }, '10.0.0.1'),
    inputs: {
      commas: repeated('', ','),
      'trusted addresses': repeated('', '10.1.1.1,', '10.1.1.1'),
      'addresses in brackets': repeated('', '[2001:db8:63::1]:1,', '10.1.1.1'),
      'a long address': repeated('', '1:', '10.1.1.1'),
      percents: repeated('', '%'),
    },
  },
  {
    parser: 'Forwarded',
    limit: header,
    run: (text) => callerOf({ forwarded: text }, '10.0.0.1'),
    inputs: {
      'trusted addresses': repeated('', 'for=10.1.1.1,', 'for=10.1.1.1'),
      semicolons: repeated('', ';'),
      commas: repeated('', ','),
      blanks: repeated('for=10.1.1.1', ' ', ';'),
      'an open quote': repeated('for="', '\\"'),
      'many pairs': repeated('', 'a=b;', 'for=10.1.1.1'),
    },
  },
  {
    parser: 'Content-Type, multipart boundary',
    limit: header,
    run: readBodyType,
    inputs: {
      semicolons: repeated('multipart/form-data', ';'),
      'an open quote': repeated('multipart/form-data; boundary="', '\\a'),
      'many parameters': repeated('multipart/form-data', ';boundary', ';boundary=x'),
      quotes: repeated('"', ' "', ''),
      blanks: repeated('multipart/form-data;boundary=', ' a', ''),
    },
  },
  {
    parser: 'Content-Type, v1',
    limit: header,
    run: refusing(inputType),
    inputs: { 'a long kind of picture': repeated('image/', 'a.', ' '), semicolons: repeated('a', ';') },
  },
  {
    parser: 'Content-Encoding',
    limit: header,
    run: readContentCoding,
    inputs: { commas: repeated('', ','), blanks: repeated('', ' ,'), codings: repeated('', 'gzip,') },
  },
  {
    parser: 'Accept-Language',
    limit: header,
    run: chooseLanguage,
    inputs: {
      commas: repeated('', ','),
      weights: repeated('', 'zh;q=0.1,'),
      semicolons: repeated('zh', ';'),
    },
  },
  {
    parser: 'Idempotency-Key',
    limit: header,
    run: refusing(idempotencyKeyOf),
    inputs: { blanks: repeated('a', ' '), letters: repeated('', 'a', ' ') },
  },
  {
    parser: 'X-Request-Id',
    limit: header,
    run: requestIdFrom,
    inputs: { letters: repeated('', 'a'), dashes: repeated('a', '-', ' ') },
  },
  {
    parser: 'target: path and query',
    limit: header,
    run: pathOf,
    inputs: {
      'a long query': repeated('/v1/liveness?', 'a=b&'),
      'question marks': repeated('/v1/liveness', '?'),
      'a long host': repeated('http://', 'a', '/v1'),
      slashes: repeated('http:', '/'),
    },
  },
  {
    parser: 'networks of an API key, 100 of them',
    limit: 64,
    run: (text) => isInside(networks, text),
    inputs: { 'an address': () => '192.0.2.1', 'an IPv6 address': repeated('2001:', '1:', ':1') },
  },
  { parser: 'JSON body, old endpoint', limit: body, run: json, inputs: jsonCases, bytes: true },
  { parser: 'JSON body, v1', limit: body, run: jsonV1, inputs: jsonCases, bytes: true },
  { parser: 'form', limit: body, run: multipart, inputs: multipartCases, bytes: true },
  {
    parser: 'form, long boundary',
    limit: body,
    run: multipartLong,
    inputs: {
      'its letter': repeated(
        `--${longBoundary}\r\n${named('image')}\r\n\r\n`,
        'a',
        `\r\n--${longBoundary}--`,
      ),
      'nearly it': repeated(
        `--${longBoundary}\r\n${named('image')}\r\n\r\n`,
        `\n--${longBoundary}`,
        `\r\n--${longBoundary}--`,
      ),
    },
    bytes: true,
  },
  {
    parser: 'url',
    limit: 8 * KiB,
    run: url,
    inputs: {
      'other alphabets in the host': repeated('http://', '\u00e9'),
      'other alphabets in the host, mixed': repeated('http://', 'a\u4e2d'),
      'many labels': repeated('http://', '\u00e9.', 'a'),
      dots: repeated('http://a/', '../'),
      percents: repeated('http://a/', '%zz'),
      blanks: repeated('http://a/', ' '),
      numbers: repeated('http://', '1.', '1'),
      users: repeated('http://', 'a@', 'b'),
      'line ends': repeated('http://a/', '\n'),
    },
  },
  {
    parser: 'JPEG markers',
    limit: body,
    place: 'worker',
    run: (bytes) => surveyJpeg(bytes, 64),
    inputs: {
      'fill bytes': repeated('\xff\xd8', '\xff'),
      'stuffed bytes': repeated('\xff\xd8', '\xff\x00'),
      segments: repeated('\xff\xd8', '\xff\xe1\x00\x02'),
    },
    bytes: true,
  },
  {
    parser: 'PNG chunks',
    limit: body,
    place: 'worker',
    run: withoutTexts,
    inputs: {
      'empty texts': repeated('\x89PNG\r\n\x1a\n', '\x00\x00\x00\x00tEXt0000'),
      'empty chunks': repeated('\x89PNG\r\n\x1a\n', '\x00\x00\x00\x00aaaa0000'),
    },
    bytes: true,
  },
  {
    parser: 'network of a setting or option',
    limit: 4 * KiB,
    run: networkProblem,
    inputs: {
      slashes: repeated('10.0.0.0', '/'),
      dots: repeated('1', '.1'),
      colons: repeated('1', ':1'),
      digits: repeated('', '1'),
    },
    place: 'operator',
  },
  {
    parser: 'CSV list of a batch',
    limit: body,
    run: readCsv,
    inputs: {
      commas: repeated('', ','),
      lines: repeated('', 'a\n'),
      'an open quote': repeated('"', 'a'),
      quotes: repeated('"', '""', '"'),
      'carriage returns': repeated('a', '\r'),
    },
    place: 'operator',
  },
  {
    parser: 'ONNX file of a model pack',
    limit: body,
    run: refusing(readFields),
    inputs: {
      'small fields': repeated('', '\x08\x01'),
      'empty texts': repeated('', '\x0a\x00'),
      'long numbers': repeated('', '\x08\xff\xff\xff\x7f'),
    },
    bytes: true,
    place: 'operator',
  },
].map((one) =>
  one.bytes
    ? {
        ...one,
        inputs: Object.fromEntries(Object.entries(one.inputs).map(([name, make]) => [name, asBytes(make)])),
      }
    : one,
);
