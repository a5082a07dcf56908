import { expect, it, vi } from 'vitest';
import { appid, appOf, pairOf, secretId, signature } from './support/accounts.ts';
import { jsonBodyOf, jsonHead } from './support/json-call.ts';
import { exchange, open, type RawConnection } from './support/raw.ts';
import { startTestServer } from './support/server.ts';

/* Callers who send large bodies and never end them, against a service that has memory for a few of them. */

const MiB = 1024 * 1024;
const honest = jsonBodyOf(0);

it('bodies that fill the memory are refused, the longest under way first; honest calls go through all the while', async () => {
  const test = await startTestServer({ maxBodies: 8 * MiB });
  const slow: RawConnection[] = [];
  try {
    for (let at = 0; at < 24; at++) {
      const one = open(test.port);
      one.write(jsonHead(`Content-Length: ${3 * MiB}`), Buffer.alloc(2 * MiB, 0x20));
      slow.push(one);
      expect(
        (await exchange(test.port, jsonHead(`Content-Length: ${honest.length}`), honest)).json.code,
      ).toBe(0);
    }
    const refused = await Promise.all(slow.slice(0, 20).map((one) => one.next()));
    for (const { status, json, headers } of refused) {
      expect([status, json.code, headers['retry-after']]).toEqual([503, -5802, '1']);
    }
    expect(test.bodies.held).toBeLessThanOrEqual(8 * MiB);
    const lines = test.lines.filter(({ reason }) => reason === 'body_memory' || reason === 'body_share');
    expect(lines.length).toBeGreaterThanOrEqual(refused.length);
  } finally {
    for (const one of slow) one.destroy();
    await vi.waitFor(() => expect(test.bodies.held).toBe(0), { timeout: 60_000 });
    await test.stop();
  }
});

it('an app with many large bodies, whole or not, does not keep a quiet one from being served', async () => {
  const [greedy, quiet] = ['1000001', '1000002'];
  const test = await startTestServer({
    apps: [appOf(greedy), appOf(quiet)],
    pairs: [pairOf(secretId, greedy), pairOf('AKIDquiet', quiet)],
    maxBodies: 24 * MiB,
  });
  const started: RawConnection[] = [];
  let go = () => {};
  const waiting = new Promise<void>((resolve) => {
    go = resolve;
  });
  const { answer } = test.judge;
  test.judge.answer = async (picture, options) => {
    if (options.app === greedy) await waiting;
    return answer(picture, options);
  };
  const callOf = (app: string, id: string, bytes: number) => {
    const content = Buffer.from(jsonBodyOf(bytes).toString().replace(appid, app));
    const head = jsonHead(`Content-Length: ${content.length}`).replace(
      /Authorization: .*/,
      `Authorization: ${signature({ a: app, k: id })}`,
    );
    return [head, content] as const;
  };
  try {
    for (let at = 0; at < 20; at++) {
      const one = open(test.port, { from: '127.0.0.2' });
      one.write(...callOf(greedy, secretId, 2 * MiB));
      const slow = open(test.port, { from: '127.0.0.2' });
      const [head, content] = callOf(greedy, secretId, 2 * MiB);
      slow.write(head, content.subarray(0, MiB));
      started.push(one, slow);
    }
    await vi.waitFor(() => expect(test.bodies.held).toBeGreaterThan(12 * MiB), { timeout: 60_000 });
    for (let at = 0; at < 20; at++) {
      const answer = await exchange(test.port, ...callOf(quiet, 'AKIDquiet', 300_000));
      expect(answer.json.code).toBe(0);
    }
    expect(test.bodies.held).toBeLessThanOrEqual(24 * MiB);
  } finally {
    go();
    for (const one of started) one.destroy();
    await test.stop();
  }
});

it('thousands that announce a large body and send one byte hold next to nothing', async () => {
  const test = await startTestServer();
  const slow: RawConnection[] = [];
  try {
    for (let at = 0; at < 300; at++) {
      const one = open(test.port);
      one.write(
        jsonHead(at % 2 === 0 ? `Content-Length: ${6 * MiB}` : 'Transfer-Encoding: chunked'),
        at % 2 === 0 ? '{' : '1\r\n{\r\n',
      );
      slow.push(one);
    }
    await vi.waitFor(() => expect(test.bodies.held).toBe(300 * 16 * 1024), { timeout: 60_000 });
  } finally {
    for (const one of slow) one.destroy();
    await vi.waitFor(() => expect(test.bodies.held).toBe(0), { timeout: 60_000 });
    await test.stop();
  }
});

it('a body that waits for its answer keeps its memory to itself, however many others come and go', async () => {
  const test = await startTestServer({ maxBodies: 8 * MiB });
  let answer = () => {};
  const asked = new Promise<void>((resolve) => {
    const inner = test.judge.answer;
    test.judge.answer = async (picture, options) => {
      if (picture.length > 100_000) {
        resolve();
        await new Promise<void>((go) => {
          answer = go;
        });
        // The copy was made when the picture came; the service's own bytes must still be the same.
        expect(test.judge.given.at(0)?.every((byte) => byte === 7)).toBe(true);
      }
      return inner(picture, options);
    };
  });
  const form = (picture: Buffer) =>
    Buffer.concat([
      Buffer.from(
        `--b\r\nContent-Disposition: form-data; name="appid"\r\n\r\n${appid}\r\n--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n`,
      ),
      picture,
      Buffer.from('\r\n--b--\r\n'),
    ]);
  const call = (picture: Buffer) => {
    const body = form(picture);
    const start = jsonHead(`Content-Length: ${body.length}`).replace(
      'application/json',
      'multipart/form-data; boundary=b',
    );
    return exchange(test.port, start, body);
  };
  try {
    const large = call(Buffer.alloc(120_000, 7));
    await asked;
    for (let at = 0; at < 40; at++) expect((await call(Buffer.alloc(90_000, 9))).json.code).toBe(0);
    answer();
    expect((await large).json.code).toBe(0);
    expect(test.bodies.held).toBe(0);
  } finally {
    await test.stop();
  }
});
