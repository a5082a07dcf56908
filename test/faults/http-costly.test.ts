import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signature } from '../contract/support/accounts.ts';
import { post } from '../contract/support/raw.ts';
import { appid, pair, startV1Test, type V1Test } from '../v1/support.ts';
import { authorization, body, callersOf, good, image, json } from './support/callers.ts';

/* Whole requests whose bodies are made to cost much, to both APIs on a real store. */

let test: V1Test;
beforeAll(async () => {
  // With the times of every day: on a busy machine 6 MiB may take a while to arrive.
  test = await startV1Test();
});
afterAll(() => test.stop());

const { ask, v1 } = callersOf(() => test);

describe('bodies made to cost much', () => {
  const deepList = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const deepObject = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
  const part = (name: string, text: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
  const multipart = 'Content-Type: multipart/form-data; boundary=x';
  const parts = (count: number, between: string) =>
    `${part('appid', appid)}${between.repeat(count)}${part('image', 'abc')}--x--\r\n`;

  it.each([
    ['a deep list beside the picture', `{"image":"${image}","x":${deepList}}`],
    ['a deep list for a picture', `{"image":${deepList}}`],
    ['a deep object for a picture', `{"image":${deepObject}}`],
    ['a deep list for a url', `{"url":${deepList}}`],
    ['a deep list and nothing else', deepList],
    ['half a million members', `{${Array.from({ length: 500_000 }, (_, at) => `"k${at}":0`).join(',')}}`],
    ['a picture in the prototype', `{"__proto__":{"image":"${image}"}}`],
    ['a constructor', `{"constructor":{"prototype":{"image":"${image}"}}}`],
  ])('v1: %s is refused as a request of the wrong form', async (_name, content) => {
    const answer = await ask(v1(content));
    expect([answer.status, answer.headers['content-type']]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
    ]);
    expect(test.lines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  it.each([
    ['a deep object for a picture', `"image":${deepObject}`, 21],
    ['a deep list for a url', `"url":${deepList}`, 21],
    [
      'half a million members',
      `"image":"${image}",${Array.from({ length: 500_000 }, (_, at) => `"k${at}":0`).join(',')}`,
      3,
    ],
    ['a picture in the prototype', `"__proto__":{"image":"${image}"}`, -5805],
    ['a null byte in the picture', '"image":"YWJj\\u0000"', 21],
    ['a null byte in the url', '"url":"http://a\\u0000.example/"', 21],
    ['a repeated picture: the last one counts', `"image":"!","image":"${image}"`, 0],
  ])('the old call: %s', async (_name, members, code) => {
    const answer = await ask(post([json, authorization()], `{"appid":"${appid}",${members}}`));
    expect(answer.json.code).toBe(code);
  });

  it.each([
    ['five thousand parts', parts(5000, part('y', ''))],
    ['a hundred thousand empty parts', parts(100_000, part('y', ''))],
    ['a million lines that begin like a delimiter', parts(850_000, '\r\n--xy')],
  ])('%s are refused, by both calls', async (_name, content) => {
    const old = await ask(post([multipart, authorization()], content));
    expect([old.status, old.json.code]).toEqual([400, 3]);
    expect((await ask(v1(content, multipart))).status).toBe(400);
  });

  it('a long part that is no form data is skipped, and the request answered, by both calls', async () => {
    const attachment = `--x\r\nContent-Disposition: attachment; name="y"\r\n\r\n${'z'.repeat(500_000)}\r\n`;
    const content = (first: string) => `${first}${attachment}${part('image', 'a picture')}--x--\r\n`;
    const old = await ask(post([multipart, authorization()], content(part('appid', appid))));
    expect([old.status, old.json.code]).toEqual([200, 0]);
    expect((await ask(v1(content(''), multipart))).status).toBe(200);
  });

  it.each(['a', 'k', 'b', 'f'] as const)('a null byte in field %s of a signature', async (field) => {
    const text = signature({ k: pair.secretId, [field]: '1\0' });
    const answer = await ask(post([json, `Authorization: ${text}`], body));
    expect([0, 10, 11, 6]).toContain(answer.json.code);
  });

  it('keeps memory within bounds: what two hundred such bodies took is given back', {
    timeout: 240_000,
  }, async () => {
    const bodies = [
      post([multipart, authorization()], parts(20_000, part('y', ''))),
      v1(`{"image":${deepList}}`),
    ];
    const round = async () => {
      for (let count = 0; count < 50; count++) await Promise.all(bodies.map((one) => ask(one)));
    };
    await round();
    const before = process.memoryUsage().rss;
    await round();
    const grown = (process.memoryUsage().rss - before) / 1024 ** 2;
    // Each round sends 60 MiB; a quarter kept of it would be a leak.
    expect(grown).toBeLessThan(150);
    expect((await ask(good())).json.code).toBe(0);
  });
});
