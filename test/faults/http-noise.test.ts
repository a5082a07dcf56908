import { afterAll, beforeAll, expect, it } from 'vitest';
import { appid, signature } from '../contract/support/accounts.ts';
import { exchange, open, post } from '../contract/support/raw.ts';
import { startTestServer, type TestServer } from '../contract/support/server.ts';

/*
 * Requests with a few bytes changed, cut, doubled or swapped at random, by a seed: each is answered in the envelope with a code of
 * the contract or not at all, none is answered as our own failure, and the server is as well afterwards as before.
 */

const cases = 1500;
const seed = Number(process.env.NOISE_SEED ?? 20_261_123);

let test: TestServer;
beforeAll(async () => {
  test = await startTestServer({
    transport: { headersTimeout: 150, requestTimeout: 200, checkInterval: 20, maxHeaderBytes: 8192 },
  });
});
afterAll(() => test.stop());

/** Mulberry32: small, seeded, good enough to choose bytes with. */
function randomOf(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const image = Buffer.from('a picture of nothing in particular').toString('base64');
const parts = [
  '--xyz\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n\xff\xd8\xff\r\n',
  `--xyz\r\nContent-Disposition: form-data; name="appid"\r\n\r\n${appid}\r\n--xyz--\r\n`,
];
const whole = () => [
  post(
    ['Content-Type: application/json', `Authorization: ${signature()}`],
    `{"appid":"${appid}","image":"${image}"}`,
  ),
  post(
    ['Content-Type: multipart/form-data; boundary=xyz', `Authorization: ${signature()}`],
    Buffer.from(parts.join(''), 'latin1'),
  ),
  Buffer.from(
    `POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n` +
      `Authorization: ${signature()}\r\n\r\n1e\r\n{"appid":"${appid}","image":"\r\n6\r\naaaa"}\r\n0\r\n\r\n`,
  ),
];

function spoil(request: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(request);
  for (let change = 0; change <= random(3); change++) {
    const at = random(bytes.length);
    const length = 1 + random(12);
    switch (random(5)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from('\r\n'), bytes.subarray(at)]);
        break;
      default:
        bytes = bytes.subarray(0, Math.max(1, at));
    }
    if (bytes.length === 0) bytes = Buffer.from('\0');
  }
  return bytes;
}

const sent = new Set([0, 3, 4, 5, 6, 9, 10, 11, 12, 14, 16, 21, 23, -5805]);

it(`${cases} spoilt requests (seed ${seed})`, { timeout: 300_000 }, async () => {
  const random = randomOf(seed);
  const counts = new Map<string, number>();
  const one = async (request: Buffer) => {
    const connection = open(test.port);
    connection.write(request);
    const answer = await connection.next().catch(() => null);
    connection.destroy();
    const kind = answer === null ? 'no answer' : `${answer.status} ${answer.json.code}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    if (answer === null) throw new Error(`no answer to ${JSON.stringify(request.toString('latin1'))}`);
    expect(Object.keys(answer.json)).toEqual(['code', 'message', 'data']);
    expect(sent).toContain(answer.json.code);
    expect(answer.headers['x-request-id']).toBeDefined();
  };
  for (let done = 0; done < cases; done += 150) {
    const batch = Array.from({ length: 150 }, () => {
      const requests = whole();
      return spoil(requests[random(requests.length)] as Buffer, random);
    });
    await Promise.all(batch.map(one));
  }
  console.log(`${cases} spoilt requests: ${JSON.stringify(Object.fromEntries([...counts].sort()))}`);
  expect(test.lines.filter(({ event }) => event === 'unexpected')).toEqual([]);
  await expect.poll(() => test.server.running).toBe(0);
  // With these times an honest call may be late on a busy machine, but not every time.
  await expect.poll(async () => (await exchange(test.port, whole()[0] as Buffer)).json.code).toBe(0);
});
