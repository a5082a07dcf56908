// What a row of the ledger costs, with SQLite in a thread of its own and in the main thread, and which share of a picture's cost that is.
// npm run build && node bench/ledger.mjs
// A slow disk can be imitated (Linux, strace): each sync takes 20 ms longer.
// strace -f -q -o /dev/null -e trace=fdatasync,fsync -e inject=fdatasync,fsync:delay_exit=20000 node bench/ledger.mjs
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLiveness } from '../dist/engine.js';
import { CHAIN_START, contentDigest, linkHash } from '../dist/ledger/chain.js';
import { chainedValues, formOf, modelsText, toColumns } from '../dist/store/core/ledger-columns.js';
import { openStore } from '../dist/store/open.js';
import { portrait } from './support.mjs';

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
    review: false,
    faceCount: 1,
    quality: [{ name: 'Sharpness', value: 12.5, unit: 'variance of the Laplacian', min: 40, max: null }],
    measured: {
      FaceWidth: 180.6,
      InterEyeDistance: 74.95,
      HeadPoseYaw: -12.34,
      HeadPosePitch: 3.12,
      PictureWidth: 1080,
      PictureHeight: 1440,
      FacePadding: 105.12,
    },
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
  const cpu = process.cpuUsage();
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
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(timer);
  await store.close();
  rmSync(dataDir, { recursive: true });
  return {
    thread: thread ? 'own' : 'main',
    'rows at once': atOnce,
    'rows a second': Math.round(times.length / seconds),
    'processor ms a row': Number(((user + system) / 1000 / times.length).toFixed(3)),
    'row, median ms': Number(quantile(times, 0.5).toFixed(2)),
    'row, 99 % ms': Number(quantile(times, 0.99).toFixed(2)),
    'event loop late, median ms': Number(quantile(lags, 0.5).toFixed(2)),
    'event loop late, most ms': Number(Math.max(...lags).toFixed(1)),
  };
}

/** Processor time of the chain alone (digest and link of one row), in ms, and of a judgement by profile. */
async function shares() {
  const columns = toColumns(row);
  const models = modelsText(row);
  const many = 20_000;
  let hash = CHAIN_START;
  const chain = processorMs(() => {
    for (let id = 1; id <= many; id++) {
      hash = linkHash(
        hash,
        contentDigest(formOf(columns), 'ab'.repeat(16), chainedValues(id, columns, models, 'cd'.repeat(32))),
      );
    }
  });
  const picture = await portrait(720, 960);
  const judged = {};
  for (const profile of ['careful', 'fast']) {
    const liveness = await createLiveness({ profile });
    for (let i = 0; i < 3; i++) await liveness.judge(picture);
    judged[profile] =
      (await processorMs(async () => {
        for (let i = 0; i < 15; i++) await liveness.judge(picture);
      })) / 15;
    await liveness.close();
  }
  return { chain: (await chain) / many, ...judged };
}

async function processorMs(work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const results = [];
for (const thread of [false, true]) {
  for (const atOnce of [1, 16, 64]) results.push(await measure(thread, atOnce));
}
process.stdout.write(
  `Node ${process.version}, ${cpus().length} processors, a sync of 4 kB takes ${syncCost().toFixed(2)} ms\n`,
);
console.table(results);

const { chain, careful, fast } = await shares();
process.stdout.write(
  `Processor ms: the chain of a row ${chain.toFixed(3)}, a judgement ${careful.toFixed(1)} (careful), ${fast.toFixed(1)} (fast)\n`,
);
const row16 = results.find((one) => one.thread === 'own' && one['rows at once'] === 16)['processor ms a row'];
for (const [name, cost] of [
  ['careful', careful],
  ['fast', fast],
]) {
  const share = (ms) => `${((100 * ms) / (cost + row16)).toFixed(2)} %`;
  process.stdout.write(
    `${name}: a row is ${share(row16)} of a picture's processor time, its chain ${share(chain)}\n`,
  );
}
