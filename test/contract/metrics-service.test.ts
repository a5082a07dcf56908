import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startUrlServer } from '../faults/support/url-server.ts';
import { itWhere } from '../support/only-where.ts';
import { groupPhoto } from '../support/pictures.ts';
import { changes, type Page, parsePage, samplesOf } from '../support/prometheus-text.ts';
import { signature } from './support/accounts.ts';
import { type MadeApp, makeApp, type ServiceProcess, serve, withFolder } from './support/process.ts';
import { exchange, open, post } from './support/raw.ts';

/*
 * The whole service as a process of its own, with workers that judge: the page tells what happened, also while it is overloaded, after a
 * worker was killed and while it drains.
 */

const isLinux = process.platform === 'linux';

async function page({ adminPort }: ServiceProcess): Promise<Page> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
  expect(response.status).toBe(200);
  return parsePage(await response.text());
}

const figure = async (service: ServiceProcess, series: string) => samplesOf(await page(service)).get(series);

interface Setting {
  readonly service: ServiceProcess;
  readonly app: MadeApp;
  send(content: object): Promise<{ code: number; reason: string | undefined }>;
}

async function withService(
  environment: Record<string, string>,
  use: (setting: Setting) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const data = join(folder, 'data');
    const service = await serve(data, ['--workers', '1'], { LIVESTILL_PROFILE: 'fast', ...environment });
    try {
      const app = await makeApp(data);
      const send = async (content: object) => {
        const sign = signature({ a: app.appid, k: app.secretId }, app.secretKey);
        const body = JSON.stringify({ appid: app.appid, ...content });
        const head = ['Content-Type: application/json', `Authorization: ${sign}`];
        const { json, headers } = await exchange(service.port, post(head, body));
        return { code: json.code, reason: headers['x-liveness-reason'] };
      };
      await use({ service, app, send });
    } finally {
      await service.stop();
    }
  });
}

