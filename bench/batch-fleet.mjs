/**
 * npm run bench:batch-fleet [-- --rows 100000] [-- --workers 4] [-- --kills 20] [-- --pictures N]
 *
 * A batch on several `livestill worker` processes with one real PostgreSQL, some of which are killed (SIGKILL, worker processes
 * included) at random moments and started again: every row must have one result and one row in the ledger, none twice. The rows
 * name few tiny files that are no pictures, since judging so many pictures takes hours; `--pictures` of them are real ones. Needs Linux and
 * PostgreSQL (Debian: postgresql).
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import sharp from 'sharp';
import { startPostgres } from './fleet/servers.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    workers: { type: 'string', default: '4' },
    kills: { type: 'string', default: '20' },
    pictures: { type: 'string', default: '200' },
  },
});
const rows = Number(values.rows);
const count = Number(values.workers);
const kills = Number(values.kills);
const pictures = Number(values.pictures);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const bin = fileURLToPath(new URL('../bin/livestill.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'livestill-bench-'));
const running = new Map();
process.on('exit', () => {
  for (const child of running.values()) killTree(child);
  rmSync(root, { recursive: true, force: true });
});

/** Kills a worker with the processes that judge for it: they are in its process group. */
function killTree(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

const postgres = await startPostgres();
const store = await postgres.newDatabase();
const folder = join(root, 'pictures');
mkdirSync(folder);
for (let i = 0; i < 8; i++) writeFileSync(join(folder, `${i}.jpg`), `no picture ${i}`);
const noise = { width: 160, height: 200, channels: 3, noise: { type: 'gaussian', mean: 128, sigma: 30 } };
await sharp({ create: { ...noise, background: '#888' } })
  .jpeg()
  .toFile(join(folder, 'real.jpg'));
const every = pictures === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(rows / pictures));
const list = join(root, 'list.txt');
writeFileSync(
  list,
  Array.from({ length: rows }, (_, i) =>
    i % every === 0 && every < Number.POSITIVE_INFINITY ? 'real.jpg' : `${i % 8}.jpg`,
  ).join('\n'),
);

const environment = (n) => ({
  ...process.env,
  LIVESTILL_STORE: store,
  LIVESTILL_MASTER_KEY: 'ab'.repeat(32),
  LIVESTILL_NODE: `w${n}`,
  LIVESTILL_DATA_DIR: join(root, `data-${n}`),
  LIVESTILL_PROFILE: 'single',
  LIVESTILL_BATCH_PICTURES_DIR: folder,
  LIVESTILL_BATCH_LEASE_MS: '3000',
  LIVESTILL_POSTGRES_POOL_SIZE: '4',
});
const command = (...args) =>
  execFileSync(process.execPath, [bin, ...args], { env: environment(0), encoding: 'utf8' });
function start(n) {
  const child = spawn(process.execPath, [bin, 'worker', '--workers', '1'], {
    env: environment(n),
    stdio: 'ignore',
    detached: true,
  });
  running.set(n, child);
}

command('migrate', 'up');
command('app', 'create', '--name', 'bench', '--appid', '1250000001');
const began = performance.now();
const { batchId } = JSON.parse(command('batch', 'submit', list, '--app', '1250000001', '--json'));
const submitted = (performance.now() - began) / 1000;
for (let n = 0; n < count; n++) start(n);
const client = new pg.Client({ connectionString: store });
await client.connect();
const ask = async (text) => (await client.query(text, [batchId])).rows[0];
const done = async () => Number((await ask('select count(*) from batch_result where batch_id = $1')).count);

// The first kills come once work has begun, and all of them while there is still some.
let killed = 0;
let last = 0;
for (;;) {
  const { state } = await ask('select state from batch where batch_id = $1');
  if (state === 'done') break;
  const now = await done();
  if (killed < kills && now > last && now > (rows * 0.9 * killed) / kills) {
    const n = Math.floor(Math.random() * count);
    const child = running.get(n);
    killTree(child);
    killed += 1;
    last = now;
    start(n);
  }
  await sleep(50 + Math.random() * 200);
}
const seconds = (performance.now() - began) / 1000;
const results = await ask(
  'select count(*) as rows, count(distinct row_number) as different, min(row_number) as first, max(row_number) as last from batch_result where batch_id = $1',
);
const ledger = await ask(
  "select count(*) as rows, count(distinct request_id) as different from ledger where request_id like 'batch-' || $1 || '-%'",
);
const figures = await ask('select picture_count, judged, refused, failed from batch where batch_id = $1');
await client.end();
for (const child of running.values()) killTree(child);
const verified = command('ledger', 'verify');
console.log(
  JSON.stringify(
    {
      rows,
      workers: count,
      kills: killed,
      submitted,
      seconds,
      results,
      ledger,
      figures,
      verified: verified.trim().split('\n').at(-1),
    },
    null,
    2,
  ),
);
const isRight =
  Number(results.rows) === rows &&
  Number(results.different) === rows &&
  Number(ledger.rows) === rows &&
  Number(ledger.different) === rows;
console.log(isRight ? 'none missing, none twice' : 'WRONG: rows are missing or there twice');
process.exit(isRight ? 0 : 1);
