import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, it, onTestFinished } from 'vitest';
import { s3OfTests, TEST_KEYS, whyNoS3 } from '../../src/storage/test-support/server.ts';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { livestill } from '../contract/support/process.ts';
import { describeWhere, itWhere } from '../support/only-where.ts';
import { groupPhoto } from '../support/pictures.ts';
import { watch, watchingRefused } from './support/watch.ts';

const unwatched = watchingRefused();
const program = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));
const whyNot = whyNoServer ?? whyNoS3;

/** The command line on a real database and a real S3 server. */
describeWhere(whyNot === null, whyNot ?? '')('batches in S3-compatible storage', () => {
  const of = serverOfTests();
  const s3 = s3OfTests();

  async function started() {
    const root = await mkdtemp(join(tmpdir(), 'livestill-storage-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const environment = {
      LIVESTILL_MASTER_KEY: 'ab'.repeat(32),
      LIVESTILL_NODE: 'cli',
      LIVESTILL_DATA_DIR: join(root, 'data'),
      LIVESTILL_PROFILE: 'single',
      LIVESTILL_S3_ENDPOINT: s3.server.url,
      LIVESTILL_S3_ACCESS_KEY_ID: TEST_KEYS.accessKeyId,
      LIVESTILL_S3_SECRET_ACCESS_KEY: TEST_KEYS.secretAccessKey,
    };
    const run = async (args: readonly string[], more: Record<string, string> = {}) => {
      const { ended, stdout, stderr } = livestill(args, { ...environment, ...more });
      return { status: await ended, out: stdout(), err: stderr() };
    };
    return { root, run };
  }

  const photo = async () =>
    sharp(await groupPhoto('sample1.jpg'))
      .resize(480)
      .jpeg()
      .toBuffer();

  it('are submitted by a prefix, judged, and written where they were told to go', async () => {
    const { run } = await started();
    s3.server.bucket('faces');
    s3.server.put('faces', 'in/one face.jpg', await photo());
    s3.server.put('faces', 'in/none.jpg', 'no picture');
    const store = { LIVESTILL_STORE: await of.server.newDatabase() };
    const well = async (...args: string[]) => {
      const { status, out, err } = await run(args, store);
      expect([args, status, err]).toEqual([args, 0, '']);
      return out;
    };
    await well('migrate', 'up');
    await well('app', 'create', '--name', 's3', '--appid', '1250000001');
    const submit = ['batch', 'submit', 's3://faces/in/', '--app', '1250000001'];
    const submitted = await well(...submit, '--results', 's3://faces/out/', '--json');
    const { batchId } = JSON.parse(submitted) as { batchId: string };
    await well('worker', '--workers', '1', '--once');
    expect(await well('batch', 'status', batchId)).toContain(`s3://faces/out/ (written)`);
    const rows = s3.server
      .get('faces', `out/${batchId}.ndjson`)
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows).toMatchObject([
      { picture: 's3://faces/in/none.jpg', verdict: null },
      { picture: 's3://faces/in/one face.jpg', verdict: expect.any(String) },
    ]);
    await well('batch', 'results', batchId, '--out', 's3://faces/out/table.parquet');
    expect(s3.server.get('faces', 'out/table.parquet').subarray(0, 4).toString()).toBe('PAR1');
    s3.server.put('faces', 'out/taken.csv', 'mine');
    expect(
      await run(['batch', 'results', batchId, '--out', 's3://faces/out/taken.csv'], store),
    ).toMatchObject({
      status: 2,
      err: expect.stringContaining('s3://faces/out/taken.csv exists'),
    });
    const sources = await of.server.query(store.LIVESTILL_STORE, 'select distinct source from ledger');
    expect(sources).toEqual([{ source: 's3:faces' }]);
    const wrong = { ...store, LIVESTILL_S3_SECRET_ACCESS_KEY: 'wrong' };
    expect(await run(submit, wrong)).toMatchObject({
      status: 1,
      err: expect.stringMatching(
        /S3 refused a request for s3:\/\/faces\/.*SignatureDoesNotMatch.*s3\.accessKeyId/,
      ),
    });
    const nowhere = ['batch', 'submit', 's3://nowhere/', '--app', '1250000001'];
    expect(await run(nowhere, store)).toMatchObject({
      status: 1,
      err: expect.stringContaining('no bucket nowhere'),
    });
    const empty = ['batch', 'submit', 's3://faces/nothing/', '--app', '1250000001'];
    expect(await run(empty, store)).toMatchObject({ status: 2, err: expect.stringContaining('found none') });
    expect(await run(submit, { ...store, LIVESTILL_S3_ENDPOINT: '' })).toMatchObject({
      status: 1,
      err: expect.stringContaining('set s3.endpoint'),
    });
  });

  it('of one machine are read from a prefix and from lists, and stop where the storage is lost', async () => {
    const { root, run } = await started();
    s3.server.bucket('local');
    s3.server.put('local', 'in/a.jpg', await photo());
    s3.server.put('local', 'in/readme.txt', 'no picture');
    const out = join(root, 'results.ndjson');
    const flags = ['--no-report', '--profile', 'single', '--workers', '1'];
    const first = await run(['batch', 's3://local/in/', '--out', out, ...flags]);
    expect(first).toMatchObject({ status: 0, out: expect.stringContaining('s3://local/in/readme.txt') });
    const [row] = (await readFile(out, 'utf8')).trimEnd().split('\n');
    expect(JSON.parse(row ?? '')).toMatchObject({ key: 'a.jpg', picture: 's3://local/in/a.jpg', code: 0 });
    const list = join(root, 'list.txt');
    await writeFile(list, 's3://local/in/a.jpg\ns3://local/in/gone.jpg\n');
    const listed = join(root, 'listed.ndjson');
    expect((await run(['batch', list, '--out', listed, ...flags])).status).toBe(0);
    expect(await readFile(listed, 'utf8')).toContain('"failure":"http_404"');
    await writeFile(list, 's3://nowhere/a.jpg\n');
    const lost = await run(['batch', list, '--out', join(root, 'lost.ndjson'), ...flags]);
    expect(lost).toMatchObject({ status: 1, err: expect.stringContaining('S3 has no bucket nowhere.') });
  });

  itWhere(unwatched === null, unwatched ?? '')(
    'contact the endpoint and nothing else, also where there are no keys',
    async () => {
      const { root } = await started();
      s3.server.bucket('watched');
      s3.server.put('watched', 'a.jpg', await photo());
      const credentialsFile = join(root, 'credentials');
      const config = join(root, 'livestill.json');
      await writeFile(
        credentialsFile,
        `[default]\naws_access_key_id=${TEST_KEYS.accessKeyId}\naws_secret_access_key=${TEST_KEYS.secretAccessKey}\n`,
      );
      for (const [keys, status] of [
        [{ credentialsFile }, 0],
        [{}, 1],
      ] as const) {
        await writeFile(config, JSON.stringify({ s3: { endpoint: s3.server.url, ...keys } }));
        const out = join(root, `${status}.ndjson`);
        const args = [
          'batch',
          's3://watched/',
          '--out',
          out,
          '--config',
          config,
          '--no-report',
          '--profile',
          'single',
        ];
        const watched = await (await watch(process.execPath, [program, ...args], root)).ended;
        expect([watched.status, watched.err]).toEqual([status, expect.any(String)]);
        const connections = watched.internet.filter((call) => call.includes('connect('));
        expect(connections).not.toEqual([]);
        const { host, port } = new URL(s3.server.url);
        expect(
          connections.filter((call) => !call.includes(`htons(${port})`) && !call.includes(host)),
        ).toEqual([]);
        expect(watched.internet.join()).not.toMatch(/send(?:to|m?msg)\(/);
        expect(watched.made).toEqual([]);
      }
    },
  );
});
