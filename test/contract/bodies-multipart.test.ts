import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appid, signature } from './support/accounts.ts';
import { exchange, post } from './support/raw.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let test: TestServer;
const fetched: string[] = [];
const picture = Buffer.from([
  0xff,
  0xd8,
  0xff,
  0xe0,
  ...Array.from({ length: 3000 }, (_, at) => (at * 31) % 256),
]);

beforeAll(async () => {
  test = await startTestServer({
    downloader: {
      async download(url) {
        fetched.push(url.href);
        return Uint8Array.from(picture);
      },
    },
  });
});
afterAll(() => test.stop());

const scored = '{"code":0,"message":"OK","data":{"score":93}}';
const unreadable =
  '{"code":3,"message":"invalid request: parsing error - check content-type and body","data":{}}';
const noAppid = `{"code":3,"message":"don't find appid","data":{}}`;

async function send(type: string, body: Buffer) {
  const [before, downloads] = [test.judge.pictures.length, fetched.length];
  const headers = [`Content-Type: ${type}`, `Authorization: ${signature()}`];
  const answer = await exchange(test.port, post(headers, body));
  return { answer, judged: test.judge.pictures.slice(before), fetched: fetched.slice(downloads) };
}

type Part = readonly [headers: string, content: Buffer | string];
const boundary = 'xYzZY';
const type = `multipart/form-data; boundary=${boundary}`;

/** The parts between delimiter lines, and `tail` after the last one. */
function form(parts: readonly Part[], tail = `\r\n--${boundary}--\r\n`, mark = boundary): Buffer {
  const pieces = parts.flatMap(([headers, content], at) => [
    `${at === 0 ? '' : '\r\n'}--${mark}\r\n${headers}\r\n\r\n`,
    content,
  ]);
  return Buffer.concat([...pieces, tail].map((piece) => Buffer.from(piece as string)));
}

const text = (name: string, value: string): Part => [`Content-Disposition: form-data; name="${name}"`, value];
const file = (content: Buffer | string = picture, more = ''): Part => [
  `Content-Disposition: form-data; name="image"; filename="a.jpg"${more}`,
  content,
];
const appidPart = text('appid', appid);
const octets = '\r\nContent-Type: application/octet-stream';

