/**
 * npm run bench:server [-- --profile fast] [-- --seconds N] [-- --rounds N] [-- --json]
 *
 * The service at full load through real HTTP, signature and ledger on, 720 x 960 JPEGs, against the floor of the same
 * run: decoding alone plus each network alone on one thread, times the number of workers. The same floor measured on all processors at
 * once, with the workers' settings, is printed too: what is left to the service itself. The load generator
 * runs on the same processors; what it costs is printed.
 */
import { spawn } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mean, percentile, portrait, printTable, processUse, startServer, sum } from './support.mjs';

const { values: options } = parseArgs({
  options: {
    profile: { type: 'string', default: 'careful' },
    seconds: { type: 'string', default: '15' },
    workers: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
const workers = Number(options.workers ?? availableParallelism());
const say = options.json ? () => {} : console.log;

/** Workers have their memory on large pages, which `bench:engine` by itself has not. */
const asWorkers = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1', MALLOC_ARENA_MAX: '2' };

function script(name, args, { input = '', env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL(name, import.meta.url)), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...env, ...process.env },
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`${name} ended with ${code}`)),
    );
    child.stdin.end(input);
  });
}

/** The floor in ms; the mean of those that were measured at the same time. */
async function floorOf(atOnce, env) {
  const only = ['--json', '--rounds', '25', '--small', '--profile', options.profile];
  const runs = await Promise.all(Array.from({ length: atOnce }, () => script('engine.mjs', only, { env })));
  return mean(runs.map(({ results: [only] }) => only.floorMs));
}
const inTurns = (floors) => floors.map((ms) => ms.toFixed(1)).join(', ');

const picture = await portrait(720, 960);
const server = await startServer({
  args: ['--workers', String(workers)],
  env: { LIVESTILL_PROFILE: options.profile },
});
const boundary = 'livestill-bench';
const body = Buffer.concat([
  Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="appid"\r\n\r\n${server.appid}\r\n--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n`,
  ),
  picture,
  Buffer.from(`\r\n--${boundary}--\r\n`),
]);
const job = {
  url: server.url,
  body: body.toString('base64'),
  headers: {
    authorization: server.authorization,
    'content-type': `multipart/form-data; boundary=${boundary}`,
  },
};
/** How late the process that answers is with what is due, over the last one to two minutes, in ms. */
async function loopDelay() {
  const page = await (await fetch(new URL('/metrics', server.admin))).text();
  const ms = (which) =>
    Number(new RegExp(`^livestill_event_loop_delay_${which}_seconds (\\S+)`, 'm').exec(page)[1]) * 1000;
  return { p50: ms('p50'), p99: ms('p99'), max: ms('max') };
}
const load = (more) => script('load.mjs', [], { input: JSON.stringify({ ...job, ...more }) });

try {
  // Long enough for the start to be no part of what is late (the window moves on after a minute).
  await load({ connections: workers * 2, seconds: options.json ? 3 : 60 });
  // In turns, so that a machine that is faster or slower for a while is so for both.
  const floors = [];
  const floorsTogether = [];
  const rounds = [];
  let answeringSeconds = 0;
  let allSeconds = 0;
  for (let round = 0; round < Number(options.rounds); round++) {
    floors.push(await floorOf(1));
    const useBefore = await processUse(server.pid);
    rounds.push(await load({ connections: workers * 2, seconds }));
    const useAfter = await processUse(server.pid);
    answeringSeconds += useAfter.own.cpuSeconds - useBefore.own.cpuSeconds;
    allSeconds += useAfter.cpuSeconds - useBefore.cpuSeconds;
    floorsTogether.push(await floorOf(workers, asWorkers));
  }
  const loop = await loopDelay();
  floors.push(await floorOf(1));
  const full = {
    answered: sum(rounds.map((round) => round.answered)),
    perSecond: sum(rounds.map((round) => round.answered)) / sum(rounds.map((round) => round.seconds)),
    cpuSeconds: sum(rounds.map((round) => round.cpuSeconds)),
    latencies: rounds.flatMap((round) => round.latencies),
    codes: rounds.map((round) => round.codes),
  };
  const levels = [];
  for (const share of [0.25, 0.5, 0.75, 0.9]) {
    levels.push([share, await load({ rate: full.perSecond * share, seconds: Math.max(6, seconds / 2) })]);
  }
  const use = await processUse(server.pid);
  const floorMs = mean(floors);
  const floorTogetherMs = mean(floorsTogether);
  const ideal = (workers * 1000) / floorMs;
  const result = {
    floorMs,
    workers,
    picturesPerSecond: full.perSecond,
    ratioToFloor: full.perSecond / ideal,
    p50Ms: percentile(full.latencies, 0.5),
    p99Ms: percentile(full.latencies, 0.99),
    rssMb: use.rssMb,
    readyMs: server.readyMs,
    eventLoopP99Ms: loop.p99,
    floorTogetherMs,
  };
  const serverCpu = allSeconds / full.answered;
  const answeringCpu = answeringSeconds / full.answered;
  say(
    `livestill bench:server: ${cpus()[0].model}, ${availableParallelism()} processors, Node ${process.version}`,
  );
  say(`${workers} workers, profile ${options.profile}, 720 x 960 JPEG of ${picture.length} bytes\n`);
  say(
    `floor             ${floorMs.toFixed(1)} ms a picture on one thread (${inTurns(floors)}); on all at once, as the workers run, ${floorTogetherMs.toFixed(1)} ms (${inTurns(floorsTogether)})`,
  );
  say(`ideal             ${ideal.toFixed(1)} pictures a second`);
  say(
    `service           ${full.perSecond.toFixed(1)} pictures a second, ratio to the floor ${result.ratioToFloor.toFixed(3)}, to that of all at once ${((full.perSecond * floorTogetherMs) / (workers * 1000)).toFixed(3)}`,
  );
  say(
    `CPU a picture     ${((serverCpu - answeringCpu) * 1000).toFixed(1)} ms workers, ${(answeringCpu * 1000).toFixed(1)} ms the process that answers, ${((full.cpuSeconds / full.answered) * 1000).toFixed(1)} ms load generator`,
  );
  say(`memory            ${use.rssMb.toFixed(0)} MB resident, ${use.peakRssMb.toFixed(0)} MB at most`);
  say(
    `event loop        late by ${loop.p50.toFixed(1)} ms (p50), ${loop.p99.toFixed(1)} ms (p99), ${loop.max.toFixed(1)} ms at most, at full load`,
  );
  say(`start to ready    ${server.readyMs.toFixed(0)} ms`);
  say(`answers           ${JSON.stringify(full.codes)}\n`);
  if (!options.json) {
    const row = (name, r) => [
      name,
      r.perSecond.toFixed(1),
      ...[0.5, 0.9, 0.99].map((p) => percentile(r.latencies, p).toFixed(0)),
    ];
    printTable([
      ['load', 'per second', 'p50 ms', 'p90 ms', 'p99 ms'],
      ...levels.map(([share, r]) => row(`${share * 100} %`, r)),
      row('full', full),
    ]);
  } else {
    console.log(JSON.stringify(result));
  }
} finally {
  await server.stop();
}