/** The processes that a process has started. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

describe('the metrics page of a whole service', () => {
  it('changes by what happened, well and badly', async () => {
    const urls = await startUrlServer((_request, response) => void response.writeHead(404).end());
    const environment = {
      LIVESTILL_DOWNLOAD_ALLOW_PRIVATE: '127.0.0.1',
      LIVESTILL_DOWNLOAD_PORTS: String(urls.port),
    };
    await withService(environment, async ({ service, send }) => {
      const photo = await groupPhoto('sample1.jpg');
      const before = await page(service);
      const judged = await send({ image: photo.toString('base64') });
      expect(judged.code).toBe(0);
      expect(await send({ image: photo.subarray(0, 1000).toString('base64') })).toMatchObject({
        code: -4016,
      });
      const gone = { url: `http://127.0.0.1:${urls.port}/x` };
      expect(await send(gone)).toEqual({ code: -5805, reason: 'http_404' });
      expect((await exchange(service.port, 'hello\r\n\r\n')).status).toBe(400);
      const after = await page(service);
      // Signatures, counts of the day and rows; what the service looks after by itself is among them.
      const { livestill_sqlite_call_seconds_count: calls, ...changed } = changes(before, after);
      expect(calls).toBeGreaterThan(3);
      const [decision, unreadable] = service.lines().filter(({ event }) => event === 'decision');
      const findings = ((decision?.reasons ?? []) as string[]).map((code) => [
        `livestill_findings_total{finding="${code}"}`,
        1,
      ]);
      expect(findings.length).toBeGreaterThan(0);
      const verdict = String(decision?.verdict);
      expect(changed).toEqual({
        [`livestill_requests_total{api="legacy",code="0",outcome="judged",verdict="${verdict}"}`]: 1,
        'livestill_requests_total{api="legacy",code="-4016",outcome="refused",verdict="none"}': 1,
        'livestill_requests_total{api="legacy",code="-5805",outcome="refused",verdict="none"}': 1,
        [`livestill_refusals_total{api="legacy",code="-4016",reason="${unreadable?.reason}"}`]: 1,
        'livestill_refusals_total{api="legacy",code="-5805",reason="http_404"}': 1,
        'livestill_request_duration_seconds_count{api="legacy",outcome="judged"}': 1,
        'livestill_request_duration_seconds_count{api="legacy",outcome="refused"}': 2,
        'livestill_judgement_duration_seconds_count{profile="fast"}': 1,
        [`livestill_score_count{verdict="${verdict}"}`]: 1,
        ...Object.fromEntries(findings),
        'livestill_http_replies_total{status="200"}': 3,
        'livestill_http_faults_total{fault="bad_request"}': 1,
        'livestill_downloads_total{outcome="refused",reason="http_404"}': 1,
        'livestill_download_duration_seconds_count{outcome="refused"}': 1,
        // The picture that could not be decoded is a decision too.
        livestill_ledger_append_duration_seconds_count: 3,
        'livestill_worker_pictures_total{worker="1"}': 2,
      });
      const samples = samplesOf(after);
      for (const step of ['decode', 'detect', 'crop', 'classify', 'quality']) {
        const spent = samples.get(`livestill_judgement_step_seconds_total{step="${step}"}`);
        expect([step, spent]).toEqual([step, expect.any(Number)]);
      }
    });
    await urls.stop();
  });

  itWhere(isLinux, 'needs Linux')('tells of a worker that was lost, under the same number', async () => {
    await withService({}, async ({ service, send }) => {
      expect(await figure(service, 'livestill_worker_resident_bytes{worker="1"}')).toBeGreaterThan(1e7);
      const [worker] = childrenOf(Number(service.child.pid));
      process.kill(Number(worker), 'SIGKILL');
      const lost = () => figure(service, 'livestill_workers_lost_total{reason="worker_crashed"}');
      await expect.poll(lost).toBe(1);
      await expect.poll(() => figure(service, 'livestill_workers')).toBe(1);
      const image = (await groupPhoto('sample1.jpg')).toString('base64');
      expect((await send({ image })).code).toBe(0);
      const workers = (await page(service)).get('livestill_worker_pictures_total');
      expect(workers?.samples).toEqual(new Map([['livestill_worker_pictures_total{worker="1"}', 1]]));
    });
  });

  it('is answered under overload, and counts every refusal', async () => {
    await withService({ LIVESTILL_QUEUE_WAIT_MS: '200' }, async ({ service, send }) => {
      const image = (await groupPhoto('sample1.jpg')).toString('base64');
      const before = await page(service);
      const waiting = () => figure(service, 'livestill_requests_in_work');
      // What is judged stays in work until its worker goes on.
      const worker = isLinux ? childrenOf(Number(service.child.pid))[0] : undefined;
      if (worker !== undefined) process.kill(worker, 'SIGSTOP');
      const answers = Array.from({ length: 40 }, () => send({ image }));
      await expect.poll(waiting, { interval: 5 }).toBeGreaterThan(0);
      if (worker !== undefined) process.kill(worker, 'SIGCONT');
      const codes = (await Promise.all(answers)).map(({ code }) => code);
      // A reply is counted when it has left, which its reader may see a moment earlier.
      await expect.poll(waiting).toBe(0);
      const changed = changes(before, await page(service));
      const sum = (start: string) =>
        Object.entries(changed).reduce((all, [key, rise]) => (key.startsWith(start) ? all + rise : all), 0);
      const busy = codes.filter((code) => code === -5802).length;
      expect(busy).toBeGreaterThan(0);
      expect(sum('livestill_requests_total{api="legacy",code="-5802",outcome="busy"')).toBe(busy);
      expect(sum('livestill_refusals_total{api="legacy",code="-5802"')).toBe(busy);
      expect(sum('livestill_requests_total{api="legacy",code="0",outcome="judged"')).toBe(40 - busy);
    });
  });

  it('is answered while the service drains', async () => {
    await withService({}, async ({ service }) => {
      const half = open(service.port);
      half.write('POST /face/livedetectpicture HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab');
      await expect.poll(() => figure(service, 'livestill_requests_in_work')).toBe(1);
      service.child.kill('SIGTERM');
      const ready = async () => (await fetch(`http://127.0.0.1:${service.adminPort}/readyz`)).status;
      await expect.poll(ready).toBe(503);
      expect(await figure(service, 'livestill_requests_in_work')).toBe(1);
      half.write('cde');
      expect((await half.next()).json.code).toBe(3);
      expect(await service.ended).toBe(0);
    });
  });
});
