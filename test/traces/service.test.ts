import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { signature } from '../contract/support/accounts.ts';
import { makeApp, serve, withFolder } from '../contract/support/process.ts';
import { exchange, post } from '../contract/support/raw.ts';
import { groupPhoto } from '../support/pictures.ts';
import { childrenOf, type ReceivedSpan, startCollector } from './collector.ts';

/* The whole service as a process of its own, with a worker that judges, and a collector beside it. */

const src = fileURLToPath(new URL('../../src', import.meta.url));

describe('a service that makes traces', () => {
  it('sends the spans of a call, the worker included, before it ends', () =>
    withFolder(async (folder) => {
      const collector = await startCollector();
      const data = join(folder, 'data');
      const service = await serve(data, ['--workers', '1'], {
        LIVESTILL_PROFILE: 'fast',
        LIVESTILL_TRACES_ENDPOINT: new URL(collector.url).origin,
      });
      try {
        const app = await makeApp(data);
        const image = (await groupPhoto('sample1.jpg')).toString('base64');
        const sign = signature({ a: app.appid, k: app.secretId }, app.secretKey);
        const head = ['Content-Type: application/json', `Authorization: ${sign}`];
        const { json } = await exchange(
          service.port,
          post(head, JSON.stringify({ appid: app.appid, image })),
        );
        expect(json.code).toBe(0);
      } finally {
        await service.stop();
        await collector.stop();
      }
      const { spans } = collector;
      const line = service.lines().find(({ event }) => event === 'decision') as Record<string, unknown>;
      const root = spans.find(({ kind }) => kind === 2) as ReceivedSpan;
      expect(root.traceId).toBe(line.traceId);
      expect(childrenOf(spans, root).map(({ name }) => name)).toEqual(
        expect.arrayContaining(['admit', 'body', 'queue', 'judge', 'record']),
      );
      const judge = childrenOf(spans, root).find(({ name }) => name === 'judge') as ReceivedSpan;
      const [worker] = childrenOf(spans, judge) as [ReceivedSpan];
      expect(childrenOf(spans, worker).map(({ name }) => name)).toEqual([
        'decode',
        'detect',
        'quality',
        'classify',
      ]);
      const stages = line.stages as Record<string, number>;
      expect(Object.keys(stages)).toEqual(['admit', 'body', 'queue', 'decode', 'judge', 'record', 'total']);
      expect(stages.decode).toBeGreaterThan(0);
      // Times go through whole tenths of a millisecond in the line.
      expect(Math.abs(judge.to - judge.from - (stages.judge! + stages.decode!))).toBeLessThan(0.3);
    }));

  it('is the only one that loads OpenTelemetry: one file imports it, and that file is loaded where traces are made', () => {
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
    );
    const text = new Map(files.map((name) => [name, readFileSync(join(src, name), 'utf8')]));
    const having = (found: RegExp) =>
      [...text].filter(([, content]) => found.test(content)).map(([name]) => name);
    const adapter = join('traces', 'opentelemetry.ts');
    expect(having(/['"]@opentelemetry\//)).toEqual([adapter]);
    // Types are gone once it is built; all else is imported when it is called.
    expect(text.get(adapter)?.match(/^import (?!type).*@opentelemetry/gm)).toBeNull();
    expect(having(/^import (?!type).*traces\/opentelemetry/m)).toEqual([]);
    expect(having(/import\('.*traces\/opentelemetry\.ts'\)/)).toEqual([join('cli', 'shared', 'traces.ts')]);
  });
});
