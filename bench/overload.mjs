/**
 * npm run bench:overload [-- --profile careful] [-- --seconds N] [-- --times N] [-- --json]
 *
 * The service under 3 times the rate it can do, through real HTTP with signature and ledger on. One app floods, another asks for a tenth
 * of what the service can do. Shown against its targets: how long those admitted take, what the service still
 * gets done, memory, whether health is answered all the while, and whether the quiet app is served. The load
 * generator runs on the same processors; what it costs is printed.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { availableParallelism, cpus } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { livestill, mean, percentile, portrait, printTable, processUse, startServer } from './support.mjs';

const { values: options } = parseArgs({
  options: {
    profile: { type: 'string', default: 'fast' },
    seconds: { type: 'string', default: '12' },
    times: { type: 'string', default: '3' },
    workers: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
const times = Number(options.times);
const workers = Number(options.workers ?? availableParallelism());
const boundMs = 3000;
/** Share of what the service can do that the quiet app asks for. */
const quietShare = 0.1;
const say = options.json ? () => {} : console.log;

const server = await startServer({
  args: ['--workers', String(workers)],
  env: { LIVESTILL_PROFILE: options.profile, LIVESTILL_QUEUE_WAIT_MS: String(boundMs) },
});
const picture = await portrait(720, 960);

