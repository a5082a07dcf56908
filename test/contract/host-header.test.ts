import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAdminServer } from '../../src/wire/admin/server.ts';
import { startV1Test, type V1Test } from '../v1/support.ts';
import { open, type RawAnswer } from './support/raw.ts';

/* A request that names no host, several, or something that is none: somebody in front may have read another one. */

let test: V1Test;
let adminPort: number;
const admin = createAdminServer({}, pino({ level: 'silent' }));
beforeAll(async () => {
  test = await startV1Test();
  adminPort = await admin.listen('127.0.0.1', 0);
});
afterAll(async () => {
  await test.stop();
  await admin.close();
});

/** The first answer, and whether the connection is closed behind it without answering what was sent behind. */
async function only(port: number, first: string, body = ''): Promise<RawAnswer> {
  const connection = open(port);
  connection.write(`${first}\r\n\r\n${body}GET /v1/none HTTP/1.1\r\nHost: a\r\n\r\n`);
  const answer = await connection.next();
  expect(await connection.closed()).toBe('');
  return answer;
}

const wrong: readonly (readonly [string, string])[] = [
  ['two', 'HTTP/1.1\r\nHost: a\r\nHost: b'],
  ['the same twice', 'HTTP/1.1\r\nHost: a\r\nhOST: a'],
  ['two in HTTP/1.0', 'HTTP/1.0\r\nHost: a\r\nHost: b'],
  ['none', 'HTTP/1.1'],
  ['two in one header', 'HTTP/1.1\r\nHost: a, b'],
  ['one with a path', 'HTTP/1.1\r\nHost: a/b'],
  ['one with a user', 'HTTP/1.1\r\nHost: a@b'],
  ['one with bytes beyond ASCII', 'HTTP/1.1\r\nHost: ä'],
];

describe.each(wrong)('a host header: %s', (_name, rest) => {
  it('of the old call is answered with code 3, and nothing behind it is', async () => {
    const answer = await only(test.port, `POST /face/livedetectpicture ${rest}\r\nContent-Length: 2`, '{}');
    expect(answer).toMatchObject({ status: 400, json: { code: 3 }, headers: { connection: 'close' } });
    expect(answer.json.message).toContain('host header');
  });

  it('of v1 is answered with a problem, and nothing behind it is', async () => {
    const answer = await only(test.port, `GET /v1/openapi.json ${rest}`);
    expect(answer).toMatchObject({
      status: 400,
      json: { code: 'malformed_request' },
      headers: { connection: 'close', 'content-type': 'application/problem+json; charset=utf-8' },
    });
  });

  it('of the admin port is answered with code 3', async () => {
    expect(await only(adminPort, `GET /healthz ${rest}`)).toMatchObject({ status: 400, json: { code: 3 } });
  });
});

it.each(['a', 'a:80', '[::1]:80', 'xn--bcher-kva.example', 'a_b', '127.0.0.1:', ''])(
  'one host %j is taken',
  async (host) => {
    const connection = open(test.port);
    connection.write(`GET /v1/openapi.json HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect((await connection.next()).status).toBe(200);
    connection.destroy();
  },
);
