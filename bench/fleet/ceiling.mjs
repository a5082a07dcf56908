import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../dist/store/open.js';
import { mean, processUse, sum } from '../support.mjs';

const nodes = 4;
const lanes = [1, 4, 16, 64];
const waitMs = 30;
const app = { appid: '1000001', secretId: 'AKIDbench0000001' };

/** How many requests the database bears: four processes that make a request's calls to it and wait in place of judging. */
export async function ceiling({ postgres, redis, seconds }) {
  const url = await postgres.newDatabase('ceiling');
  const settings = {
    url,
    password: null,
    caFile: null,
    poolSize: 10,
    connectTimeoutMs: 3000,
    statementTimeoutMs: 4000,
    migrateAtStart: true,
  };
  const folder = () => mkdtempSync(join(tmpdir(), 'livestill-bench-'));
  const masterKey = Buffer.alloc(32, 7).toString('base64');
  const optionsOf = (node) => ({
    dataDir: folder(),
    node,
    masterKey,
    postgres: settings,
    redis: redisOf(redis),
  });
  const store = await openStore(optionsOf('first'));
  await store.accounts.createApp(
    { appid: app.appid, name: 'bench' },
    { secretId: app.secretId, secretKey: 'k'.repeat(32) },
  );
  await store.close();
  const values = [];
  for (const each of lanes) {
    const before = { postgres: await processUse(postgres.pid), redis: await processUse(redis.pid) };
    const results = await Promise.all(
      Array.from({ length: nodes }, (_, i) =>
        child({ options: optionsOf(`node-${i}`), app, waitMs, lanes: each, seconds, name: `${each}-${i}` }),
      ),
    );
    const after = { postgres: await processUse(postgres.pid), redis: await processUse(redis.pid) };
    const requests = sum(results.map((one) => one.requests));
    const spent = (name) => ((after[name].cpuSeconds - before[name].cpuSeconds) * 1000) / requests;
    values.push({
      atOnce: nodes * each,
      perSecond: sum(results.map((one) => one.perSecond)),
      p50: mean(results.map((one) => one.p50)),
      p99: Math.max(...results.map((one) => one.p99)),
      postgresMs: spent('postgres'),
      redisMs: spent('redis'),
      nodeMs: (sum(results.map((one) => one.cpuSeconds)) * 1000) / requests,
    });
  }
  return {
    title: `The store's own ceiling: ${nodes} processes make a request's calls to the stores and wait ${waitMs} ms in place of judging`,
    rows: [
      ['requests at once', 'a second', 'store p50 ms', 'p99', 'CPU ms: PostgreSQL', 'Redis', 'node'],
      ...values.map((one) => [
        one.atOnce,
        one.perSecond.toFixed(0),
        one.p50.toFixed(1),
        one.p99.toFixed(1),
        one.postgresMs.toFixed(2),
        one.redisMs.toFixed(2),
        one.nodeMs.toFixed(2),
      ]),
    ],
    values,
  };
}

function child(job) {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [fileURLToPath(new URL('./store-load.mjs', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let out = '';
    started.stdout.on('data', (chunk) => {
      out += chunk;
    });
    started.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`a process of the load ended with ${code}`)),
    );
    started.stdin.end(JSON.stringify(job));
  });
}

const redisOf = ({ url }) => ({
  url,
  password: null,
  caFile: null,
  prefix: 'bench:',
  timeoutMs: 4000,
  signatureLifeMs: 930_000,
  signatureSkewMs: 30_000,
});
