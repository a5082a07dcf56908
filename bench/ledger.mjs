// What a row of the ledger costs, with SQLite in a thread of its own and in the main thread.
// npm run build && node bench/ledger.mjs
// A slow disk can be imitated (Linux, strace): each sync takes 20 ms longer.
// strace -f -q -o /dev/null -e trace=fdatasync,fsync -e inject=fdatasync,fsync:delay_exit=20000 node bench/ledger.mjs
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../dist/store/open.js';

const row = {
  kind: 'judged',
  requests: 1,
  at: new Date(),
  requestId: '',
  appid: '1000001',
  secretId: 'AKIDsomebody0001',
  source: 'bytes',
  pictureBytes: 200_000,
  pictureSha256: 'ab'.repeat(32),
  code: 0,
  verdict: 'live',
  score: 93,
  rawScore: 93.25,
  reasons: ['blurred'],
  models: { one: 'cd'.repeat(32), two: 'ef'.repeat(32), three: '01'.repeat(32) },
  milliseconds: 187.5,
  callerAddress: '192.0.2.7',
  explanation: {
    api: 'v1',
    http: 200,
    version: '0.0.0',
    profile: 'careful',
    threshold: 87,
    policy: { hash: '12'.repeat(32), content: { profile: 'careful', threshold: 87 } },
    liveProbability: 0.912_345,
    faceCount: 1,
    quality: [{ name: 'Sharpness', value: 12.5, unit: 'variance of the Laplacian', min: 40, max: null }],
    cards: {},
    reference: null,
  },
};

const quantile = (values, q) =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
const folder = () => mkdtempSync(join(tmpdir(), 'livestill-bench-'));

/** Median of a sync of 4 kB, in ms: what no row can be cheaper than. */
function syncCost() {
  const dir = folder();
  const file = openSync(join(dir, 'sync'), 'w');
  const times = Array.from({ length: 50 }, () => {
    writeSync(file, Buffer.alloc(4096));
    const begin = performance.now();
    fsyncSync(file);
    return performance.now() - begin;
  });
  closeSync(file);
  rmSync(dir, { recursive: true });
  return quantile(times, 0.5);
}

/** Append for about two seconds, `atOnce` rows at a time. */
async function measure(thread, atOnce) {
  const dataDir = folder();
  const store = await openStore({ dataDir, thread });
  const times = [];
  const lags = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    lags.push(Math.max(0, now - last - 5));
    last = now;
  }, 5);
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() - begin < 2000) {
        const asked = performance.now();
        await store.ledger.append({ ...row, requestId: String(times.length) });
        times.push(performance.now() - asked);
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1000;
  clearInterval(timer);
  await store.close();
  rmSync(dataDir, { recursive: true });
  return {
    thread: thread ? 'own' : 'main',
    'rows at once': atOnce,
    'rows a second': Math.round(times.length / seconds),
    'row, median ms': Number(quantile(times, 0.5).toFixed(2)),
    'row, 99 % ms': Number(quantile(times, 0.99).toFixed(2)),
    'event loop late, median ms': Number(quantile(lags, 0.5).toFixed(2)),
    'event loop late, most ms': Number(Math.max(...lags).toFixed(1)),
  };
}

const results = [];
for (const thread of [false, true]) {
  for (const atOnce of [1, 16, 64]) results.push(await measure(thread, atOnce));
}
process.stdout.write(
  `Node ${process.version}, ${cpus().length} processors, a sync of 4 kB takes ${syncCost().toFixed(2)} ms\n`,
);
console.table(results);
