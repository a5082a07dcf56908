import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appid, signature } from './support/accounts.ts';
import { exchange, open, post, type RawAnswer } from './support/raw.ts';
import { startTestServer, type TestServer } from './support/server.ts';

let test: TestServer;
/** One that soon gives up waiting: for what never ends, since honest calls may be late on a busy machine. */
let hasty: TestServer;
beforeAll(async () => {
  test = await startTestServer({ transport: { maxHeaderBytes: 8192 } });
  hasty = await startTestServer({
    transport: { headersTimeout: 400, requestTimeout: 600, checkInterval: 50 },
  });
});
afterAll(async () => {
  await test.stop();
  await hasty.stop();
});

const image = Buffer.from('a picture').toString('base64');
const body = `{"appid":"${appid}","image":"${image}"}`;
const good = (...headers: string[]) =>
  post(['Content-Type: application/json', `Authorization: ${signature()}`, ...headers], body);
const scored = '{"code":0,"message":"OK","data":{"score":93}}';

/** Every answer, of whatever fault, is the envelope and nothing else. */
function expectEnvelope(answer: RawAnswer, status: number, code: number, message: string): void {
  expect([answer.status, answer.body]).toEqual([status, JSON.stringify({ code, message, data: {} })]);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
}

describe('faults of the HTTP layer answer in the envelope', () => {
  const malformed = 'invalid request: malformed http request';
  const requests: [string, string | Buffer, number, string][] = [
    ['a line that is none', 'hello\r\n\r\n', 400, malformed],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n', 400, malformed],
    ['an unknown version', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n', 400, malformed],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, malformed],
    ['a TLS greeting', Buffer.from('160301020001000001fc0303', 'hex'), 400, malformed],
    ['a space in the path', 'POST /face/live detect HTTP/1.1\r\nHost: a\r\n\r\n', 400, malformed],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n', 400, malformed],
    ['a null byte in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 400, malformed],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n', 400, malformed],
    ['a length that is none', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ten\r\n\r\n', 400, malformed],
    ['a negative length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', 400, malformed],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      malformed,
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      malformed,
    ],
    [
      'a bad chunk size',
      'POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
      400,
      malformed,
    ],
    [
      'a chunk longer than it says',
      'POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n',
      400,
      malformed,
    ],
    [
      'an encoding nobody knows',
      'POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: magic\r\n\r\n',
      400,
      malformed,
    ],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'invalid request: exactly one host header is required'],
    [
      'two Hosts',
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      400,
      'invalid request: exactly one host header is required',
    ],
    [
      'too many header bytes',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(9000)}\r\n\r\n`,
      431,
      'invalid request: request header too large',
    ],
    [
      'too long a path',
      `GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      431,
      'invalid request: request header too large',
    ],
    [
      'chunk extensions without end',
      `POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;${'a'.repeat(20_000)}`,
      413,
      'request body too large',
    ],
    ['headers that never end', 'GET / HTTP/1.1\r\nHost: a\r\n', 408, 'invalid request: request timeout'],
    ['nothing after the connection', '', 408, 'invalid request: request timeout'],
    [
      'a body that never ends',
      'POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc',
      408,
      'invalid request: request timeout',
    ],
    [
      'chunks that never end',
      'POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
      408,
      'invalid request: request timeout',
    ],
    ['a tunnel', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 405, 'invalid request: method not allowed'],
    [
      'another path',
      'POST /face/livedetectfour HTTP/1.1\r\nHost: a\r\n\r\n',
      404,
      'invalid request: no such path',
    ],
    ['the root', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', 404, 'invalid request: no such path'],
    [
      'a slash more',
      'POST /face/livedetectpicture/ HTTP/1.1\r\nHost: a\r\n\r\n',
      404,
      'invalid request: no such path',
    ],
    [
      'a path with bad escapes',
      'POST /%zz%ff HTTP/1.1\r\nHost: a\r\n\r\n',
      404,
      'invalid request: no such path',
    ],
    [
      'a path that climbs',
      'GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n',
      404,
      'invalid request: no such path',
    ],
    [
      'another path with a bad body',
      'POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{{{',
      404,
      'invalid request: no such path',
    ],
    [
      'another path with a strange type',
      'POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: ;;;\r\nContent-Length: 3\r\n\r\n{{{',
      404,
      'invalid request: no such path',
    ],
    ...['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'].map(
      (method): [string, string, number, string] => [
        method,
        `${method} /face/livedetectpicture HTTP/1.1\r\nHost: a\r\n\r\n`,
        405,
        'invalid request: method not allowed',
      ],
    ),
  ];
  it.each(requests)('%s', async (_name, request, status, message) => {
    const answer = await exchange((status === 408 ? hasty : test).port, request);
    expectEnvelope(answer, status, status === 413 ? 23 : 3, message);
    if (status === 405) expect(answer.headers.allow).toBe('POST');
  });

  it('HEAD gets the headers of the refusal and no body', async () => {
    const connection = open(test.port);
    connection.write('HEAD /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const [head, rest] = (await connection.closed()).split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 405 /);
    expect(head?.toLowerCase()).toContain('content-type: application/json; charset=utf-8');
    expect(rest).toBe('');
  });

  it('an upload that its sender breaks off leaves its lines in the log and nothing running', async () => {
    const requestId = 'broken-off-1';
    const connection = open(test.port);
    connection.write(
      `POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nX-Request-Id: ${requestId}\r\nContent-Length: 1000\r\n\r\nabc`,
    );
    await expect.poll(() => test.server.running).toBe(1);
    connection.destroy();
    const events = () => test.lines.filter((line) => line.requestId === requestId).map((line) => line.event);
    await expect.poll(events).toEqual(['http_fault', 'aborted']);
    expect(test.server.running).toBe(0);
  });

  it('a broken request behind a good one: the good one is answered first, then the fault, then the end', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { answer } = test.judge;
    test.judge.answer = async (...given) => {
      await held;
      return answer(...given);
    };
    const connection = open(test.port);
    connection.write(good(), 'nonsense\r\n\r\n');
    await expect.poll(() => test.judge.pictures.length).toBeGreaterThan(0);
    release();
    expect((await connection.next()).body).toBe(scored);
    expectEnvelope(await connection.next(), 400, 3, malformed);
    await connection.closed();
    test.judge.answer = answer;
  });
});

