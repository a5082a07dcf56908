import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appid, signature } from './support/accounts.ts';
import { exchange, post } from './support/raw.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let test: TestServer;
const picture = Buffer.from([
  0xff,
  0xd8,
  0xff,
  0xe0,
  ...Array.from({ length: 300 }, (_, at) => (at * 7) % 256),
]);
const base64 = picture.toString('base64');
const downloaded = Buffer.from('what lay behind the url');
const fetched: string[] = [];

beforeAll(async () => {
  test = await startTestServer({
    downloader: {
      async download(url) {
        fetched.push(url.href);
        return Uint8Array.from(downloaded);
      },
    },
  });
});
afterAll(() => test.stop());

async function send(body: string | Buffer, type = 'Content-Type: application/json') {
  const [before, downloads] = [test.judge.pictures.length, fetched.length];
  const answer = await exchange(test.port, post([type, `Authorization: ${signature()}`], body));
  const judged = test.judge.pictures.slice(before);
  return { answer, judged, fetched: fetched.slice(downloads) };
}

const scored = '{"code":0,"message":"OK","data":{"score":93}}';
const url = 'http://pictures.example/a/b.jpg?x=1';

describe('JSON bodies with a url', () => {
  const bodies: [string, string | Buffer][] = [
    ['documentation, Node and Java: appid first', `{"appid":"${appid}","url":"${url}"}`],
    ['members in the other order', `{"url":"${url}","appid":"${appid}"}`],
    ['Node with a numeric AppId', `{"url":"${url}","appid":${appid}}`],
    [
      'PHP: escaped slashes and members that mean nothing here',
      `{"appid":"${appid}","bucket":"b","url":"${url.replaceAll('/', '\\/')}","sign":"anything"}`,
    ],
    ['spread over lines', `\r\n {\n\t"appid" : "${appid}" ,\n "url" : "${url}" }\n`],
    ['behind a byte order mark', Buffer.from(`\ufeff{"appid":"${appid}","url":"${url}"}`)],
    [
      'with an image beside it: only the url counts',
      `{"appid":"${appid}","image":"${base64}","url":"${url}"}`,
    ],
    ['with white space around the url', `{"appid":"${appid}","url":" ${url}\\n"}`],
    ['with a repeated member: the last one counts', `{"appid":"x","appid":"${appid}","url":"${url}"}`],
    [
      'with members named like object internals',
      `{"__proto__":{"appid":"2"},"constructor":1,"appid":"${appid}","url":"${url}"}`,
    ],
  ];
  it.each(bodies)('%s', async (_name, body) => {
    const { answer, judged, fetched } = await send(body);
    expect(answer.body).toBe(scored);
    expect(fetched).toEqual([url]);
    expect(judged).toEqual([downloaded]);
  });
});

describe('JSON bodies with an image', () => {
  const escaped = base64.replaceAll('/', '\\/');
  const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_');
  const lines = base64.replace(/.{76}/g, '$&\\r\\n');
  const member = (text: string) => `{"appid":"${appid}","image":"${text}"}`;
  const bodies: [string, string][] = [
    [
      'PHP file mode: escaped slashes, bucket and sign',
      `{"appid":"${appid}","bucket":"b","sign":"s","image":"${escaped}"}`,
    ],
    ['PHP buffer mode: bucket before image', `{"appid":"${appid}","bucket":"b","image":"${escaped}"}`],
    ['plain base64', member(base64)],
    ['a data: prefix', member(`data:image/jpeg;base64,${base64}`)],
    ['a data: prefix with a parameter', member(`data:image/jpeg;charset=x;base64,${base64}`)],
    ['line breaks inside', member(lines)],
    ['url-safe alphabet', member(urlSafe)],
    ['no padding', member(base64.replace(/=+$/, ''))],
    ['an empty url beside it', `{"appid":"${appid}","url":"","image":"${base64}"}`],
    ['a url of white space beside it', `{"appid":"${appid}","url":" ","image":"${base64}"}`],
    ['a null url beside it', `{"appid":"${appid}","url":null,"image":"${base64}"}`],
  ];
  it.each(bodies)('%s', async (_name, body) => {
    const { answer, judged, fetched } = await send(body);
    expect(answer.body).toBe(scored);
    expect(fetched).toEqual([]);
    expect(judged).toEqual([picture]);
  });
});

describe('Content-Type of JSON bodies', () => {
  it.each([
    'Content-Type: application/json',
    'Content-Type: "application/json"',
    'Content-Type: application/json; charset=utf-8',
    'Content-Type: application/json;charset="UTF-8"',
    'Content-Type: "application/json; charset=utf-8"',
    'Content-Type: "application/json"; charset=utf-8',
    'content-type: Application/JSON',
    'CONTENT-TYPE:application/json ;',
  ])('%s', async (type) => {
    expect((await send(`{"appid":"${appid}","image":"${base64}"}`, type)).answer.body).toBe(scored);
  });

  const unreadable =
    '{"code":3,"message":"invalid request: parsing error - check content-type and body","data":{}}';
  it.each([
    'X-None: 1',
    'Content-Type:',
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Type: text/plain',
    'Content-Type: text/json',
    'Content-Type: json',
    'Content-Type: application/jsonx',
    'Content-Type: application/json, text/plain',
    'Content-Type: application/octet-stream',
    'Content-Type: ///;;;===',
  ])('%s is refused', async (type) => {
    const { answer, judged } = await send(`{"appid":"${appid}","image":"${base64}"}`, type);
    expect([answer.status, answer.body]).toEqual([400, unreadable]);
    expect(judged).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['not JSON', 'appid=1000001'],
    ['cut off', `{"appid":"${appid}","image":"${base64}`],
    ['an array', `[{"appid":"${appid}"}]`],
    ['a text', `"${appid}"`],
    ['null', 'null'],
    ['two documents', `{"appid":"${appid}"}{}`],
    ['single quotes', `{'appid':'${appid}'}`],
    ['UTF-16', Buffer.from(`\ufeff{"appid":"${appid}"}`, 'utf16le')],
    ['very deep and never closed', '['.repeat(500_000)],
  ])('a body that is %s is refused', async (_name, body) => {
    const { answer } = await send(body);
    expect([answer.status, answer.body]).toEqual([400, unreadable]);
  });

  it('a body that is very deep, closed and beside the point is answered', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const { answer } = await send(`{"appid":"${appid}","image":"${base64}","x":${deep}}`);
    expect(answer.body).toBe(scored);
  });
});
