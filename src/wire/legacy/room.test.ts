import { afterEach, beforeEach, expect, it } from 'vitest';
import { appid, signature } from '../../../test/contract/support/accounts.ts';
import { exchange } from '../../../test/contract/support/raw.ts';
import { startTestServer, type TestServer } from '../../../test/contract/support/server.ts';
import { Fault } from '../../faults.ts';
import { LEGACY_PATH } from './face.ts';

/* How the old endpoint asks for room: for the app that the signature names before the body, for the proven one before a download. */

let test: TestServer;
let asked: (string | undefined)[];
let downloads: number;
let over: string | undefined;

beforeEach(async () => {
  [asked, downloads, over] = [[], 0, undefined];
  test = await startTestServer({
    signature: { bodySign: true },
    downloader: {
      async download() {
        downloads++;
        return Uint8Array.from([1, 2, 3]);
      },
    },
  });
  test.judge.refusal = (app) => {
    asked.push(app);
    return app !== undefined && app === over
      ? new Fault('busy', 'queue_full', 'full', { retryAfter: 3 })
      : null;
  };
});
afterEach(() => test.stop());

const json = (content: object) => Buffer.from(JSON.stringify(content));
const head = (sign: string | undefined, length: number) =>
  [
    `POST ${LEGACY_PATH} HTTP/1.1`,
    'Host: a',
    'Content-Type: application/json',
    `Content-Length: ${length}`,
    ...(sign === undefined ? [] : [`Authorization: ${sign}`]),
    '\r\n',
  ].join('\r\n');
const picture = { image: Buffer.from('a picture').toString('base64') };

it('an app over its share is refused by its headers alone: its body is never waited for', async () => {
  over = appid;
  const answer = await exchange(test.port, head(signature(), 5_000_000));
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '3']);
  expect(JSON.parse(answer.body).code).toBe(-5802);
  expect(asked).toEqual([appid]);
});

it('is asked for the app that signed, and hands its name to the workers', async () => {
  const body = json({ appid, ...picture });
  const answer = await exchange(test.port, head(signature(), body.length), body);
  expect(JSON.parse(answer.body).code).toBe(0);
  expect(asked).toEqual([appid, appid]);
  expect(test.judge.options).toMatchObject([{ app: appid }]);
});

it.each([
  ['none', undefined],
  ['one that cannot be read', 'rubbish'],
])(
  'signature in the header: %s. Room is asked for without an app, and the request goes its way',
  async (_name, sign) => {
    const body = json({ appid, ...picture });
    const answer = await exchange(test.port, head(sign, body.length), body);
    expect([4, 5]).toContain(JSON.parse(answer.body).code);
    expect(asked).toEqual([undefined]);
  },
);

it('an app known only from the body is refused before anything is downloaded for it', async () => {
  over = appid;
  const body = json({ appid, sign: signature(), url: 'http://example.org/a.jpg' });
  const answer = await exchange(test.port, head(undefined, body.length), body);
  expect(JSON.parse(answer.body).code).toBe(-5802);
  expect([asked, downloads]).toEqual([[undefined, appid], 0]);
});
