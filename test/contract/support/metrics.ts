import { pino } from 'pino';
import { expect } from 'vitest';
import { createDownloader } from '../../../src/picture/download/download.ts';
import { createAdminServer } from '../../../src/wire/admin/server.ts';
import { createMetrics, type Metrics } from '../../../src/wire/metrics/metrics.ts';
import { startUrlServer, type UrlServer } from '../../faults/support/url-server.ts';
import { changes, type Page, parsePage } from '../../support/prometheus-text.ts';
import { judgedFace, startV1Test, type V1Test } from '../../v1/support.ts';
import { appid, signature } from './accounts.ts';
import { judgementOf } from './judge.ts';
import { exchange, post, type RawAnswer } from './raw.ts';
import { startTestServer, type TestServer } from './server.ts';

/** Servers of both APIs with real downloads and a judge made by hand, all counted on one page of an admin port. */
export interface MetricsTest {
  readonly metrics: Metrics;
  readonly pageUrl: string;
  /** Where pictures lie: `/gone` does not. */
  readonly urls: UrlServer;
  readonly legacy: TestServer;
  readonly v1: V1Test;
  page(): Promise<Page>;
  /** What `act` changes on the page is this and nothing else. */
  expectChanges(act: () => Promise<unknown>, expected: Record<string, number>): Promise<void>;
  /** One request of the old API. */
  call(content: object, sign?: string | null): Promise<RawAnswer>;
  /** Judges and ledgers do well again; the logs are empty. */
  reset(): void;
  stop(): Promise<void>;
}

export async function startMetricsTest(): Promise<MetricsTest> {
  const failed = (error: unknown) => {
    throw error;
  };
  const metrics = createMetrics({ version: '0.0.0', onTrouble: failed });
  const { observer } = metrics;
  const urls = await startUrlServer((request, response) => {
    if (request.url === '/gone') response.writeHead(404).end();
    else response.end('a picture');
  });
  const downloader = createDownloader({
    enabled: true,
    allowPrivate: ['127.0.0.1'],
    ports: [urls.port],
    maxRedirects: 3,
    maxBytes: 1000,
    timeoutMs: 5000,
    observe: observer.download,
  });
  const legacy = await startTestServer({ downloader, observer });
  const v1 = await startV1Test({ downloader, observer });
  const admin = createAdminServer({}, pino({ level: 'silent' }), metrics);
  const pageUrl = `http://127.0.0.1:${await admin.listen('127.0.0.1', 0)}/metrics`;
  const page = async () => {
    const response = await fetch(pageUrl);
    expect(response.status).toBe(200);
    return parsePage(await response.text());
  };
  const reset = () => {
    for (const { judge, ledger, lines } of [legacy, v1]) {
      judge.full = null;
      judge.answer = () => judgementOf();
      ledger.fail = null;
      lines.length = 0;
    }
    v1.judge.answer = () => judgedFace();
  };
  reset();
  return {
    metrics,
    pageUrl,
    urls,
    legacy,
    v1,
    page,
    reset,
    async expectChanges(act, expected) {
      const before = await page();
      await act();
      const now = async () => changes(before, await page());
      // A reply is counted when it has left, which its reader may see a moment earlier.
      await expect.poll(now).toEqual(expected);
      expect(await now()).toEqual(expected);
    },
    call(content, sign = signature()) {
      const head = ['Content-Type: application/json', ...(sign === null ? [] : [`Authorization: ${sign}`])];
      return exchange(legacy.port, post(head, JSON.stringify({ appid, ...content })));
    },
    async stop() {
      await legacy.stop();
      await v1.stop();
      await admin.close();
      await urls.stop();
      metrics.stop();
    },
  };
}

/** The changes of one request that ended so. */
export function ended(
  api: 'legacy' | 'v1',
  outcome: string,
  code: string,
  { verdict = 'none', reason = '', status = 200 } = {},
): Record<string, number> {
  return {
    [`livestill_requests_total{api="${api}",code="${code}",outcome="${outcome}",verdict="${verdict}"}`]: 1,
    [`livestill_request_duration_seconds_count{api="${api}",outcome="${outcome}"}`]: 1,
    ...(reason === ''
      ? {}
      : { [`livestill_refusals_total{api="${api}",code="${code}",reason="${reason}"}`]: 1 }),
    ...(status === 0 ? {} : { [`livestill_http_replies_total{status="${status}"}`]: 1 }),
  };
}

/** … with a judgement, */
export const judged = (verdict: string, scored = true) => ({
  'livestill_judgement_duration_seconds_count{profile="careful"}': 1,
  ...(scored ? { [`livestill_score_count{verdict="${verdict}"}`]: 1 } : {}),
});
/** … after a download of `a picture`. */
export const download = (outcome: string, reason = 'none') => ({
  ...(outcome === 'fetched' ? { livestill_download_bytes_total: 'a picture'.length } : {}),
  [`livestill_downloads_total{outcome="${outcome}",reason="${reason}"}`]: 1,
  [`livestill_download_duration_seconds_count{outcome="${outcome}"}`]: 1,
});
