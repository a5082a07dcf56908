// How long the console's pages wait for the ledger: pages of a search, one decision, activity of a period, as the ledger grows.
//   npm run -s build && node bench/console.mjs [ROWS ...]   (default: 10000 100000 1000000)
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newestRows } from '../dist/console/apps.js';
import { openStore } from '../dist/store/open.js';
import { emptyLedger, fillLedger, rowEveryMs, someRequestIds } from './growth/ledger-rows.mjs';

const given = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : [10_000, 100_000, 1_000_000];
const REPEATS = 15;

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

const dataDir = await mkdtemp(join(tmpdir(), 'livestill-bench-console-'));
try {
  await emptyLedger(dataDir);
  let rows = 0;
  const begin = Date.now() - Math.max(...sizes) * rowEveryMs;
  for (const size of sizes) {
    await fillLedger(dataDir, begin, rows, size, (done) =>
      process.stderr.write(`\r${done} rows of ${size}   `),
    );
    process.stderr.write('\n');
    rows = size;
    const ids = someRequestIds(dataDir, REPEATS);
    const store = await openStore({ dataDir });
    const { ledger } = store;
    const end = begin + size * rowEveryMs + 1;
    const middle = { at: new Date(begin + (size / 2) * rowEveryMs), id: 2 ** 40 };
    const period = (minutes) => ({ since: new Date(end - minutes * 60_000), until: new Date(end) });
    const cases = {
      'newest page': () => ledger.search({}, null, 50),
      'a page in the middle': () => ledger.search({}, middle, 50),
      'an app, newest page': () => ledger.search({ appid: '1000042' }, null, 50),
      'a verdict, newest page': () => ledger.search({ verdict: 'attack' }, null, 50),
      'a reason that no row has, one window': () => ledger.search({ reason: 'NOISY' }, null, 50),
      'only for review, none there': () => ledger.search({ review: true }, null, 50),
      'one request': (i) => ledger.latest({ requestId: ids[i] }, 20),
      'calls of an hour, all apps': () => store.console.recentUse(null, period(60).since),
      'calls of an hour, one app': () => store.console.recentUse('1000042', period(60).since),
      'preview of a policy, one app': () => readAll(newestRows(ledger).read({ appid: '1000042' })),
      'activity of an hour': () => ledger.activity({ ...period(60), step: 60_000 }),
      'activity of 30 days': () => ledger.activity({ ...period(43_200), step: 21_600_000 }),
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
