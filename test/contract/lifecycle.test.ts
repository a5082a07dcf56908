import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import type { Judgement } from '../../src/liveness/types.ts';
import { appid, appOf, pairOf, secretId, signature } from './support/accounts.ts';
import { judgementOf } from './support/judge.ts';
import { exchange, open, post } from './support/raw.ts';
import { startTestServer, type TestServer } from './support/server.ts';

const bodyOf = (text: string) => `{"appid":"${appid}","image":"${Buffer.from(text).toString('base64')}"}`;
const requestOf = (text: string, ...headers: string[]) =>
  post(['Content-Type: application/json', `Authorization: ${signature()}`, ...headers], bodyOf(text));

/** Lets the judge wait until the test says so. */
function holdJudge(test: TestServer): { release: () => void; waiting: () => number } {
  let waiting = 0;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  test.judge.answer = async (): Promise<Judgement> => {
    waiting++;
    await held;
    return judgementOf();
  };
  return { release, waiting: () => waiting };
}

describe('many requests at once', () => {
  it('each gets the answer to its own picture', async () => {
    const test = await startTestServer();
    test.judge.answer = async (picture) => {
      const score = Number(picture.toString());
      // The later ones are done first.
      await new Promise((resolve) => setTimeout(resolve, 100 - score));
      return judgementOf({ rawScore: score });
    };
    const scores = Array.from({ length: 100 }, (_, at) => at);
    const answers = await Promise.all(
      scores.map(async (score) => (await exchange(test.port, requestOf(String(score)))).json.data),
    );
    expect(answers).toEqual(scores.map((score) => ({ score })));
    expect(test.ledger.rows).toHaveLength(100);
    await test.stop();
  });

  it("an app's places are given back, whatever comes of the request", async () => {
    const limits = { requestsPerSecond: null, burst: null, concurrent: 1, daily: null };
    const test = await startTestServer({
      apps: [appOf(appid, { limits })],
      pairs: [pairOf(secretId, appid)],
    });
    const held = holdJudge(test);
    const first = exchange(test.port, requestOf('a'));
    await expect.poll(held.waiting).toBe(1);
    const second = await exchange(test.port, requestOf('b'));
    expect([second.status, second.json.code, second.headers['retry-after']]).toEqual([429, 15, '1']);
    held.release();
    expect((await first).json.code).toBe(0);
    for (const fault of [
      new Fault('picture_unreadable', 'unsupported', 'x'),
      new Error('x'),
      new Fault('busy', 'queue_full', 'x'),
    ]) {
      test.judge.answer = () => {
        throw fault;
      };
      expect((await exchange(test.port, requestOf('c'))).json.code).not.toBe(15);
    }
    await test.stop();
  });

  it('a caller that goes away frees its place, and its picture is given up while it waits', async () => {
    const test = await startTestServer();
    let aborted = false;
    test.judge.answer = (_picture, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason);
        });
      });
    const connection = open(test.port);
    connection.write(requestOf('a', 'X-Request-Id: left'));
    await expect.poll(() => test.judge.pictures.length).toBe(1);
    connection.destroy();
    await expect.poll(() => test.server.running).toBe(0);
    expect(aborted).toBe(true);
    expect(test.lines).toMatchObject([{ event: 'aborted', requestId: 'left' }]);
    await test.stop();
  });
});

describe('drain', () => {
  it('finishes what runs, takes nothing new, then ends', async () => {
    const test = await startTestServer();
    const held = holdJudge(test);
    const running = open(test.port);
    running.write(requestOf('a'));
    const idle = open(test.port);
    idle.write(requestOf('b'));
    await expect.poll(held.waiting).toBe(2);

    const drained = test.server.drain(10_000);
    await expect(exchange(test.port, requestOf('c'))).rejects.toThrow();
    held.release();
    for (const connection of [running, idle]) {
      const answer = await connection.next();
      expect([answer.json.code, answer.headers.connection]).toEqual([0, 'close']);
      await connection.closed();
    }
    expect(await drained).toEqual({ cutOff: 0 });
    expect(test.ledger.rows).toHaveLength(2);
  });

  it('closes connections that were opened and never used, and those that are idle', async () => {
    const test = await startTestServer();
    const unused = open(test.port);
    const idle = open(test.port);
    idle.write(requestOf('a'));
    await idle.next();
    expect(await test.server.drain(60_000)).toEqual({ cutOff: 0 });
    await Promise.all([unused.closed(), idle.closed()]);
  });

  it('answers a request that arrives on an open connection with 503 and Retry-After', async () => {
    const test = await startTestServer();
    const held = holdJudge(test);
    const running = open(test.port);
    running.write(requestOf('a'));
    await expect.poll(held.waiting).toBe(1);
    const accepted = once(test.server.http, 'connection') as Promise<[Socket]>;
    const late = open(test.port);
    late.write('POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\n');
    const [socket] = await accepted;
    await expect.poll(() => socket.bytesRead).toBeGreaterThan(0);
    const drained = test.server.drain(10_000);
    late.write('Content-Length: 0\r\n\r\n');
    const answer = await late.next();
    expect([answer.status, answer.body, answer.headers['retry-after'], answer.headers.connection]).toEqual([
      503,
      '{"code":-5802,"message":"server busy","data":{}}',
      '1',
      'close',
    ]);
    held.release();
    await drained;
    await running.next();
  });

  it('cuts off what does not end in time, and says how much', async () => {
    const test = await startTestServer();
    const held = holdJudge(test);
    const running = open(test.port);
    running.write(requestOf('a'));
    await expect.poll(held.waiting).toBe(1);
    expect(await test.server.drain(100)).toEqual({ cutOff: 1 });
    await running.closed();
    held.release();
  });

  it('is not held up by half a request', async () => {
    const test = await startTestServer();
    const accepted = once(test.server.http, 'connection') as Promise<[Socket]>;
    const half = open(test.port);
    half.write('POST /face/livedetectpicture HTTP/1.1\r\nHo');
    const [socket] = await accepted;
    await expect.poll(() => socket.bytesRead).toBeGreaterThan(0);
    await test.server.drain(60_000);
    await half.closed();
  });
});