describe('connections', () => {
  it('keep-alive: several requests on one connection', async () => {
    const connection = open(test.port);
    for (let count = 0; count < 3; count++) {
      connection.write(good());
      const answer = await connection.next();
      expect([answer.body, answer.headers.connection]).toEqual([scored, 'keep-alive']);
    }
    connection.destroy();
  });

  it('keep-alive survives a refusal whose body was read', async () => {
    const connection = open(test.port);
    connection.write(post(['Content-Type: application/json'], body));
    expect((await connection.next()).json.code).toBe(4);
    connection.write(good());
    expect((await connection.next()).body).toBe(scored);
    connection.destroy();
  });

  it('pipelining: answers come in the order of the requests', async () => {
    const connection = open(test.port);
    connection.write(good('X-Request-Id: one'), good('X-Request-Id: two'), good('X-Request-Id: three'));
    const ids = [];
    for (let count = 0; count < 3; count++) ids.push((await connection.next()).headers['x-request-id']);
    expect(ids).toEqual(['one', 'two', 'three']);
    connection.destroy();
  });

  it('Connection: close is obeyed', async () => {
    const connection = open(test.port);
    connection.write(good('Connection: close'));
    const answer = await connection.next();
    expect([answer.body, answer.headers.connection]).toEqual([scored, 'close']);
    await connection.closed();
  });

  it('HTTP/1.0 is answered and closed', async () => {
    const connection = open(test.port);
    connection.write(
      good()
        .toString()
        .replace('HTTP/1.1', 'HTTP/1.0')
        .replace(/Host:.*\r\n/, ''),
    );
    expect((await connection.next()).body).toBe(scored);
    await connection.closed();
  });

  it('HTTP/1.0 with keep-alive stays open', async () => {
    const connection = open(test.port);
    for (let count = 0; count < 2; count++) {
      connection.write(good('Connection: keep-alive').toString().replace('HTTP/1.1', 'HTTP/1.0'));
      expect((await connection.next()).body).toBe(scored);
    }
    connection.destroy();
  });

  it.each([
    ['in capitals', 'AUTHORIZATION', 'CONTENT-TYPE'],
    ['in small letters', 'authorization', 'content-type'],
    ['mixed', 'aUtHoRiZaTiOn', 'Content-type'],
  ])('header names %s', async (_name, authorization, type) => {
    const headers = [`${authorization}: ${signature()}`, `${type}: application/json`];
    expect((await exchange(test.port, post(headers, body))).body).toBe(scored);
  });

  it.each([
    'recognition.image.myqcloud.com',
    'service.image.myqcloud.com',
    'localhost:8080',
    '127.0.0.1:1',
    '[::1]:8080',
    'any.private.name',
  ])('Host: %s', async (host) => {
    const request = good()
      .toString()
      .replace(/Host:.*/, `Host: ${host}`);
    expect((await exchange(test.port, request)).body).toBe(scored);
  });

  it.each([
    ['with a query', '/face/livedetectpicture?a=b'],
    [
      'absolute, as behind a configured proxy',
      'http://recognition.image.myqcloud.com/face/livedetectpicture',
    ],
    ['absolute with a query', 'http://service.image.myqcloud.com:80/face/livedetectpicture?x'],
  ])('a request target %s', async (_name, target) => {
    const request = good().toString().replace('/face/livedetectpicture', target);
    expect((await exchange(test.port, request)).body).toBe(scored);
  });
});
