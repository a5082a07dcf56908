/** Looks at a service from outside (Linux): memory, open files, threads, and how long health takes. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile, processUse } from '../support.mjs';

async function sample(service, since) {
  const status = await readFile(`/proc/${service.pid}/status`, 'utf8');
  const files = await readdir(`/proc/${service.pid}/fd`);
  const { own, rssMb } = await processUse(service.pid);
  return {
    at: performance.now() - since,
    serviceMb: own.rssMb,
    workersMb: rssMb - own.rssMb,
    threads: Number(/Threads:\s+(\d+)/.exec(status)[1]),
    files: files.length,
  };
}

/** How long `/healthz` takes to be answered, in ms: what the event loop and the network stack let others wait. */
async function delay(service) {
  const asked = performance.now();
  const answer = await fetch(new URL('/healthz', service.admin), { signal: AbortSignal.timeout(30_000) });
  await answer.arrayBuffer();
  return performance.now() - asked;
}

/** Watches until `runs` says no more; then, once `over` has settled and the connections had time to end, gives what was seen. */
export async function watch(service, { minutes, runs, over, fault }) {
  const since = performance.now();
  const every = Math.min(5000, (minutes * 60_000) / 60);
  /** Memory grows while pools and caches fill; growth is counted from here on. */
  const warmUp = Math.min(5 * 60_000, (minutes * 60_000) / 3);
  const samples = [await sample(service, since)];
  const delays = [];
  let next = performance.now();
  while (runs() && service.ended === undefined) {
    await delay(service).then(
      (ms) => delays.push(ms),
      (error) => fault(`/healthz: ${error.message}`),
    );
    if (performance.now() >= next) {
      const one = await sample(service, since).catch(() => null);
      if (one !== null) samples.push(one);
      next += every;
    }
    await sleep(100);
  }
  await over;
  await sleep(8000);
  const last = service.ended === undefined ? await sample(service, since) : samples.at(-1);
  return seen(samples, last, delays, warmUp);
}

function seen(samples, last, delays, warmUp) {
  const settled = samples.filter(({ at }) => at >= warmUp);
  const half = Math.floor(settled.length / 2);
  const of = (name) => ({
    start: samples[0][name],
    firstHalf: median(settled.slice(0, half).map((one) => one[name])),
    secondHalf: median(settled.slice(half).map((one) => one[name])),
    most: Math.max(...samples.map((one) => one[name])),
    end: last[name],
  });
  return {
    serviceMb: of('serviceMb'),
    workersMb: of('workersMb'),
    files: of('files'),
    threads: of('threads'),
    healthMs: { p50: median(delays), p99: percentile(delays, 0.99), most: Math.max(...delays) },
  };
}

/** What of it should not be, in words. */
export function troublesOf(name, { serviceMb, workersMb, files, threads }) {
  const grew = ([what, { firstHalf, secondHalf }]) =>
    secondHalf > firstHalf * 1.15 + 20
      ? [`${name}: memory of the ${what} grew from the first half to the second by more than 15 % and 20 MB`]
      : [];
  return [
    ...Object.entries({ service: serviceMb, workers: workersMb }).flatMap(grew),
    ...(files.end > files.start + 20 ? [`${name}: files stay open after the load`] : []),
    ...(threads.end > threads.start + 8 ? [`${name}: threads were left behind`] : []),
  ];
}
