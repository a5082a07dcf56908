/** Cost against the number of apps: real accounts in a real store, and services on top of it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sign } from '../../dist/account/signature/signature.js';
import { openStore } from '../../dist/store/open.js';
import { median } from '../support.mjs';
import { least } from './fit.mjs';
import { commandCost, cpuMs, startScript, startService } from './processes.mjs';
import { copyStore, scratchFolder, settle } from './stores.mjs';

const appidOf = (i) => String(1_000_000_000 + i);
const secretOf = (i) => ({
  secretId: `AKID${String(i).padStart(12, '0')}`,
  secretKey: `key${i}`.padEnd(32, 'x'),
});
const bucketOf = (i) => `bucket-${i}`;

/** Makes the apps from `from` to `to` through the account admin interface, some hundred at a time. */
async function makeApps(dataDir, from, to) {
  const { accounts, close } = await openStore({ dataDir, sync: 'normal', thread: false });
  for (let i = from; i < to; ) {
    const some = Math.min(2000, to - i);
    await Promise.all(
      Array.from({ length: some }, (_, k) =>
        accounts.createApp(
          { appid: appidOf(i + k), name: `app ${i + k}`, buckets: [bucketOf(i + k)] },
          secretOf(i + k),
        ),
      ),
    );
    i += some;
  }
  await close();
}

/** Signed requests of apps by chance, without a picture: they are refused once the signature, the account and the rate have passed. */
function callsOf(apps, bucket) {
  const issued = Math.floor(Date.now() / 1000) - 5;
  return Array.from({ length: Math.min(apps, 1000) }, () => {
    const i = Math.floor(Math.random() * apps);
    const { secretId, secretKey } = secretOf(i);
    const content = {
      appid: appidOf(i),
      secretId,
      bucket: bucket(i),
      issued,
      expires: issued + 3600,
      rand: i,
    };
    return { authorization: sign(content, secretKey), body: JSON.stringify({ appid: appidOf(i) }) };
  });
}

async function load(service, apps, bucket, code, seconds) {
  const before = await cpuMs(service.pid);
  const script = startScript('requests.mjs', {
    url: service.url,
    calls: callsOf(apps, bucket),
    connections: 2,
    seconds,
  });
  const { latencies, codes } = await script.done;
  script.end();
  if (Object.keys(codes).join() !== String(code))
    throw new Error(`expected code ${code}: ${JSON.stringify(codes)}`);
  return { cpuMs: ((await cpuMs(service.pid)) - before) / latencies.length, p50: median(latencies) };
}

export async function apps({ small, say }) {
  const sizes = small ? [1, 100, 1000] : [1, 10, 100, 1000, 10_000, 100_000];
  const rounds = small ? 1 : 3;
  const seconds = small ? 0.7 : 1;
  const folder = await scratchFolder('apps');
  const costs = ['ready', 'readyCpu', 'own', 'ownP50', 'foreign', 'foreignP50', 'list', 'listMs'];
  const measured = [];
  const running = [];
  try {
    let made = 0;
    for (const size of sizes) {
      say(`apps: making ${size}`);
      const master = join(folder, 'all');
      await makeApps(master, made, size);
      made = size;
      const data = join(folder, String(size));
      const bytes = await settle(master);
      await copyStore(master, data);
      measured.push({ size, data, bytes, ...Object.fromEntries(costs.map((name) => [name, []])) });
    }
    for (let round = 0; round < rounds; round++) {
      say(`apps: start-up and list, round ${round + 1} of ${rounds}`);
      for (const one of measured) {
        const service = await startService(one.data);
        one.ready.push(service.readyMs);
        one.readyCpu.push(service.readyCpuMs);
        await service.stop();
        const list = await commandCost('app', 'list', '--data', one.data);
        one.list.push(list.cpuMs);
        one.listMs.push(list.ms);
      }
    }
    for (const one of measured) running.push(await startService(one.data));
    for (let round = -1; round < rounds; round++) {
      say(`apps: requests, round ${round + 2} of ${rounds + 1}`);
      for (const [i, one] of measured.entries()) {
        const own = await load(running[i], one.size, bucketOf, -5805, seconds);
        const foreign = await load(running[i], one.size, () => 'of-nobody', 16, seconds);
        if (round < 0) continue;
        one.own.push(own.cpuMs);
        one.ownP50.push(own.p50);
        one.foreign.push(foreign.cpuMs);
        one.foreignP50.push(foreign.p50);
      }
    }
  } finally {
    for (const service of running) await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const points = (name) => measured.map((one) => [one.size, median(one[name])]);
  const text =
    (name, digits, of = median) =>
    (one) =>
      of(one[name]).toFixed(digits);
  const columns = [
    ['apps', (one) => String(one.size)],
    ['a request, ms', text('own', 3)],
    ['its p50', text('ownP50', 2, least)],
    ['foreign bucket, ms', text('foreign', 3)],
    ['its p50', text('foreignP50', 2, least)],
    ['start, ms', text('readyCpu', 0)],
    ['by the clock', text('ready', 0, least)],
    ['app list, ms', text('list', 0)],
    ['by the clock', text('listMs', 0, least)],
    ['file MB', (one) => (one.bytes / 1e6).toFixed(1)],
  ];
  return {
    name: 'apps',
    title: 'Cost against the number of apps',
    axis: 'apps',
    rows: [columns.map(([title]) => title), ...measured.map((one) => columns.map(([, cell]) => cell(one)))],
    notes: [
      `A request: signed, by one of the apps by chance, without a picture: refused (-5805) once signature, account and rate have passed. Foreign bucket: the signature names a bucket that is nobody's (16), so that all owners are asked. Processor ms, the median of ${rounds} rounds, of the service without its judging worker; p50 and by the clock: ms, the least.`,
    ],
    series: [
      { name: 'a signed request', unit: 'processor ms', work: 0, points: points('own') },
      {
        name: 'a signed request',
        unit: 'p50 ms',
        work: 0,
        points: measured.map((one) => [one.size, least(one.ownP50)]),
      },
      { name: 'a foreign bucket', unit: 'processor ms', work: 0, points: points('foreign') },
      { name: 'start-up', unit: 'processor ms', work: 0, points: points('readyCpu') },
      { name: 'app list', unit: 'processor ms', work: 1, points: points('list') },
    ],
  };
}
