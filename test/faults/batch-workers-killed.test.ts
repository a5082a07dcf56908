import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serverOfTests, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { livestill, type Run } from '../contract/support/process.ts';
import { groupPhoto } from '../support/pictures.ts';

const title = whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`;
const rows = 900;
const real = 6;

/** Real workers on a real database, killed while they work; `bench/batch-fleet.mjs` does it with 100 000 rows. */
describe.skipIf(whyNoServer !== null)(`batches of several machines${title}`, () => {
  const of = serverOfTests();

  it('are whole although workers are killed: no row is missing, none is there twice', async () => {
    const root = await mkdtemp(join(tmpdir(), 'livestill-killed-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const pictures = join(root, 'pictures');
    await mkdir(pictures);
    const photo = await sharp(await groupPhoto('sample1.jpg'))
      .resize(480)
      .jpeg()
      .toBuffer();
    await writeFile(join(pictures, 'real.jpg'), photo);
    await writeFile(join(pictures, 'none.jpg'), 'no picture');
    const list = join(root, 'list.csv');
    const names = Array.from({ length: rows }, (_, i) => (i % (rows / real) === 0 ? 'real.jpg' : 'none.jpg'));
    await writeFile(list, `path\n${names.join('\n')}\n`);
    const url = await of.server.newDatabase();
    const environment = (node: string) => ({
      LIVESTILL_STORE: url,
      LIVESTILL_MASTER_KEY: 'ab'.repeat(32),
      LIVESTILL_NODE: node,
      LIVESTILL_DATA_DIR: join(root, node),
      LIVESTILL_PROFILE: 'single',
      LIVESTILL_BATCH_PICTURES_DIR: pictures,
      LIVESTILL_BATCH_LEASE_MS: '1500',
    });
    const command = async (...args: string[]) => {
      const run = livestill(args, environment('cli'));
      expect([args[0], await run.ended, run.stderr()]).toEqual([args[0], 0, '']);
      return run.stdout();
    };
    const refused = livestill(['worker'], { LIVESTILL_DATA_DIR: join(root, 'alone') });
    expect(await refused.ended).toBe(2);
    expect(refused.stderr()).toContain('need a PostgreSQL database');
    await command('migrate', 'up');
    await command('app', 'create', '--name', 'killed', '--appid', '1250000001');
    const submitted = await command(
      'batch',
      'submit',
      list,
      '--app',
      '1250000001',
      '--chunk',
      '150',
      '--json',
    );
    const { batchId } = JSON.parse(submitted) as { batchId: string };
    const done = async () =>
      Number((await of.server.query(url, `select count(*) as n from batch_result`)).at(0)?.n);
    const start = (n: number): Run => {
      const run = livestill(['worker', '--workers', '1'], environment(`w${n}`));
      onTestFinished(() => void run.child.kill('SIGKILL'));
      return run;
    };
    const workers = [start(0), start(1)];
    for (let kills = 0; kills < 3; kills++) {
      const before = await done();
      // Where all is done already, one that has nothing to do is killed.
      while ((await done()) <= before && before < rows) await sleep(20);
      workers[kills % 2]?.child.kill('SIGKILL');
      workers[kills % 2] = start(kills % 2);
    }
    const status = async () =>
      JSON.parse(await command('batch', 'status', batchId, '--json')) as Record<string, unknown>;
    while ((await status()).state !== 'done') await sleep(200);
    expect(await status()).toMatchObject({ pictures: rows, judged: real, refused: rows - real, failed: 0 });
    for (const { child, ended, stdout } of workers) {
      // Before it is ready nobody answers the signal.
      await expect.poll(stdout).toContain('"event":"ready"');
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
    }
    const ledger = await of.server.query(
      url,
      'select count(*) as rows, count(distinct request_id) as different, count(verdict) as judged from ledger',
    );
    expect(ledger).toEqual([{ rows: String(rows), different: String(rows), judged: String(real) }]);
    const out = join(root, 'results.ndjson');
    await command('batch', 'results', batchId, '--out', out);
    const keys = (await readFile(out, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { key: string }).key);
    expect(keys).toEqual(names.map((name, i) => `${i + 1}:${name}`));
    const table = join(root, 'results.parquet');
    await command('batch', 'results', batchId, '--out', table);
    expect((await readFile(table)).subarray(0, 4).toString()).toBe('PAR1');
    expect(await command('ledger', 'verify')).not.toContain('WRONG');
  });
});