describe('multipart bodies as clients send them', () => {
  const forms: [string, Buffer][] = [
    ['appid before image', form([appidPart, file()])],
    ['Node: image before appid', form([file(picture, '\r\nContent-Type: image/jpeg'), appidPart])],
    ['image without file name', form([appidPart, ['Content-Disposition: form-data; name="image"', picture]])],
    [
      'image without file name, typed as text',
      form([
        appidPart,
        ['Content-Disposition: form-data; name="image"\r\nContent-Type: text/plain; charset=utf-8', picture],
      ]),
    ],
    ['image with any type', form([appidPart, file(picture, '\r\nContent-Type: whatever/else')])],
    ['image with a type that is none', form([appidPart, file(picture, '\r\nContent-Type: ;;;')])],
    [
      'Python requests: appid carries a file name',
      form([['Content-Disposition: form-data; name="appid"; filename="appid"', appid], file()]),
    ],
    [
      'appid typed as octets, with a file name',
      form([[`Content-Disposition: form-data; name="appid"; filename="x"${octets}`, appid], file()]),
    ],
    [
      'bucket and sign parts and one more',
      form([appidPart, text('bucket', 'b'), text('sign', 's'), text('other', 'o'), file()]),
    ],
    [
      'part-level Content-Length, right',
      form([
        [`${appidPart[0]}\r\nContent-Length: ${appid.length}`, appid],
        file(picture, `\r\nContent-Length: ${picture.length}`),
      ]),
    ],
    ['part-level Content-Length, wrong', form([appidPart, file(picture, '\r\nContent-Length: 5')])],
    [
      'Java HttpClient: Content-Transfer-Encoding',
      form([appidPart, file(picture, '\r\nContent-Transfer-Encoding: binary')]),
    ],
    [
      'trailing semicolon',
      form([
        [`${appidPart[0]};`, appid],
        ['Content-Disposition: form-data; name="image";', picture],
      ]),
    ],
    ['trailing semicolon after the file name', form([[`${appidPart[0]}; `, appid], file(picture, ';')])],
    [
      'names without quotes',
      form([
        ['Content-Disposition: form-data; name=appid', appid],
        ['Content-Disposition: form-data;name=image', picture],
      ]),
    ],
    [
      'header names in other cases',
      form([
        ['content-disposition:form-data; name="appid"', appid],
        ['CONTENT-DISPOSITION: form-data; name="image"', picture],
      ]),
    ],
    ['appid with white space', form([text('appid', ` ${appid}\r\n`), file()])],
    [
      'a file name with quotes, backslashes and Chinese',
      form([
        appidPart,
        ['Content-Disposition: form-data; name="image"; filename="C:\\\\a\\"照片\\".jpg"', picture],
      ]),
    ],
    [
      'an encoded file name',
      form([
        appidPart,
        ['Content-Disposition: form-data; name="image"; filename*=UTF-8\'\'%e7%85%a7.jpg', picture],
      ]),
    ],
    [
      'a preamble',
      Buffer.concat([Buffer.from('This is a multipart message.\r\n'), form([appidPart, file()])]),
    ],
    ['an epilogue', form([appidPart, file()], `\r\n--${boundary}--\r\nthe end`)],
    ['an empty url part', form([text('url', ''), appidPart, file()])],
    ['a file input left empty behind the one that was used', form([appidPart, file(), file('')])],
    ['a file input left empty before it', form([file(''), appidPart, file()])],
    [
      'texts left empty behind the ones that count',
      form([appidPart, file(), text('appid', ''), text('url', '')]),
    ],
    ['a repeated image: the last one counts', form([file('first'), appidPart, file()])],
    ['last delimiter without CRLF', form([appidPart, file()], `\r\n--${boundary}--`)],
    ['last delimiter without --', form([appidPart, file()], `\r\n--${boundary}\r\n`)],
    ['last delimiter without -- and CRLF', form([appidPart, file()], `\r\n--${boundary}`)],
    ['last delimiter with one dash', form([appidPart, file()], `\r\n--${boundary}-`)],
    ['last delimiter followed by empty lines', form([appidPart, file()], `\r\n--${boundary}\r\n\r\n`)],
    ['last delimiter without --, image first', form([file(), appidPart], `\r\n--${boundary}`)],
  ];
  it.each(forms)('%s', async (_name, body) => {
    const { answer, judged } = await send(type, body);
    expect(answer.body).toBe(scored);
    expect(judged).toEqual([picture]);
  });

  it('a url part instead of an image', async () => {
    const { answer, judged, fetched } = await send(
      type,
      form([appidPart, text('url', 'http://a.example/b')]),
    );
    expect([answer.body, judged, fetched]).toEqual([scored, [picture], ['http://a.example/b']]);
  });

  it('a url part beside an image: only the url counts', async () => {
    const { fetched } = await send(type, form([file('x'), text('url', 'https://a.example/'), appidPart]));
    expect(fetched).toEqual(['https://a.example/']);
  });
});

describe('picture bytes that look like delimiters', () => {
  const noises: [string, Buffer][] = [
    ['CRLF and two dashes', Buffer.from('a\r\n--b\r\n--\r\n\r\n--')],
    ['the boundary without its line start', Buffer.from(`a--${boundary}--\n--${boundary}\r--${boundary}b`)],
    ['the beginning of the boundary', Buffer.from(`\r\n--xYz\r\n--xYzZ\r\n--${boundary.toLowerCase()}`)],
    ['line ends at both ends', Buffer.from('\r\n\r\npicture\r\n\r\n')],
    ['the delimiter cut by the end', Buffer.from(`\r\n--${boundary.slice(0, -1)}`)],
    ['dashes alone', Buffer.from('-'.repeat(2000))],
    ['6 MiB less the rest', Buffer.alloc(6 * 1024 * 1024 - 500, '\r\n--')],
  ];
  it.each(noises)('%s', async (_name, content) => {
    const { answer, judged } = await send(type, form([file(content), appidPart]));
    expect(answer.body).toBe(scored);
    expect(judged[0]?.equals(content)).toBe(true);
  });
});

