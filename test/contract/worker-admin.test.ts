import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { groupPhoto } from '../support/pictures.ts';
import { parsePage, samplesOf } from '../support/prometheus-text.ts';
import { startCollector } from '../traces/collector.ts';
import { livestill, type Run, withFolder } from './support/process.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;

/** Where the pictures of a batch lie, and who is called at its end. */
async function pictureServer(): Promise<number> {
  const photo = await groupPhoto('sample1.jpg');
  const server = createServer((request, response) => {
    if (request.url === '/photo.jpg') response.end(photo);
    else if (request.url === '/hook') response.end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** The port that a worker says it opened, once it is ready. */
function readyPort(run: Run): Promise<number> {
  return new Promise((resolve, reject) => {
    const look = () => {
      for (const line of run.stdout().split('\n').slice(0, -1)) {
        const { event, adminPort } = JSON.parse(line) as Record<string, unknown>;
        if (event === 'ready') resolve(Number(adminPort));
      }
    };
    run.child.stdout?.on('data', look);
    void run.ended.then(() => reject(new Error(run.stderr() + run.stdout())));
  });
}

describe.skipIf(whyNoServer !== null)(`the admin port of livestill worker${title}`, () => {
  const of = serverOfTests();

  it(
    'has health and metrics of its work, no console and no admin API; a taken port is told in one line',
    () =>
      withFolder(async (folder) => {
        const port = await pictureServer();
        const collector = await startCollector();
        onTestFinished(() => collector.stop());
        const environment = {
          LIVESTILL_STORE: await of.server.newDatabase(),
          LIVESTILL_MASTER_KEY: 'ab'.repeat(32),
          LIVESTILL_NODE: 'worker-1',
          LIVESTILL_DATA_DIR: join(folder, 'data'),
          LIVESTILL_PROFILE: 'single',
          LIVESTILL_DOWNLOAD_ALLOW_PRIVATE: '127.0.0.1',
          LIVESTILL_DOWNLOAD_PORTS: String(port),
          LIVESTILL_BATCH_WEBHOOK_SECRET: 'a secret of webhooks',
          LIVESTILL_TRACES_ENDPOINT: new URL(collector.url).origin,
        };
        const command = async (...args: string[]) => {
          const run = livestill(args, environment);
          expect([args[0], await run.ended, run.stderr()]).toEqual([args[0], 0, '']);
        };
        await command('migrate', 'up');
        await command('app', 'create', '--name', 'one', '--appid', '1250000001');
        const at = (name: string) => `http://127.0.0.1:${port}/${name}`;
        const list = join(folder, 'list.csv');
        await writeFile(list, `path\n${at('photo.jpg')}\n${at('gone.jpg')}\n`);
        await command('batch', 'submit', list, '--app', '1250000001', '--webhook', at('hook'));
        const worker = livestill(['worker', '--workers', '1', '--admin-port', '0'], environment);
        onTestFinished(() => void worker.child.kill('SIGKILL'));
        const admin = `http://127.0.0.1:${await readyPort(worker)}`;
        const other = livestill(['worker', '--admin-port', new URL(admin).port], {
          ...environment,
          LIVESTILL_NODE: 'worker-2',
        });
        const get = async (path: string) => {
          const answer = await fetch(`${admin}${path}`);
          return { status: answer.status, text: await answer.text() };
        };
        expect(await get('/healthz')).toEqual({ status: 200, text: '{"status":"ok"}' });
        const ready = await get('/readyz');
        expect([ready.status, JSON.parse(ready.text)]).toMatchObject([
          200,
          { status: 'ready', checks: { service: 'ok', store: 'ok', disk: 'ok' }, profile: 'single' },
        ]);
        for (const path of ['/console/', '/admin/v1/me', '/v1/liveness', '/face/livedetectpicture'])
          expect([path, (await get(path)).status]).toEqual([path, 404]);
        const page = async () => samplesOf(parsePage((await get('/metrics')).text));
        const called = 'livestill_batch_webhook_calls_total{end="delivered"}';
        await expect.poll(async () => (await page()).get(called), { timeout: 30_000 }).toBe(1);
        const samples = await page();
        const infos = [...samples.keys()].filter((name) => name.startsWith('livestill_build_info'));
        expect(infos).toEqual([expect.stringMatching(/\{node="worker-1",role="worker",version="[^"]+"\}/)]);
        for (const [name, value] of [
          ['livestill_batch_chunks_ended_total{end="finished"}', 1],
          ['livestill_judgement_duration_seconds_count{profile="single"}', 1],
          ['livestill_downloads_total{outcome="fetched",reason="none"}', 1],
          ['livestill_downloads_total{outcome="refused",reason="http_404"}', 1],
          ['livestill_workers', 1],
          ['livestill_workers_wanted', 1],
          ['livestill_worker_pictures_total{worker="1"}', 1],
          ['livestill_ledger_append_failures_total', 0],
          ['livestill_batch_webhook_calls_total{end="given_up"}', 0],
        ] as const)
          expect([name, samples.get(name)]).toEqual([name, value]);
        expect(samples.get('livestill_ledger_append_duration_seconds_count')).toBeGreaterThan(0);
        expect(samples.get('livestill_store_call_seconds_count')).toBeGreaterThan(0);
        expect(await other.ended).toBe(1);
        expect(other.stderr()).toMatch(/^livestill: .*admin port.*\n$/);
        worker.child.kill('SIGTERM');
        expect(await worker.ended).toBe(0);
        const { spans } = collector;
        expect(new Set(spans.map(({ resource }) => resource['service.instance.id']))).toEqual(
          new Set(['worker-1']),
        );
        expect(spans.map(({ name }) => name)).toEqual(
          expect.arrayContaining(['batch chunk', 'picture', 'webhook']),
        );
        await expect(get('/healthz')).rejects.toThrow();
      }),
    120_000,
  );
});
