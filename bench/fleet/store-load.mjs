/**
 * The calls to the store that one request makes, in their order, with the judgement replaced by nothing but its wait; a process of its own.
 * Reads one JSON job from standard input, prints one JSON result.
 */
import { text } from 'node:stream/consumers';
import { openStore } from '../../dist/store/open.js';

const { options, app, waitMs, lanes, seconds, name } = JSON.parse(await text(process.stdin));
const store = await openStore(options);
const until = performance.now() + seconds * 1000;
const took = [];
let next = 0;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function request() {
  const requestId = `${name}-${next++}`;
  const began = performance.now();
  await store.accounts.findSecret(app.secretId);
  await store.accounts.findApp(app.appid);
  await store.replay.remember(requestId, new Date(Date.now() + 930_000));
  if (store.rates !== null) await store.rates.take(app.appid, 1e6, 1e6);
  await store.usage.consume(app.appid, '2026-11-28', 1e9);
  const before = performance.now() - began;
  await wait(waitMs);
  const after = performance.now();
  await store.ledger.append({ ...row, at: new Date(), requestId });
  took.push(before + performance.now() - after);
}

const row = {
  kind: 'judged',
  requests: 1,
  appid: app.appid,
  secretId: app.secretId,
  source: 'bytes',
  pictureBytes: 105_848,
  pictureSha256: 'ab'.repeat(32),
  code: 0,
  verdict: 'live',
  score: 93,
  rawScore: 93.25,
  reasons: [],
  models: { a: 'cd'.repeat(32), b: 'ef'.repeat(32), c: '01'.repeat(32) },
  milliseconds: 87.5,
  callerAddress: '192.0.2.7',
  explanation: null,
};

const cpu = process.cpuUsage();
const start = performance.now();
await Promise.all(
  Array.from({ length: lanes }, async () => {
    while (performance.now() < until) await request();
  }),
);
const spent = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
await store.close();
took.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    requests: took.length,
    perSecond: took.length / spent,
    p50: took[took.length >> 1],
    p99: took[Math.floor(took.length * 0.99)],
    cpuSeconds: (used.user + used.system) / 1e6,
  }),
);
