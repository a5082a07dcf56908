import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post } from '../contract/support/raw.ts';
import { startV1Test, type V1Test } from '../v1/support.ts';
import { answersOf, authorization, body, callersOf, good, head, json } from './support/callers.ts';

/* Some clients offer HTTP/2 with their first request. Node's parser stops behind such a request and drops what came with it. */

let test: V1Test;
beforeAll(async () => {
  // Idle connections stay open for a minute: what closes here was closed by its answer.
  test = await startV1Test();
});
afterAll(() => test.stop());
const { connected } = callersOf(() => test);

describe('an offer to speak something else', () => {
  const offer = [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  ];
  const offering = () => post([json, authorization(), ...offer], body);

  it('is passed over: the request is answered, and the connection closed', async () => {
    const connection = connected();
    connection.write(offering());
    const [answer, ...more] = await answersOf(connection);
    expect([answer?.json.code, answer?.headers.connection, more]).toEqual([0, 'close', []]);
  });

  it.each([
    ['a good one', () => [good()]],
    ['several', () => [good(), good(), good()]],
    ['another offer', () => [offering(), good()]],
    ['one that is cut in two', () => [good().subarray(0, 30), good().subarray(30)]],
    ['the end of one', () => [good().subarray(5)]],
    ['bytes that are no request', () => ['\0\0\0']],
  ])('what stands behind it is neither worked on nor left hanging: %s', async (_name, behind) => {
    for (const apart of [false, true]) {
      const before = test.judge.pictures.length;
      const connection = connected();
      connection.socket.setNoDelay(true);
      const pieces = [offering(), ...behind()].map((piece) => Buffer.from(piece));
      if (!apart) connection.write(Buffer.concat(pieces));
      for (const piece of apart ? pieces : []) {
        connection.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const answers = await answersOf(connection);
      expect(answers.map(({ json, headers }) => [json.code, headers.connection])).toEqual([[0, 'close']]);
      expect(test.judge.pictures.length).toBe(before + 1);
    }
  });

  it.each([
    ['behind a request without one', () => [good(), offering()], [0, 0]],
    [
      'without a body, on a path that is none',
      () => [`GET / HTTP/1.1\r\nHost: a\r\n${offer.join('\r\n')}\r\n\r\n`],
      [3],
    ],
    [
      'on a path that cannot be read',
      () => [`GET /%ff HTTP/1.1\r\nHost: a\r\n${offer.join('\r\n')}\r\n\r\n`],
      [3],
    ],
    ['with an expectation', () => [head('Expect: x', ...offer)], [3]],
  ] as [string, () => (string | Buffer)[], number[]][])(
    '%s: all are answered, then it is closed',
    async (_name, requests, codes) => {
      const connection = connected();
      connection.write(Buffer.concat([...requests(), good()].map((piece) => Buffer.from(piece))));
      expect((await answersOf(connection)).map(({ json: { code } }) => code)).toEqual(codes);
    },
  );
});
