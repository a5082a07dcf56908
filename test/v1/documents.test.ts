import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLE_ANSWER } from '../../src/wire/v1/example.ts';
import { openApiDocument } from '../../src/wire/v1/openapi.ts';
import { PROBLEM_KINDS } from '../../src/wire/v1/problem-catalogue.ts';
import {
  livenessSchema,
  type OperatingPointsBody,
  operatingPointsSchema,
} from '../../src/wire/v1/schemas.ts';
import { appid, startV1Test, type V1Test, version } from './support.ts';

let test: V1Test;
beforeAll(async () => {
  test = await startV1Test();
});
afterAll(() => test.stop());

describe('the OpenAPI document', () => {
  const file = JSON.parse(
    readFileSync(new URL('../../docs/reference/openapi.json', import.meta.url), 'utf8'),
  ) as {
    info: { version: string };
  };
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };

  it('in docs is that of the running server, and of this version', async () => {
    const served = (await (await fetch(`${test.url}/v1/openapi.json`)).json()) as typeof file;
    expect(served.info.version).toBe(version);
    expect({ ...served, info: { ...served.info, version: manifest.version } }).toEqual(file);
  });

  it('refers only to what it holds', () => {
    const document = openApiDocument('1');
    const text = JSON.stringify(document);
    const references = new Set(
      Array.from(text.matchAll(/"\$ref":"#\/components\/(\w+)\/([\w-]+)"/g), (m) => [m[1], m[2]].join()),
    );
    expect(references.size).toBeGreaterThan(10);
    for (const one of references) {
      const [kind = '', name = ''] = one.split(',');
      expect(document.components[kind as 'schemas']).toHaveProperty([name]);
    }
    expect(text.match(/"\$ref":"(?!#\/components\/)/)).toBeNull();
  });

  it('names every path that is served, with its scope', async () => {
    const { paths } = openApiDocument('1');
    expect(Object.keys(paths)).toEqual([
      '/v1/liveness',
      '/v1/operating-points',
      '/v1/batches',
      '/v1/batches/{batchId}',
      '/v1/batches/{batchId}/results',
      '/v1/batches/{batchId}/cancel',
      '/v1/batches/{batchId}/pause',
      '/v1/batches/{batchId}/resume',
      '/v1/sessions',
      '/v1/sessions/{sessionId}',
      '/v1/sessions/{sessionId}/cancel',
      '/v1/sessions/{sessionId}/start',
      '/v1/sessions/{sessionId}/stills',
      '/v1/openapi.json',
      '/v1/reference',
    ]);
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const response = await fetch(
          test.url + path.replace('{batchId}', randomUUID()).replace('{sessionId}', `ses_${'A'.repeat(22)}`),
          {
            method: method.toUpperCase(),
          },
        );
        const open = JSON.stringify(operation.security) === '[]';
        expect([path, response.status]).toEqual([path, open ? 200 : 401]);
      }
    }
  });

  it('gives an example that fits its schema', () => {
    expect(Check(livenessSchema, EXAMPLE_ANSWER)).toBe(true);
  });

  it('tells every problem of every operation', () => {
    const text = JSON.stringify(openApiDocument('1').paths);
    const silent = Object.keys(PROBLEM_KINDS).filter((code) => !text.includes(`${code}: `));
    expect(silent).toEqual([]);
  });
});

describe('the reference page', () => {
  it('is one page without scripts that asks for nothing outside', async () => {
    const response = await fetch(`${test.url}/v1/reference`);
    const page = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page).not.toMatch(/<(?:script|link|img|iframe|object)\b|\bsrc=|@import|url\(/i);
    const links = Array.from(page.matchAll(/href="([^"]*)"/g), (m) => m[1] ?? '');
    expect(links.filter((link) => !link.startsWith('#') && link !== '/v1/openapi.json')).toEqual([]);
  });

  it('has every place that a link of it or a problem leads to', async () => {
    const page = await (await fetch(`${test.url}/v1/reference`)).text();
    const wanted = new Set(Array.from(page.matchAll(/href="#([^"]*)"/g), (m) => m[1]));
    for (const code of Object.keys(PROBLEM_KINDS)) wanted.add(`problem-${code.replaceAll('_', '-')}`);
    expect([...wanted].filter((id) => !page.includes(`id="${id}"`))).toEqual([]);
  });

  it('leaves no line among the decisions in the log', async () => {
    test.lines.length = 0;
    await fetch(`${test.url}/v1/reference`);
    await fetch(`${test.url}/v1/nothing`);
    await fetch(`${test.url}/v1/operating-points`);
    expect(test.lines.map((line) => [line.event, line.reason])).toEqual([['decision', 'api_key_missing']]);
  });

  it('answers HEAD like GET, without the page', async () => {
    const response = await fetch(`${test.url}/v1/reference`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('the operating points', () => {
  const get = async () => {
    const headers = { authorization: `Bearer ${test.apiKey}` };
    const response = await fetch(`${test.url}/v1/operating-points`, { headers });
    const body: unknown = await response.json();
    expect(Check(operatingPointsSchema, body)).toBe(true);
    return body as OperatingPointsBody;
  };

  it("say the app's threshold and profile", async () => {
    expect(await get()).toMatchObject({ threshold: 87, profile: 'careful' });
    await test.store.accounts.setPolicy(appid, { threshold: 94, profile: 'fast' });
    expect(await get()).toMatchObject({ threshold: 94, profile: 'fast' });
  });

  it('trade one error for the other as the threshold rises', async () => {
    const table = (await get()).tables.find(({ profile }) => profile === 'single');
    const points = table?.points.filter((one) => !one.qualityGate) ?? [];
    expect(points.length).toBeGreaterThan(3);
    for (const [i, one] of points.entries()) {
      const before = points[i - 1];
      if (before === undefined) continue;
      expect(one.threshold).toBeGreaterThan(before.threshold);
      expect(one.apcer.rate).toBeLessThan(before.apcer.rate);
      expect(one.bpcer.rate).toBeGreaterThan(before.bpcer.rate);
    }
  });

  it('are those of docs/understand/accuracy.md', async () => {
    const text = readFileSync(new URL('../../docs/understand/accuracy.md', import.meta.url), 'utf8');
    for (const { profile, points } of (await get()).tables) {
      const at87 = points.filter((one) => one.threshold === 87);
      const percent = (rate: number) => (100 * rate).toFixed(1);
      for (const { apcer, bpcer } of at87) {
        const row = text.split('\n').find((line) => line.startsWith(`| \`${profile}\``));
        expect(row).toContain(`${percent(apcer.rate)} / ${percent(bpcer.rate)} %`);
      }
    }
    const bins = (name: string) =>
      text
        .split('\n')
        .find((line) => line.startsWith(`| ${name} |`))
        ?.match(/[\d.]+(?= %)/g)
        ?.map(Number) ?? [];
    const above = (name: string, from: number) =>
      bins(name)
        .slice(from)
        .reduce((sum, share) => sum + share, 0);
    const single = (await get()).tables.find(({ profile }) => profile === 'single')?.points ?? [];
    for (const [threshold, from] of [
      [0, 1],
      [49, 2],
      [94, 4],
      [99, 5],
    ] as const) {
      const one = single.find((point) => point.threshold === threshold);
      expect(one?.apcer.rate).toBeCloseTo(above('attacks', from) / 100, 6);
      expect(one?.bpcer.rate).toBeCloseTo(
        bins('bona fide')
          .slice(0, from)
          .reduce((a, b) => a + b, 0) / 100,
        6,
      );
    }
  });
});