describe('boundaries', () => {
  const dashes = '----------------------------747751234567890';
  const marks: [string, string, string][] = [
    ['no space before boundary=', 'multipart/form-data;boundary=abc', 'abc'],
    ['quoted', 'multipart/form-data; boundary="abc"', 'abc'],
    ['quoted, with a space and punctuation', 'multipart/form-data; boundary="a b:c;d=e/f"', 'a b:c;d=e/f'],
    ['quoted, with an escaped quote', 'multipart/form-data; boundary="a\\"b"', 'a"b'],
    ['starting with many dashes', `multipart/form-data; boundary=${dashes}`, dashes],
    ['all dashes', 'multipart/form-data; boundary=--------', '--------'],
    ['unquoted, with = and :', 'multipart/form-data; boundary=----=_Part_0:1', '----=_Part_0:1'],
    ['after another parameter', 'multipart/form-data; charset=utf-8; boundary=abc', 'abc'],
    ['before another parameter', 'multipart/form-data; boundary=abc; charset=utf-8', 'abc'],
    ['in capitals, with spaces', 'Multipart/Form-Data ; BOUNDARY = abc ;', 'abc'],
    ['70 characters', `multipart/form-data; boundary=${'a'.repeat(70)}`, 'a'.repeat(70)],
    ['200 characters', `multipart/form-data; boundary=${'a'.repeat(200)}`, 'a'.repeat(200)],
    ['the whole header quoted', '"multipart/form-data; boundary=abc"', 'abc'],
    ['the whole header and the boundary quoted', '"multipart/form-data; boundary="abc""', 'abc'],
    ['the media type quoted alone', '"multipart/form-data"; boundary="abc"', 'abc'],
  ];
  it.each(marks)('%s', async (_name, header, mark) => {
    for (const tail of [`\r\n--${mark}--\r\n`, `\r\n--${mark}--`, `\r\n--${mark}\r\n`, `\r\n--${mark}`]) {
      const { answer, judged } = await send(header, form([file(), appidPart], tail, mark));
      expect(answer.body).toBe(scored);
      expect(judged).toEqual([picture]);
    }
  });

  it.each([
    ['none', 'multipart/form-data'],
    ['none, with a semicolon', 'multipart/form-data; '],
    ['an empty one', 'multipart/form-data; boundary='],
    ['an empty quoted one', 'multipart/form-data; boundary=""'],
    ['one of 201 characters', `multipart/form-data; boundary=${'a'.repeat(201)}`],
    ['one that is not ASCII', 'multipart/form-data; boundary=\xe9'],
    ['one under another name', 'multipart/form-data; xboundary=xYzZY'],
    ['the right one on multipart/mixed', 'multipart/mixed; boundary=xYzZY'],
  ])('%s is refused', async (_name, header) => {
    const { answer } = await send(header, form([appidPart, file()]));
    expect([answer.status, answer.body]).toEqual([400, unreadable]);
  });
});

describe('multipart bodies that are refused', () => {
  const whole = form([appidPart, file()]);
  const at = (share: number) => whole.subarray(0, Math.floor(whole.length * share));
  it.each([
    ['empty', Buffer.alloc(0)],
    ['another boundary than announced', form([appidPart, file()], '\r\n--other--\r\n', 'other')],
    ['JSON', Buffer.from(`{"appid":"${appid}"}`)],
    ['cut off in the picture', at(0.6)],
    ['cut off before the last delimiter', whole.subarray(0, whole.length - `\r\n--${boundary}--\r\n`.length)],
    ['cut off in the last delimiter', whole.subarray(0, whole.length - 5)],
    ['cut off in the headers', at(0.02)],
    ['66 parts', form([...Array.from({ length: 64 }, () => text('x', 'y')), appidPart, file()])],
    [
      'the delimiter lines ended by LF alone',
      Buffer.from(
        form([appidPart, file('x')])
          .toString('latin1')
          .replaceAll('\r\n', '\n'),
      ),
    ],
  ])('%s', async (_name, body) => {
    const { answer, judged } = await send(type, body);
    expect([answer.status, answer.body]).toEqual([400, unreadable]);
    expect(judged).toEqual([]);
  });

  it.each([
    ['no parts at all', Buffer.from(`--${boundary}--\r\n`)],
    ['no appid part', form([file()])],
    ['an empty appid part', form([text('appid', ' '), file()])],
    ['an appid under another name', form([text('appId', appid), file()])],
    [
      'an appid part that is no form data',
      form([['Content-Disposition: attachment; name="appid"', appid], file()]),
    ],
  ])('%s: no appid', async (_name, body) => {
    expect((await send(type, body)).answer.body).toBe(noAppid);
  });

  it('no image and no url', async () => {
    const { answer } = await send(type, form([appidPart, text('image2', 'x')]));
    expect(answer.json.code).toBe(-5805);
  });

  it('an empty image', async () => {
    expect((await send(type, form([appidPart, file('')]))).answer.json.code).toBe(-5805);
  });

  it('an over-long url is refused for its form and never fetched by its beginning', async () => {
    const { answer, fetched } = await send(
      type,
      form([appidPart, text('url', `http://a.example/${'a'.repeat(20_000)}`)]),
    );
    expect([answer.json.code, answer.json.message, fetched]).toEqual([21, 'invalid parameter: url', []]);
  });

  it('thousands of header lines in one part do no harm', async () => {
    const headers = Array.from({ length: 5000 }, (_, at) => `X-${at}: y`).join('\r\n');
    const { answer } = await send(type, form([appidPart, file(), [headers, 'x']]));
    expect(answer.json.code).toBe(0);
  });
});