async function jobOf({ appid, authorization }) {
  const boundary = 'livestill-bench';
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="appid"\r\n\r\n${appid}\r\n--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`,
    ),
    picture,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return {
    url: server.url,
    body: body.toString('base64'),
    headers: { authorization, 'content-type': `multipart/form-data; boundary=${boundary}` },
  };
}

/** A second app, made while the service runs. */
async function quietApp() {
  const { appid } = JSON.parse(await livestill('app', 'create', '--data', server.data, '--json'));
  const { signature } = JSON.parse(
    await livestill('sign', '--data', server.data, '--appid', appid, '--json'),
  );
  return { appid, authorization: signature };
}

async function load(job, more) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('load.mjs', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(JSON.stringify({ ...job, ...more }));
  const result = JSON.parse(await text(child.stdout));
  const refused = result.codes['-5802'] ?? 0;
  const answers = Object.values(result.codes).reduce((sum, count) => sum + count, 0);
  return { ...result, refused, other: answers - refused - result.answered, answers };
}

/** Asks for health ten times a second and looks at the service's memory once a second, while `work` runs. */
async function watched(work) {
  const health = { asked: 0, failed: 0, maxMs: 0 };
  const memory = [];
  let watching = true;
  const since = performance.now();
  const ask = () =>
    new Promise((resolve) => {
      const start = performance.now();
      const done = (good) => {
        health.asked++;
        if (!good) health.failed++;
        health.maxMs = Math.max(health.maxMs, performance.now() - start);
        resolve();
      };
      get(new URL('/healthz', server.admin), { timeout: 5000 }, (res) => {
        res.resume();
        res.on('end', () => done(res.statusCode === 200));
      })
        .on('timeout', function () {
          this.destroy(new Error('no answer'));
        })
        .on('error', () => done(false));
    });
  const loop = (async () => {
    while (watching) {
      await ask();
      // Not more often: counting shared pages once takes the system a while.
      if (memory.length * 1000 < performance.now() - since) memory.push((await processUse(server.pid)).rssMb);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const result = await work();
  watching = false;
  await loop;
  return { result, health, memory };
}

/** Processor seconds that all processes of the machine have taken, from `/proc` (Linux). */
async function machineSeconds() {
  const [user, nice, system, , , irq, softirq] = (await readFile('/proc/stat', 'utf8'))
    .split('\n', 1)[0]
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq) / 100;
}

/** One after the other: alone, as fast as it goes, three times that, as fast as it goes again. */
async function round(flood, quiet) {
  const alone = await load(flood, { connections: 1, seconds: seconds / 2 });
  const useAtBest = await processUse(server.pid);
  const fullLoad = () => load(flood, { connections: workers * 2, seconds });
  // Asking for health and looking at memory takes its share of the machine, so it goes on while the best is measured too.
  const { result: best } = await watched(fullLoad);
  const useBefore = await processUse(server.pid);
  const machineBefore = await machineSeconds();
  const {
    result: [crowd, other],
    health,
    memory,
  } = await watched(() =>
    Promise.all([
      load(flood, { rate: 3 * best.perSecond, seconds }),
      load(quiet, { rate: quietShare * best.perSecond, seconds }),
    ]),
  );
  const useAfter = await processUse(server.pid);
  const machineAfter = await machineSeconds();
  const { result: again } = await watched(fullLoad);
  const unloadedP99Ms = percentile(alone.latencies, 0.99);
  // What it can do just before and just after: a machine that others use too changes its pace within a minute.
  const bestPerSecond = (best.answered + again.answered) / (best.seconds + again.seconds);
  const admitted = [...crowd.latencies, ...other.latencies];
  const perSecond = admitted.length / Math.max(crowd.seconds, other.seconds);
  const third = Math.floor(memory.length / 3);
  const middleMb = mean(memory.slice(third, 2 * third));
  const cpuSeconds = useAfter.cpuSeconds - useBefore.cpuSeconds;
  const generatorCpuSeconds = crowd.cpuSeconds + other.cpuSeconds;
  return {
    unloadedP99Ms,
    bestPerSecond,
    askedPerSecond: 3 * best.perSecond + quietShare * best.perSecond,
    perSecond,
    ratioToBest: perSecond / bestPerSecond,
    limitMs: 1.5 * unloadedP99Ms + boundMs,
    admittedP50Ms: percentile(admitted, 0.5),
    admittedP99Ms: percentile(admitted, 0.99),
    admittedMaxMs: Math.max(...admitted),
    admitted: admitted.length,
    refused: crowd.refused + other.refused,
    otherAnswers: crowd.other + other.other,
    quietAsked: other.answers,
    quietRefused: other.refused,
    quietP99Ms: percentile(other.latencies, 0.99),
    rssMb: middleMb,
    rssGrowth: mean(memory.slice(2 * third)) / middleMb - 1,
    healthAsked: health.asked,
    healthFailed: health.failed,
    healthMaxMs: health.maxMs,
    cpuMsBest: ((useBefore.cpuSeconds - useAtBest.cpuSeconds) * 1000) / best.answered,
    cpuMs: (cpuSeconds * 1000) / admitted.length,
    cpuSeconds,
    generatorCpuSeconds,
    othersCpuSeconds: machineAfter - machineBefore - cpuSeconds - generatorCpuSeconds,
    beforePerSecond: best.perSecond,
    againPerSecond: again.perSecond,
  };
}

/** What each target asks, from one round: its name, the value found, the value wanted, whether it is met. */
const targets = (r) => [
  [
    'longest of those admitted, ms',
    r.admittedMaxMs.toFixed(0),
    `<= ${r.limitMs.toFixed(0)}`,
    r.admittedMaxMs <= r.limitMs,
  ],
  ['throughput / best', r.ratioToBest.toFixed(3), '>= 0.9', r.ratioToBest >= 0.9],
  ['memory, last third / middle third', (1 + r.rssGrowth).toFixed(3), '<= 1.05', r.rssGrowth <= 0.05],
  ['health not answered', `${r.healthFailed} of ${r.healthAsked}`, '0', r.healthFailed === 0],
  ['quiet app refused', `${r.quietRefused} of ${r.quietAsked}`, '0', r.quietRefused === 0],
  ['answers that are neither', r.otherAnswers, '0', r.otherAnswers === 0],
];

try {
  const flood = await jobOf(server);
  const quiet = await jobOf(await quietApp());
  // A service that has been running for a while: long enough for the runtime to have compiled the path of a refusal too.
  const first = await load(flood, { connections: workers, seconds: 3 });
  await load(flood, { rate: 4 * first.perSecond, seconds: 40 });
  const rounds = [];
  say(
    `livestill bench:overload: ${cpus()[0].model}, ${availableParallelism()} processors, Node ${process.version}`,
  );
  say(
    `${workers} workers, profile ${options.profile}, 720 x 960 JPEG of ${picture.length} bytes, queue of ${boundMs} ms`,
  );
  for (let at = 1; at <= times; at++) {
    const r = await round(flood, quiet);
    rounds.push(r);
    if (options.json) continue;
    say(`\nround ${at} of ${times}`);
    printTable([
      ['target', 'found', 'wanted', 'met'],
      ...targets(r).map(([name, found, wanted, met]) => [name, found, wanted, met ? 'yes' : 'NO']),
    ]);
    say(
      `best ${r.bestPerSecond.toFixed(1)}/s (before ${r.beforePerSecond.toFixed(1)}, after ${r.againPerSecond.toFixed(1)}), asked ${r.askedPerSecond.toFixed(1)}/s, judged ${r.perSecond.toFixed(1)}/s (${r.admitted}), refused ${r.refused}`,
    );
    say(
      `unloaded p99 ${r.unloadedP99Ms.toFixed(0)} ms; admitted p50 ${r.admittedP50Ms.toFixed(0)}, p99 ${r.admittedP99Ms.toFixed(0)} ms; quiet app p99 ${r.quietP99Ms.toFixed(0)} ms`,
    );
    say(
      `health ${r.healthMaxMs.toFixed(0)} ms at most; memory ${r.rssMb.toFixed(0)} MB; service CPU a judged picture ${r.cpuMs.toFixed(1)} ms, at best ${r.cpuMsBest.toFixed(1)} ms; CPU ${r.cpuSeconds.toFixed(1)} s service, ${r.generatorCpuSeconds.toFixed(1)} s load generator, ${r.othersCpuSeconds.toFixed(1)} s everything else on this machine`,
    );
  }
  const whole = mean(rounds.map((r) => r.perSecond)) / mean(rounds.map((r) => r.bestPerSecond));
  say(`\nall rounds together: throughput / best ${whole.toFixed(3)}`);
  if (options.json) {
    const met = rounds.map((r) => targets(r).every(([, , , good]) => good));
    console.log(JSON.stringify({ workers, profile: options.profile, boundMs, met, rounds }));
  }
} finally {
  await server.stop();
}
