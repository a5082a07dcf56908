/** Cost against idle connections: opened and kept by a process of their own, each after one request. */
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sign } from '../../dist/account/signature/signature.js';
import { openStore } from '../../dist/store/open.js';
import { median, processUse } from '../support.mjs';
import { least } from './fit.mjs';
import { cpuMs, startScript, startService } from './processes.mjs';
import { scratchFolder } from './stores.mjs';

const secret = { secretId: 'AKID000000000001', secretKey: 'k'.repeat(32) };
const appid = '1000000001';

/** Idle connections stay for the whole measurement, and all of them may come from one address. */
const roomy = {
  LIVESTILL_TIMEOUTS_KEEP_ALIVE_MS: '600000',
  LIVESTILL_CONNECTIONS_MAX: '6000',
  LIVESTILL_CONNECTIONS_MAX_PER_ADDRESS: '6000',
};

/** Open files a process may have, from `/proc` (Linux). */
async function openFilesLimit() {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const found = /Max open files\s+(\S+)/.exec(limits)?.[1];
  return found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found ?? 1024);
}

async function requests(service, seconds) {
  const issued = Math.floor(Date.now() / 1000) - 5;
  const content = { appid, secretId: secret.secretId, issued, expires: issued + 3600, rand: 1 };
  const calls = [{ authorization: sign(content, secret.secretKey), body: JSON.stringify({ appid }) }];
  const before = await cpuMs(service.pid);
  const script = startScript('requests.mjs', { url: service.url, calls, connections: 1, seconds });
  const { latencies } = await script.done;
  script.end();
  return { p50: median(latencies), cpu: ((await cpuMs(service.pid)) - before) / latencies.length };
}

async function measure(service, count, idleSeconds, seconds) {
  const holder = startScript('idle.mjs', { url: service.url, count });
  await holder.isReady;
  await sleep(500);
  const heldMb = (await service.heldBytes()) / 2 ** 20;
  const { rssMb } = await processUse(service.pid);
  const before = await cpuMs(service.pid);
  await sleep(idleSeconds * 1000);
  const idle = ((await cpuMs(service.pid)) - before) / idleSeconds;
  const { p50, cpu } = await requests(service, seconds);
  holder.end();
  const { closed } = await holder.done;
  if (closed > 0) throw new Error(`the service closed ${closed} of ${count} idle connections`);
  return { heldMb, rssMb, idle, p50, cpu };
}

export async function connections({ small, say }) {
  const limit = await openFilesLimit();
  const wanted = small ? [0, 10, 100, 500] : [0, 10, 100, 1000, 5000];
  const sizes = wanted.filter((size) => size + 200 < limit);
  const rounds = small ? 1 : 3;
  const data = await scratchFolder('idle');
  const store = await openStore({ dataDir: data, thread: false });
  await store.accounts.createApp({ appid, name: 'bench' }, secret);
  await store.close();
  const measured = sizes.map((size) => ({ size, heldMb: [], rssMb: [], idle: [], p50: [], cpu: [] }));
  try {
    for (let round = 0; round < rounds; round++) {
      // Anew each round and upwards: memory that was once taken is not given back at once.
      const service = await startService(data, { env: roomy, metered: true });
      try {
        // So long that the code is compiled: the first size is not to look dear.
        await requests(service, small ? 2 : 6);
        for (const one of measured) {
          say(`connections: ${one.size}, round ${round + 1} of ${rounds}`);
          const found = await measure(service, one.size, 2, small ? 0.7 : 1.5);
          for (const [name, value] of Object.entries(found)) one[name].push(value);
        }
      } finally {
        await service.stop();
      }
    }
  } finally {
    await rm(data, { recursive: true, force: true });
  }
  const points = (name) => measured.map((one) => [one.size, median(one[name])]);
  const none = median(measured[0].heldMb);
  const beyond = (one) => median(one.heldMb) - none;
  const notes = [
    `Median of ${rounds} rounds, a fresh service each; of p50 the least. Held: what Node has on its heap and beside it after collecting garbage, without the system's own buffers. Idle: processor ms a second with no request at all. A request: as for the apps, one after another on a connection of its own.`,
  ];
  if (sizes.length < wanted.length)
    notes.push(
      `Left out, as a process may open ${limit} files here: ${wanted.slice(sizes.length).join(', ')}.`,
    );
  return {
    name: 'connections',
    title: 'Cost against idle connections',
    axis: 'idle connections',
    rows: [
      [
        'connections',
        'resident MB',
        'held MB',
        'kB a connection',
        'idle, ms a second',
        'a request: p50',
        'a request, ms',
      ],
      ...measured.map((one) => [
        String(one.size),
        median(one.rssMb).toFixed(0),
        median(one.heldMb).toFixed(1),
        one.size < 100 ? '-' : ((beyond(one) * 1024) / one.size).toFixed(1),
        median(one.idle).toFixed(2),
        least(one.p50).toFixed(2),
        median(one.cpu).toFixed(3),
      ]),
    ],
    notes,
    series: [
      {
        name: 'memory of the service',
        unit: 'MB held beyond that without connections',
        work: 1,
        points: measured.filter((one) => one.size >= 100).map((one) => [one.size, beyond(one)]),
      },
      { name: 'idle', unit: 'processor ms a second', work: 0, points: points('idle') },
      {
        name: 'a request among them',
        unit: 'p50 ms',
        work: 0,
        points: measured.map((one) => [one.size, least(one.p50)]),
      },
      { name: 'a request among them', unit: 'processor ms', work: 0, points: points('cpu') },
    ],
  };
}
