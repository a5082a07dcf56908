// What one call of the store takes, on SQLite and on a PostgreSQL database, in the same run.
// LIVESTILL_STORE=postgres://… node bench/stores.mjs [calls]      (build first; the database should be empty)
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../dist/store/open.js';

const calls = Number(process.argv[2] ?? 500);
const url = process.env.LIVESTILL_STORE;
const folder = mkdtempSync(join(tmpdir(), 'livestill-bench-'));
const settings = {
  url,
  password: null,
  caFile: null,
  poolSize: 10,
  connectTimeoutMs: 3000,
  statementTimeoutMs: 4000,
  migrateAtStart: true,
};
const row = (requestId) => ({
  kind: 'judged',
  requests: 1,
  at: new Date(),
  requestId,
  appid: '1',
  secretId: 'AKIDbench0000001',
  source: 'bytes',
  pictureBytes: 123456,
  pictureSha256: 'ab'.repeat(32),
  code: 0,
  verdict: 'live',
  score: 93,
  rawScore: 93.25,
  reasons: [],
  models: { a: 'cd'.repeat(32) },
  milliseconds: 187.5,
  callerAddress: '192.0.2.7',
  explanation: null,
});
const until = new Date(Date.now() + 900_000);
const run = Math.random().toString(16).slice(2);

/** Milliseconds of each of `calls` calls, `lanes` at a time, and calls a second. */
async function measure(lanes, call) {
  const took = [];
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (next < calls) {
        const i = next++;
        const at = performance.now();
        await call(i);
        took.push(performance.now() - at);
      }
    }),
  );
  took.sort((a, b) => a - b);
  const at = (share) => took[Math.floor(share * (took.length - 1))].toFixed(2);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${Math.round((calls * 1000) / (performance.now() - began))} a second`;
}

async function bench(name, options) {
  const store = await openStore({ dataDir: join(folder, name), ...options });
  try {
    await store.accounts.createApp(
      { appid: `1${Date.now()}`, name: 'bench' },
      { secretId: `AKID${run}${name}`, secretKey: 'k'.repeat(32) },
    );
    for (const lanes of [1, 32]) {
      console.log(`${name}, ${lanes} at a time`);
      console.log('  findSecret', await measure(lanes, () => store.accounts.findSecret(`AKID${run}${name}`)));
      console.log(
        '  remember  ',
        await measure(lanes, (i) => store.replay.remember(`${run}-${lanes}-${i}`, until)),
      );
      console.log('  consume   ', await measure(lanes, () => store.usage.consume('1', '2026-11-28', 1e9)));
      if (store.rates !== null)
        console.log('  rate      ', await measure(lanes, () => store.rates.take('1', 1e6, 1e6)));
      console.log('  append    ', await measure(lanes, (i) => store.ledger.append(row(`${lanes}-${i}`))));
    }
  } finally {
    await store.close();
  }
}

try {
  await bench('sqlite', {});
  if (url !== undefined) await bench('postgres', { postgres: settings });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
