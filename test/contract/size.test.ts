import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonBodyOf, jsonHead } from './support/json-call.ts';
import { exchange, open } from './support/raw.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const limit = 6 * 1024 * 1024;
const tooLarge = '{"code":23,"message":"request body too large","data":{}}';
let test: TestServer;
beforeAll(async () => {
  test = await startTestServer();
});
afterAll(() => test.stop());

function chunked(body: Buffer, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    chunks.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return [...chunks, Buffer.from('0\r\n\r\n')];
}

describe('6 MiB, counted as received', () => {
  it('exactly 6 MiB with Content-Length is taken', async () => {
    const answer = await exchange(test.port, jsonHead(`Content-Length: ${limit}`), jsonBodyOf(limit));
    expect(answer.json.code).toBe(0);
  });

  it('exactly 6 MiB in chunks is taken', async () => {
    const answer = await exchange(
      test.port,
      jsonHead('Transfer-Encoding: chunked'),
      ...chunked(jsonBodyOf(limit), 65_000),
    );
    expect(answer.json.code).toBe(0);
  });

  it('one byte more with Content-Length is refused, also when all of it is sent before anything is read', async () => {
    const answer = await exchange(test.port, jsonHead(`Content-Length: ${limit + 1}`), jsonBodyOf(limit + 1));
    expect([answer.status, answer.body]).toEqual([413, tooLarge]);
    expect(answer.headers.connection).toBe('close');
  });

  it('one byte more in chunks is refused', async () => {
    const answer = await exchange(
      test.port,
      jsonHead('Transfer-Encoding: chunked'),
      ...chunked(jsonBodyOf(limit + 1), 65_000),
    );
    expect([answer.status, answer.body]).toEqual([413, tooLarge]);
  });

  it('a longer one is refused by its announcement alone, before a byte of it is sent', async () => {
    const answer = await exchange(test.port, jsonHead(`Content-Length: ${limit + 1}`));
    expect([answer.status, answer.body]).toEqual([413, tooLarge]);
  });

  it('a sender of 40 MiB can send all of it and then read the answer', async () => {
    const length = 40 * 1024 * 1024;
    const connection = open(test.port);
    connection.write(jsonHead(`Content-Length: ${length}`));
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent < length; sent += megabyte.length) {
      await new Promise<void>((resolve, reject) =>
        connection.socket.write(megabyte, (error) => (error ? reject(error) : resolve())),
      );
    }
    expect((await connection.next()).body).toBe(tooLarge);
    await connection.closed();
  });

  it('a sender that never ends is let go after the bound, its answer sent before', async () => {
    const small = await startTestServer({ transport: { linger: { milliseconds: 200, bytes: 1e9 } } });
    const connection = open(small.port);
    connection.write(jsonHead('Transfer-Encoding: chunked'));
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(1024 * 1024), Buffer.from('\r\n')]);
    for (let count = 0; count < 7; count++) connection.write(chunk);
    expect((await connection.next()).body).toBe(tooLarge);
    await connection.closed();
    await small.stop();
  });

  it('tiny chunks are counted and taken like large ones', async () => {
    const body = jsonBodyOf(20_000);
    const answer = await exchange(test.port, jsonHead('Transfer-Encoding: chunked'), ...chunked(body, 1));
    expect(answer.json.code).toBe(0);
  });

  it('a smaller limit can be set', async () => {
    const small = await startTestServer({ settings: { maxBodyBytes: 1000 } });
    const codes = [];
    for (const bytes of [1000, 1001]) {
      const answer = await exchange(small.port, jsonHead(`Content-Length: ${bytes}`), jsonBodyOf(bytes));
      codes.push(answer.json.code);
    }
    expect(codes).toEqual([0, 23]);
    await small.stop();
  });
});

describe('Expect: 100-continue', () => {
  const body = jsonBodyOf(200);

  it('is answered, then the body is read', async () => {
    const connection = open(test.port);
    connection.write(jsonHead(`Content-Length: ${body.length}`, 'Expect: 100-continue'));
    expect((await connection.next()).status).toBe(100);
    connection.write(body);
    expect((await connection.next()).json.code).toBe(0);
    connection.destroy();
  });

  it('a sender that does not wait is served too', async () => {
    const connection = open(test.port);
    connection.write(jsonHead(`Content-Length: ${body.length}`, 'Expect: 100-continue'), body);
    expect((await connection.next()).status).toBe(100);
    expect((await connection.next()).json.code).toBe(0);
    connection.destroy();
  });

  it('a body that is too large is refused without being asked for', async () => {
    const answer = await exchange(
      test.port,
      jsonHead(`Content-Length: ${limit + 1}`, 'Expect: 100-continue'),
    );
    expect([answer.status, answer.body]).toEqual([413, tooLarge]);
  });

  it('a wrong path is refused without asking for the body', async () => {
    const answer = await exchange(
      test.port,
      'POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n',
    );
    expect(answer.status).toBe(404);
  });

  it('is not answered on HTTP/1.0, which knows no interim answers', async () => {
    const request = jsonHead(`Content-Length: ${body.length}`, 'Expect: 100-continue').replace(
      'HTTP/1.1',
      'HTTP/1.0',
    );
    expect((await exchange(test.port, request, body)).status).toBe(200);
  });

  it('any other expectation is refused with 417', async () => {
    const answer = await exchange(
      test.port,
      jsonHead(`Content-Length: ${body.length}`, 'Expect: a miracle'),
      body,
    );
    expect([answer.status, answer.body]).toEqual([
      417,
      '{"code":3,"message":"invalid request: expectation not supported","data":{}}',
    ]);
  });
});
