import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post } from '../contract/support/raw.ts';
import { startV1Test, type V1Test } from '../v1/support.ts';
import { answersOf, authorization, body, callersOf, chunks, good, head, json } from './support/callers.ts';

/*
 * Callers that mean harm, over bare sockets, against both APIs on a real store: what Node's parser lets through or a caller does
 * with time. Whole tables of single malformed requests stand in test/contract.
 */

let test: V1Test;
const { ask, connected } = callersOf(() => test);

/** The tests beside it have a service with this patience, in ms; with that of every day where nothing is given. */
function withPatience(patience?: number): void {
  beforeAll(async () => {
    const times = (ms: number) => ({
      headersTimeout: ms,
      requestTimeout: 2 * ms,
      stallTimeout: ms,
      keepAliveTimeout: ms,
      checkInterval: 30,
    });
    test = await startV1Test(patience === undefined ? {} : { transport: times(patience) });
  });
  afterAll(() => test.stop());
}

/** The service still answers others. */
async function expectWell(): Promise<void> {
  expect((await ask(good())).json.code).toBe(0);
}

describe('slow callers', () => {
  withPatience(300);

  it('headers that come byte by byte without end are answered with 408 and closed', async () => {
    const connection = connected();
    connection.write('POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nX: ');
    const drip = setInterval(() => connection.socket.write('a'), 20);
    const answers = await answersOf(connection);
    clearInterval(drip);
    expect(answers.map(({ status, json: { code } }) => [status, code])).toEqual([[408, 3]]);
  });

  it.each([
    ['with a length', 'Content-Length: 100000', 'a'],
    ['in chunks', 'Transfer-Encoding: chunked', '1\r\na\r\n'],
  ])('a body that comes byte by byte without end, %s', async (_name, header, piece) => {
    const connection = connected();
    connection.write(head(header));
    const drip = setInterval(() => connection.socket.write(piece), 20);
    const answers = await answersOf(connection);
    clearInterval(drip);
    expect(answers.map(({ status, json: { code } }) => [status, code])).toEqual([[408, 3]]);
  });

  it('one who sends and never reads is held back, and let go', async () => {
    const connection = connected();
    connection.socket.pause();
    const before = test.judge.pictures.length;
    const request = Buffer.from('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
    connection.write(Buffer.concat(Array.from({ length: 150_000 }, () => request)), good());
    // A paused socket never learns that the other side is gone; writing to it does.
    const knock = setInterval(() => connection.socket.write(request), 50);
    await connection.closed();
    clearInterval(knock);
    expect(test.judge.pictures.length).toBe(before);
  });
});

describe('many slow and idle callers', () => {
  // The honest calls beside them must be in time on a busy machine too.
  withPatience(3000);

  it('a hundred slow ones do not keep others from being served', async () => {
    const slow = Array.from({ length: 100 }, () => connected());
    for (const connection of slow) connection.write(head('Content-Length: 6000000'), '{');
    for (let count = 0; count < 20; count++) await expectWell();
    for (const connection of slow) expect((await answersOf(connection)).at(-1)?.status).toBe(408);
  });

  it('three hundred that were opened and never used are answered with 408 and closed', async () => {
    const silent = Array.from({ length: 300 }, () => connected());
    await expectWell();
    for (const connection of silent) {
      expect((await answersOf(connection)).map(({ status }) => status)).toEqual([408]);
    }
  });

  it('three hundred idle ones that were used: others are served, and all are closed', async () => {
    const idle = Array.from({ length: 300 }, () => connected());
    for (const connection of idle) connection.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    for (const connection of idle) expect((await connection.next()).status).toBe(404);
    await expectWell();
    for (const connection of idle) await connection.closed();
  });
});

describe('half-open connections', () => {
  withPatience();

  it('a caller that closes its side after its request still gets its answer', async () => {
    const connection = connected();
    connection.socket.end(good());
    expect((await answersOf(connection)).map((answer) => answer.json.code)).toEqual([0]);
  });

  it.each([
    ['in its headers', 'POST /face/livedetectpicture HTTP/1.1\r\nHost'],
    ['before its body', () => head('Content-Length: 10')],
    ['in its body', () => `${head('Content-Length: 10')}abc`],
    ['in a chunk', () => `${head('Transfer-Encoding: chunked')}5\r\nab`],
  ])('one that closes its side %s is closed without being judged', async (_name, bytes) => {
    const before = test.judge.pictures.length;
    const connection = connected();
    connection.socket.end(typeof bytes === 'string' ? bytes : bytes());
    const answers = await answersOf(connection);
    expect(answers.every(({ status }) => status === 400)).toBe(true);
    expect(test.judge.pictures.length).toBe(before);
  });
});

describe('many requests', () => {
  withPatience();

  it('three hundred requests behind each other on one connection are answered in their order', async () => {
    const connection = connected();
    const names = Array.from({ length: 300 }, (_, at) => `request-${at}`);
    connection.write(...names.map((name) => post([json, authorization(), `X-Request-Id: ${name}`], body)));
    const ids: (string | undefined)[] = [];
    for (const _ of names) ids.push((await connection.next()).headers['x-request-id']);
    expect(ids).toEqual(names);
  });
});

describe('smuggling: what stands behind a doubtful request is never worked on', () => {
  withPatience();

  const forms: [string, string][] = [
    [
      'chunks and a length, the name spoilt by a blank',
      'Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
    ],
    [
      'chunks and a length, behind a tab',
      'Transfer-Encoding:\tchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
    ],
    [
      'chunks and a length, behind a vertical tab',
      'Transfer-Encoding:\x0bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n',
    ],
    ['an empty coding and a length', `Transfer-Encoding:\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ['chunked, but not last', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['chunked behind identity', `Transfer-Encoding: identity, chunked\r\n\r\n${chunks(body)}`],
    ['chunked behind gzip', `Transfer-Encoding: gzip, chunked\r\n\r\n${chunks(body)}`],
    ['two codings', `Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${chunks(body)}`],
    ['a coding of another name', `Transfer-Encoding: xchunked\r\n\r\n${chunks(body)}`],
    [
      'the same length twice',
      `Content-Length: ${body.length}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ],
    ['a list of lengths', `Content-Length: ${body.length}, ${body.length}\r\n\r\n${body}`],
    ['a length with a sign', `Content-Length: +${body.length}\r\n\r\n${body}`],
    ['a length in hexadecimal', 'Content-Length: 0x5\r\n\r\nhello'],
    ['an empty length', `Content-Length:\r\n\r\n${body}`],
    ['a length of 23 digits', 'Content-Length: 99999999999999999999999\r\n\r\n'],
    ['a length behind a bare CR', `X: a\rContent-Length: 3\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ['a length behind a bare LF', `X: a\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ['a chunk size with 0x', 'Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n'],
    ['a negative chunk size', 'Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size over 64 bits', 'Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc'],
    ['a chunk size that ends in LF', 'Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n'],
    ['a chunk extension that ends in LF', 'Transfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n'],
    ['chunk data that ends in LF', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n'],
    ['a blank behind a chunk size', 'Transfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n'],
    [
      'a length among the trailers',
      `Transfer-Encoding: chunked\r\n\r\n${chunks(body).slice(0, -2)}Content-Length: 5\r\n\r\n`,
    ],
  ];
  it.each(forms)('%s', async (_name, rest) => {
    const before = test.judge.pictures.length;
    const connection = connected();
    connection.write(Buffer.from(head().slice(0, -2) + rest, 'latin1'), good());
    const answers = await answersOf(connection);
    expect(answers.map(({ status, json: { code } }) => [status, code])).toEqual([[400, 3]]);
    expect(test.judge.pictures.length).toBe(before);
  });

  it('chunks in HTTP/1.0', async () => {
    const before = test.judge.pictures.length;
    const connection = connected();
    const old = head('Connection: keep-alive', 'Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0');
    connection.write(old, chunks(body), good());
    expect((await answersOf(connection)).map(({ status }) => status)).toEqual([400]);
    expect(test.judge.pictures.length).toBe(before);
  });

  it('a refused request whose body is a good one', async () => {
    const before = test.judge.pictures.length;
    const inner = good();
    const connection = connected();
    connection.write(
      `GET /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n`,
      inner,
      good(),
    );
    const answers = await answersOf(connection);
    expect(answers.map(({ status, headers }) => [status, headers.connection])).toEqual([[405, 'close']]);
    expect(test.judge.pictures.length).toBe(before);
  });
});
