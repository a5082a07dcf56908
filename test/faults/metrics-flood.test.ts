import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/wire/metrics/metrics.ts';
import { appid, signature, signText } from '../contract/support/accounts.ts';
import { exchange } from '../contract/support/raw.ts';
import { startTestServer } from '../contract/support/server.ts';
import { parsePage, samplesOf } from '../support/prometheus-text.ts';
import { inProcess } from './support/in-process.ts';
import { seeded } from './support/seeded.ts';

/*
 * Every odd input carries a mark of its own. Whatever becomes of it, no mark may turn up on the page, no value of a label may have been
 * cut to `other` (so all come from closed lists), and the page does not grow with the number of inputs.
 */

const mark = 'zq7';
const metrics = createMetrics({
  version: '0.0.0',
  onTrouble: (error) => {
    throw error;
  },
});
afterAll(() => metrics.stop());

async function expectClean(): Promise<number> {
  const text = await metrics.text();
  expect(text.includes(mark)).toBe(false);
  const page = parsePage(text);
  for (const [name, { labels }] of page) {
    for (const [label, values] of labels) {
      expect([name, label, values.has('other')]).toEqual([name, label, false]);
    }
  }
  return [...samplesOf(page).keys()].filter((key) => !key.includes('_bucket')).length;
}

/** Text that a header may hold, with the mark in it. */
const odd = fc
  .tuple(fc.stringMatching(/^[ -~]{0,12}$/), fc.stringMatching(/^[ -~]{0,12}$/))
  .map(([before, after]) => `${before}${mark}${after}`);
const field = fc.option(fc.oneof(odd, fc.integer().map(String)), { nil: null });

const authorization = fc.oneof(
  odd,
  fc.constant(null).map(() => signature()),
  odd.map((text) => signText(text)),
  fc
    .record({ a: field, b: field, k: field, e: field, t: field, r: field, f: field }, { requiredKeys: [] })
    .map((change) => signature(change)),
);
const value = fc.oneof(
  odd,
  fc.constant(appid),
  fc.jsonValue(),
  odd.map((text) => `https://${text}/`),
);
const json = fc
  .record(
    {
      appid: fc.oneof({ weight: 3, arbitrary: fc.constant(appid) }, { weight: 1, arbitrary: value }),
      image: fc.oneof(fc.base64String({ minLength: 4 }), value),
      url: value,
      sign: value,
      [mark]: value,
    },
    { requiredKeys: ['appid'] },
  )
  .map((content) => JSON.stringify(content));
const part = fc
  .tuple(fc.constantFrom('appid', 'image', 'url', mark), odd)
  .map(([name, text]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n--x--\r\n`);
const sent = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('application/json'), json) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('multipart/form-data; boundary=x'), part) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('image/jpeg'), odd) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.oneof(
        odd,
        odd.map((text) => `multipart/form-data; boundary=${text}`),
      ),
      odd,
    ),
  },
);
const key = fc.option(odd, { nil: undefined });

describe('a flood of odd input', () => {
  it('leaves no trace in labels: bodies, signatures and headers through the handlers of both APIs', async () => {
    const service = inProcess(metrics.observer);
    const random = seeded(1);
    const flood = (numRuns: number, seed: number) =>
      fc.assert(
        fc.asyncProperty(authorization, sent, key, async (sign, [type, content], once) => {
          const again = once === undefined ? {} : { 'idempotency-key': once };
          const headers = { authorization: sign, 'content-type': type, ...again };
          const request = { headers, body: Buffer.from(content) };
          await service.legacy(request, random);
          await service.v1(request, random);
        }),
        { numRuns, seed },
      );
    await flood(1500, 20_261_123);
    const series = await expectClean();
    expect(series).toBeLessThan(150);
    await flood(1500, 20_261_124);
    // Another so many may meet a reason that the first did not; they cannot add one each.
    expect((await expectClean()) - series).toBeLessThan(10);
  });

  it('leaves no trace in labels: methods, paths and what is no HTTP, over sockets', async () => {
    const server = await startTestServer({ observer: metrics.observer });
    try {
      const before = await expectClean();
      const line = fc.oneof(
        odd.map((text) => `GET /${encodeURIComponent(text)} HTTP/1.1\r\nHost: a\r\n`),
        odd.map((text) => `GET /face/livedetectpicture?${text} HTTP/1.1\r\nHost: ${text}\r\n`),
        fc
          .constantFrom('PUT', 'BREW', 'zq7', 'PURGE')
          .map((method) => `${method} /${mark} HTTP/1.1\r\nHost: a\r\n`),
        odd.map((text) => `POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nExpect: ${text}\r\n`),
        odd,
      );
      await fc.assert(
        fc.asyncProperty(line, async (start) => {
          const { status } = await exchange(server.port, `${start}\r\n\r\n\r\n`);
          expect(status).toBeGreaterThanOrEqual(400);
        }),
        { numRuns: 200, seed: 20_261_123 },
      );
      expect((await expectClean()) - before).toBeLessThan(15);
    } finally {
      await server.stop();
    }
  });
});
