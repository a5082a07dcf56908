// How long the console's pages wait for the ledger, as it grows: pages of a search, one decision, activity and scores of a period,
// the review queue.
//   npm run -s build && node bench/console.mjs [--postgres] [ROWS ...]   (default: 10000 100000 1000000)
// With --postgres in a PostgreSQL server that is started for it (Debian: postgresql), else in SQLite.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newestRows } from '../dist/console/apps.js';
import { openStore } from '../dist/store/open.js';
import { openConnection } from '../dist/store/sqlite/connection.js';
import { startPostgres } from './fleet/servers.mjs';
import { emptyLedger, fillLedger, rowEveryMs, scored, someRequestIds } from './growth/ledger-rows.mjs';
import {
  emptyPostgres,
  fillPostgres,
  markMostOf,
  postgresStore,
  scored as scoredInPostgres,
  someRequestIdsOf,
} from './growth/postgres-rows.mjs';

const isPostgres = process.argv.includes('--postgres');
const given = process.argv
  .slice(2)
  .filter((one) => !one.startsWith('--'))
  .map(Number);
const sizes = given.length > 0 ? given : [10_000, 100_000, 1_000_000];
const REPEATS = 15;

const actor = { kind: 'system', name: 'bench', from: '' };

/** Marks all decisions for review but the oldest hundred, so that the open ones lie behind all of these. */
function markMost(dataDir) {
  const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  connection.script(`insert or ignore into review_mark select id, at, appid, case when id % 10 = 0 then 'wrong' else 'right' end,
    '', 1, at, 'ada' from ledger where review = 1 and (at, id) > (select at, id from ledger where review = 1 order by at, id limit 1 offset 100)`);
  connection.close();
}

/** Median and slowest of several runs, in milliseconds. */
async function measure(run) {
  const spent = [];
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    await run(i);
    spent.push(performance.now() - start);
  }
  spent.sort((a, b) => a - b);
  return { median: spent[Math.floor(REPEATS / 2)], slowest: spent[REPEATS - 1] };
}

/** Reads rows to the end; how many. */
async function readAll(rows) {
  let count = 0;
  for await (const _ of rows) count++;
  return count;
}

/** The ledger that is filled, and how its store is opened. */
async function ledgerIn(dataDir) {
  if (!isPostgres)
    return {
      options: { dataDir },
      empty: () => emptyLedger(dataDir),
      fill: async (...range) => {
        await fillLedger(dataDir, ...range, scored);
        markMost(dataDir);
      },
      requestIds: (count) => someRequestIds(dataDir, count),
    };
  const url = await (await startPostgres()).newDatabase('console');
  return {
    options: postgresStore(dataDir, url),
    empty: () => emptyPostgres(dataDir, url),
    fill: async (...range) => {
      await fillPostgres(url, ...range, scoredInPostgres);
      await markMostOf(url);
    },
    requestIds: (count) => someRequestIdsOf(url, count),
  };
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
const dataDir = await mkdtemp(join(tmpdir(), 'livestill-bench-console-'));
try {
  const place = await ledgerIn(dataDir);
  await place.empty();
  let rows = 0;
  const begin = Date.now() - Math.max(...sizes) * rowEveryMs;
  for (const size of sizes) {
    await place.fill(begin, rows, size, (done) => process.stderr.write(`\r${done} rows of ${size}   `));
    process.stderr.write('\n');
    rows = size;
    const ids = await place.requestIds(REPEATS);
    const store = await openStore(place.options);
    const { ledger, review } = store;
    const { items } = await review.reviewPage({ state: 'all' }, null, REPEATS);
    const reviewed = items.map(({ row }) => row.requestId);
    const end = begin + size * rowEveryMs + 1;
    const middle = { at: new Date(begin + (size / 2) * rowEveryMs), id: 2 ** 40 };
    const period = (minutes) => ({ since: new Date(end - minutes * 60_000), until: new Date(end) });
    const dayStart = begin + (size / 4) * rowEveryMs;
    const dayLongAgo = { since: new Date(dayStart), until: new Date(dayStart + 86_400_000) };
    const lateThatDay = { at: new Date(dayStart + 300_000), id: 2 ** 40 };
    const cases = {
      'newest page': () => ledger.search({}, null, 50),
      'a page in the middle': () => ledger.search({}, middle, 50),
      'an app, newest page': () => ledger.search({ appid: '1000042' }, null, 50),
      'a verdict, newest page': () => ledger.search({ verdict: 'attack' }, null, 50),
      'a reason that no row has, one window': () => ledger.search({ reason: 'NOISY' }, null, 50),
      'only for review': () => ledger.search({ review: true }, null, 50),
      'one request': (i) => ledger.latest({ requestId: ids[i] }, 20),
      'calls of an hour, all apps': () => store.console.recentUse(null, period(60).since),
      'calls of an hour, one app': () => store.console.recentUse('1000042', period(60).since),
      'preview of a policy, one app': () => readAll(newestRows(ledger).read({ appid: '1000042' })),
      'activity of an hour': () => ledger.activity({ ...period(60), step: 60_000 }),
      'activity of 30 days': () => ledger.activity({ ...period(43_200), step: 21_600_000 }),
      'scores of an hour': () => ledger.scores(period(60)),
      'scores of 30 days': () => ledger.scores(period(43_200)),
      'scores of 30 days, an app': () => ledger.scores({ ...period(43_200), appid: '1000042' }),
      'review, all, newest page': () => review.reviewPage({ state: 'all' }, null, 50),
      'review, open, behind all the marked': () => review.reviewPage({ state: 'open' }, null, 50),
      'review, open, an app': () => review.reviewPage({ state: 'open', appid: '1000042' }, null, 50),
      'review, wrong': () => review.reviewPage({ state: 'wrong' }, null, 50),
      'review, all, of a day long ago': () => review.reviewPage({ state: 'all', ...dayLongAgo }, null, 50),
      'review, all, of that day, its end': () =>
        review.reviewPage({ state: 'all', ...dayLongAgo }, lateThatDay, 50),
      'review, open, of that day': () => review.reviewPage({ state: 'open', ...dayLongAgo }, null, 50),
      'review, wrong, of that day, an app': () =>
        review.reviewPage({ state: 'wrong', appid: '1000042', ...dayLongAgo }, null, 50),
      'review, marked, of that day, an app': () =>
        review.reviewPage({ state: 'marked', appid: '1000042', ...dayLongAgo }, null, 50),
    };
    if (reviewed.length === REPEATS)
      cases['a mark'] = (i) => {
        const note = `note ${i}`;
        return store
          .as(actor)
          .markDecision(reviewed[i], { mark: 'wrong', note, by: 'ada', row: null, ifVersion: null });
      };
    for (const [name, run] of Object.entries(cases)) {
      const { median, slowest } = await measure(run);
      console.log(
        `${String(size).padStart(9)} rows  ${name.padEnd(38)} median ${median.toFixed(1).padStart(8)} ms   slowest ${slowest.toFixed(1).padStart(8)} ms`,
      );
    }
    await store.close();
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
// The server of the bench ends with this process.
process.exit();
