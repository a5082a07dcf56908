// How long the console's lists of changes and of batches wait, as they grow.
//   npm run -s build && node bench/console-lists.mjs [--postgres] [ROWS]   (default: 1000000)
// With --postgres in a PostgreSQL server that is started for it (Debian: postgresql), else in SQLite, which has no batches.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openStore } from '../dist/store/open.js';
import { openConnection } from '../dist/store/sqlite/connection.js';
import { startPostgres } from './fleet/servers.mjs';
import { postgresStore } from './growth/postgres-rows.mjs';

const isPostgres = process.argv.includes('--postgres');
const rows = Number(process.argv.slice(2).find((one) => !one.startsWith('--')) ?? 1_000_000);
const REPEATS = 15;
const EVERY_MS = 1000;
const begin = Date.now() - rows * EVERY_MS;
const time = (row) => new Date(begin + row * EVERY_MS);

// The first twentieth are by somebody who made none since. Of a hundred changes 89 are marks by one of two reviewers, one is a change of an app by the same, and ten are by an administrator.
const ACTION =
  "case when i % 100 = 7 then 'app.policy' when i % 10 = 3 then 'api_key.rotate' else 'review.mark' end";
const ACTOR = `case when i <= ${rows / 20} then 'Dora' when i % 10 = 3 then 'Ann' when i % 2 = 0 then 'Bob' else 'Cleo' end`;
const changes = (
  numbers,
  place,
  textOf,
) => `insert into admin_log (id, at, actor_kind, actor_name, actor_from, action, target, before, after, salt, hash)
select 10 + i, ${place}, 'console', ${ACTOR}, '192.0.2.7', ${ACTION}, ${textOf('i % 50000')}, null, '{"mark":"right"}', '', '' from ${numbers}`;

/** Median and slowest of several runs, in milliseconds. */
async function measure(run) {
  const spent = [];
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    await run();
    spent.push(performance.now() - start);
  }
  spent.sort((a, b) => a - b);
  return { median: spent[Math.floor(REPEATS / 2)], slowest: spent[REPEATS - 1] };
}

async function fillSqlite(dataDir) {
  const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  const numbers = `(with recursive n (i) as (select 1 union all select i + 1 from n where i < ${rows}) select i from n)`;
  connection.script(
    `PRAGMA synchronous=OFF; ${changes(numbers, `${begin} + i * ${EVERY_MS}`, (number) => `'request-' || (${number})`)};`,
  );
  connection.close();
}

async function fillPostgres(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const numbers = `generate_series(1, ${rows}) as i`;
  const at = `${begin}::bigint + i::bigint * ${EVERY_MS}`;
  await client.query('set synchronous_commit = off');
  await client.query(changes(numbers, at, (number) => `'request-' || (${number})::text`));
  await client.query(`insert into batch (batch_id, appid, secret_id, name, priority, state, picture_count, judged, refused, failed,
    webhook_tries, created_at, changed_at)
    select md5(i::text), case when i < 50000 then '1000100' else (1000000 + i % 100)::text end, 'AKID000000000001', 'night', 0, 'done', 10, 10, 0, 0, 0, ${at}, ${at} from ${numbers}`);
  await client.query('vacuum analyze admin_log');
  await client.query('vacuum analyze batch');
  await client.end();
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
const dataDir = await mkdtemp(join(tmpdir(), 'livestill-bench-lists-'));
try {
  const url = isPostgres ? await (await startPostgres()).newDatabase('lists') : null;
  const options = url === null ? { dataDir } : postgresStore(dataDir, url);
  await (await openStore(options)).close();
  await (url === null ? fillSqlite(dataDir) : fillPostgres(url));
  const store = await openStore(options);
  const { chains, batches } = store;
  const [start, hour] = [Math.floor(rows / 10), Math.floor(rows / 10) + 3600];
  const longAgo = { since: time(start), until: time(hour) };
  const middle = 10 + Math.floor(rows / 2);
  const cases = {
    'changes, newest page': () => chains.adminLog(51),
    'changes, a page in the middle': () => chains.adminLog(51, { before: middle }),
    'changes of an hour long ago': () => chains.adminLog(51, longAgo),
    'changes before a day long ago': () => chains.adminLog(51, { until: time(start) }),
    'of one user': () => chains.adminLog(51, { actor: 'Bob' }),
    'of a user who made none for long': () => chains.adminLog(51, { actor: 'Dora' }),
    'of a user who made none': () => chains.adminLog(51, { actor: 'Nobody' }),
    'of one kind': () => chains.adminLog(51, { action: 'app.policy' }),
    'of a group of kinds': () => chains.adminLog(51, { action: 'review' }),
    'of a kind that there is none of': () => chains.adminLog(51, { action: 'batch' }),
    'to one thing': () => chains.adminLog(51, { target: 'request-4711' }),
    'of a user, of a kind that this one made none of': () =>
      chains.adminLog(51, { actor: 'Bob', action: 'api_key' }),
    'of a user, in an hour long ago': () => chains.adminLog(51, { actor: 'Ann', ...longAgo }),
    'of a kind, in an hour long ago': () => chains.adminLog(51, { action: 'app', ...longAgo }),
    'of a user, to one thing': () => chains.adminLog(51, { actor: 'Ann', target: 'request-4711' }),
  };
  if (batches !== null) {
    const [, last] = await batches.list({}, 2);
    Object.assign(cases, {
      'batches of all apps, newest page': () => batches.list({}, 51),
      'batches of all apps, next page': () => batches.list({ after: last.batchId }, 51),
      'batches of an app that made none for long': () => batches.list({ appid: '1000100' }, 51),
      'batches of one app': () => batches.list({ appid: '1000042' }, 51),
    });
  }
  for (const [name, run] of Object.entries(cases)) {
    const { median, slowest } = await measure(run);
    console.log(
      `${String(rows).padStart(9)} rows  ${name.padEnd(48)} median ${median.toFixed(1).padStart(8)} ms   slowest ${slowest.toFixed(1).padStart(8)} ms`,
    );
  }
  await store.close();
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
// The server of the bench ends with this process.
process.exit();
