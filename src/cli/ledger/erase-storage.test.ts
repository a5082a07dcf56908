import { afterEach, expect, it, vi } from 'vitest';
import { describeWhere } from '../../../test/support/only-where.ts';
import { exportOne } from '../../jobs/exports.ts';
import { submitBatch } from '../../jobs/submit.ts';
import {
  batchesOf,
  nodesOn,
  someOrder,
  somePictures,
  someWorker,
  until,
} from '../../jobs/test-support/fleet.ts';
import { runWorker } from '../../jobs/worker.ts';
import { createObjectStore } from '../../storage/s3/store.ts';
import { s3OfTests, s3SettingsFor, TEST_KEYS, whyNoS3 } from '../../storage/test-support/server.ts';
import { serverOfTests, whyNoServer } from '../../store/postgres/test-support/server.ts';
import { temporaryFolder } from '../../store/test-support/temp-store.ts';
import { livestill } from '../shared/test-support/livestill.ts';

afterEach(() => vi.unstubAllEnvs());

const whyNot = whyNoServer ?? whyNoS3;

describeWhere(whyNot === null, whyNot ?? '')('livestill ledger erase, with results in storage', () => {
  const of = serverOfTests();
  const s3 = s3OfTests();

  it('writes them anew, and fails with their name where it cannot', async () => {
    s3.server.bucket('out');
    const url = await of.server.migratedDatabase();
    const [store] = await nodesOn(of.server, 1, url);
    const batches = batchesOf(store);
    const batchId = await submitBatch(
      batches,
      someOrder({ results: 's3://out/a.ndjson' }),
      somePictures(3),
      3,
    );
    const stop = new AbortController();
    const running = runWorker(someWorker(store!), stop.signal);
    await until(async () => (await batches.find(batchId))?.state === 'done');
    stop.abort();
    await running;
    const objects = createObjectStore(s3SettingsFor(s3.server.url), 1e6);
    await exportOne({ batches, objects, onWritten: () => {} }, new AbortController().signal);
    const rows = () => s3.server.get('out', 'a.ndjson').toString().trimEnd().split('\n').length;
    expect(rows()).toBe(3);

    const environment = {
      LIVESTILL_STORE: url,
      LIVESTILL_NODE: 'erasing',
      LIVESTILL_MASTER_KEY: 'ab'.repeat(32),
      LIVESTILL_S3_ENDPOINT: s3.server.url,
      LIVESTILL_S3_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
      LIVESTILL_S3_SECRET_ACCESS_KEY: 'wrong',
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    const data = await temporaryFolder();
    const erase = (row: number) =>
      livestill('ledger', 'erase', '--request-id', `batch-${batchId}-${row}`, '--yes', '--data', data);
    const refused = await erase(1);
    expect(refused.status).toBe(1);
    expect(refused.out).toMatch(/Not reached: s3:\/\/out\/a\.ndjson \(S3 refused.*a worker/);
    expect(rows()).toBe(3);
    vi.stubEnv('LIVESTILL_S3_SECRET_ACCESS_KEY', TEST_KEYS.secretAccessKey);
    const done = await erase(2);
    expect(done.out).toContain('s3://out/a.ndjson: written anew.');
    expect(done.status).toBe(0);
    expect(rows()).toBe(1);
  });
});
