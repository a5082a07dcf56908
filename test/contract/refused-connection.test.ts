import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { jsonBodyOf, jsonHead } from './support/json-call.ts';
import { open } from './support/raw.ts';
import { startTestServer, type TestServer } from './support/server.ts';

/* What becomes of the connection when a request is refused for lack of room, before its body is read. */

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());
beforeEach(() => {
  test.judge.full = new Fault('busy', 'queue_full', 'no room', { retryAfter: 1 });
});

it.each([200, 100_000, 1024 * 1024])(
  'a body of %d bytes is read to its end, and the next request on the connection is judged',
  async (bytes) => {
    const connection = open(test.port);
    const body = jsonBodyOf(bytes);
    connection.write(jsonHead(`Content-Length: ${body.length}`), body);
    const refused = await connection.next();
    expect([refused.json.code, refused.headers['retry-after']]).toEqual([-5802, '1']);
    expect(refused.headers.connection).not.toBe('close');
    test.judge.full = null;
    connection.write(jsonHead(`Content-Length: ${body.length}`), body);
    expect((await connection.next()).json.code).toBe(0);
    connection.destroy();
  },
);

it('the rest of a body that comes after the refusal is never taken for a request', async () => {
  const judged = test.judge.pictures.length;
  const connection = open(test.port);
  const inner = Buffer.from(`${jsonHead('Content-Length: 0')}`);
  const body = Buffer.concat([jsonBodyOf(1000), inner, inner]);
  connection.write(jsonHead(`Content-Length: ${body.length}`), body.subarray(0, 900));
  expect((await connection.next()).json.code).toBe(-5802);
  test.judge.full = null;
  connection.write(body.subarray(900));
  connection.write(jsonHead(`Content-Length: ${jsonBodyOf(0).length}`), jsonBodyOf(0));
  expect((await connection.next()).json.code).toBe(0);
  connection.destroy();
  // One picture judged: the two requests within the body were none.
  expect(test.judge.pictures.length).toBe(judged + 1);
});

it.each([
  ['longer than 1 MiB', (body: Buffer) => [jsonHead(`Content-Length: ${body.length}`), body]],
  [
    'of unknown length',
    (body: Buffer) => [
      jsonHead('Transfer-Encoding: chunked'),
      Buffer.from(`${body.length.toString(16)}\r\n`),
      body,
      Buffer.from('\r\n0\r\n\r\n'),
    ],
  ],
])('a body %s costs the connection, after the answer', async (_name, parts) => {
  const connection = open(test.port);
  connection.write(...parts(jsonBodyOf(1024 * 1024 + 100)));
  const refused = await connection.next();
  expect([refused.json.code, refused.headers.connection]).toEqual([-5802, 'close']);
  expect(await connection.closed()).toBe('');
});

it('when the service is about to stop the connection is closed all the same', async () => {
  const own = await startTestServer();
  own.judge.full = new Fault('busy', 'queue_full', 'no room', { retryAfter: 1 });
  const connection = open(own.port);
  const body = jsonBodyOf(2000);
  connection.write(jsonHead(`Content-Length: ${body.length}`), body.subarray(0, 100));
  expect((await connection.next()).json.code).toBe(-5802);
  const stopped = own.stop();
  connection.write(body.subarray(100));
  expect(await connection.closed()).toBe('');
  await stopped;
});
