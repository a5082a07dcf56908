import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { LEGACY_PATH } from '../../src/wire/legacy/face.ts';
import { appid, appOf, pairOf, secretId, signature, signText } from './support/accounts.ts';
import { judgementOf } from './support/judge.ts';
import { exchange, type RawAnswer } from './support/raw.ts';
import { bothAtOnce, limited, outcomes, type Parts, type Row, rows, suspended } from './support/rows.ts';
import { startTestServer, type TestServer } from './support/server.ts';

/*
 * Section 4 of the contract, row by row. Each fault alone must give its row's answer; and with the fault of any later row
 * in the same request, the earlier row must still be the one that answers.
 */

const good = Buffer.from('a picture').toString('base64');
let test: TestServer;

beforeAll(async () => {
  test = await startTestServer({
    apps: [
      appOf(appid),
      appOf('1000002', { buckets: ['theirs'] }),
      appOf(suspended.a, { state: 'suspended' }),
      appOf('1000004', { buckets: ['ours'] }),
      appOf(limited.a, {
        limits: { requestsPerSecond: null, burst: null, concurrent: 0, daily: null },
      }),
    ],
    pairs: [
      pairOf(secretId, appid),
      pairOf('AKIDother', '1000002'),
      pairOf('AKIDdisabled', appid, { enabled: false }),
      pairOf(suspended.k, suspended.a),
      pairOf('AKIDbuckets', '1000004'),
      pairOf(limited.k, limited.a),
    ],
    downloader: {
      async download(url) {
        if (url.pathname === '/private')
          throw new Fault('download_refused', 'private_address', '10.0.0.1 is private');
        return Uint8Array.from([1, 2, 3]);
      },
    },
  });
  // Used once here, so that its row finds it used.
  await send(rows.find((row) => row.code === 13)!.fault);
});
afterAll(() => test.stop());
afterEach(() => reset());

function reset(): void {
  test.judge.full = null;
  test.judge.answer = () => judgementOf();
  test.ledger.fail = null;
  test.memory.broken = null;
}

async function send(parts: Parts): Promise<RawAnswer> {
  parts.prepare?.(test);
  const content = {
    ...('appid' in parts ? (parts.appid === null ? {} : { appid: parts.appid }) : { appid }),
    ...('image' in parts ? { image: parts.image } : { image: good }),
    ...('url' in parts ? { url: parts.url } : {}),
  };
  const body = Buffer.from(parts.body ?? JSON.stringify(content));
  const sign = parts.sign === undefined ? signature() : parts.sign;
  const head = [
    `POST ${LEGACY_PATH} HTTP/1.1`,
    'Host: a',
    `Content-Type: ${parts.type ?? 'application/json'}`,
    `Content-Length: ${body.length}`,
    ...(sign === null ? [] : [`Authorization: ${sign}`]),
  ];
  const answer = await exchange(test.port, `${head.join('\r\n')}\r\n\r\n`, body);
  reset();
  return answer;
}

function expectRow(answer: RawAnswer, row: Row): void {
  const { code, message, http, data } = row;
  expect([answer.status, answer.body]).toEqual([http, JSON.stringify({ code, message, data })]);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  for (const name of ['retry-after', 'x-liveness-reason']) {
    expect([name, answer.headers[name]]).toEqual([name, row.headers[name]]);
  }
}

describe('each row of the table', () => {
  it.each([...rows, ...outcomes])('$code $name', async (row) => expectRow(await send(row.fault), row));
});

/** Both faults in one request, or null where one request cannot hold both. */
function together(first: Row, second: Row): Parts | null {
  const has = (row: Row, ...keys: (keyof Parts)[]) => keys.some((key) => key in row.fault);
  const ofJudge = ['our own failure', 'not a picture', 'no face'];
  // A row with an appid and a signature of its own is another request once one of the two is another; see `bothAtOnce`.
  const whole = (row: Row) => has(row, 'appid') && has(row, 'sign');
  const clash =
    Object.keys(first.fault).some((key) => key !== 'prepare' && key in second.fault) ||
    (ofJudge.includes(first.name) && ofJudge.includes(second.name)) ||
    // Where a url is given the image is not looked at.
    (has(first, 'image') && has(second, 'url')) ||
    (has(first, 'url') && has(second, 'image')) ||
    (whole(first) && has(second, 'appid', 'sign')) ||
    (whole(second) && has(first, 'appid', 'sign'));
  if (clash) return null;
  const prepare = (server: TestServer) => {
    second.fault.prepare?.(server);
    first.fault.prepare?.(server);
  };
  return { ...second.fault, ...first.fault, prepare };
}

describe('two faults at once: the earlier row answers', () => {
  const faults = rows.filter((row) => row.code !== 0);
  const pairs = faults.flatMap((first, at) =>
    faults.slice(at + 1).flatMap((second) => {
      const both = together(first, second);
      return both === null ? [] : [{ first, second, both }];
    }),
  );

  it('covers hundreds of pairs', () => expect(pairs.length).toBeGreaterThan(500));

  it.each(pairs)('$first.code $first.name before $second.code $second.name', async ({ first, both }) => {
    expectRow(await send(both), first);
  });

  it.each(bothAtOnce)('%s: %i', async (_name, code, parts) => {
    expect((await send(parts)).json.code).toBe(code);
  });

  it('a single-use signature of a suspended app is not used up', async () => {
    const parts: Parts = { appid: suspended.a, sign: signature({ ...suspended, e: 0, f: 'x' }) };
    for (let time = 0; time < 2; time++) expect((await send(parts)).status).toBe(403);
  });
});

describe('what an answer never holds', () => {
  it('a stack, a path or a library name, whatever fails', async () => {
    for (const row of [...rows, ...outcomes]) {
      const answer = await send(row.fault);
      const text = JSON.stringify([answer.headers, answer.body]);
      expect(text).not.toMatch(/\/home|\.ts|\.js|node_modules|Error|fastify|FST_|HPE_|busboy/);
    }
  });

  it('the reason of a refused signature, which only the log has', async () => {
    test.lines.length = 0;
    const answer = await send({ sign: signText('a=1&k=2&e=3&t=4', 'wrong') });
    expect(JSON.stringify(answer)).not.toContain('appid_unknown');
    expect(test.lines).toMatchObject([
      { event: 'decision', code: 10, reason: 'appid_unknown', requestId: answer.headers['x-request-id'] },
    ]);
  });
});
