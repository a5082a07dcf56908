/**
 * npm run soak [-- --minutes 30] [-- --profile fast] [-- --outcomes] [-- --json]
 *
 * Two services of its own for a long time under everything that was found to hurt one, all of it at once: requests one behind the other
 * whose answers nobody reads, urls whose servers answer to do harm or not at all, headers and bodies made to take time or memory, odd
 * proxies, cut pictures, one app that asks for more than its share. Beside them a quiet app does everything right: none of its requests may
 * be refused. The second service speaks HTTPS, and limits failed tries as it does by default. Every answer is compared with the
 * contract, the logs are read, and memory, open files and health are looked at from outside (Linux). Ends with status 1 where
 * something is as it should not be.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { attacksOn, attacksOverTls } from './soak/attacks.mjs';
import { startForeign } from './soak/foreign.mjs';
import { quietApp } from './soak/quiet.mjs';
import { print, resultOf } from './soak/report.mjs';
import { startService } from './soak/service.mjs';
import { watch } from './soak/watch.mjs';
import { portrait } from './support.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    profile: { type: 'string', default: 'fast' },
    workers: { type: 'string', default: '1' },
    outcomes: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new Error(`--minutes: expected a number above 0, found ${options.minutes}`);

const picture = await portrait(360, 480);
const pictures = [
  picture,
  ...(await Promise.all(['png', 'webp'].map((format) => sharp(picture).toFormat(format).toBuffer()))),
  await sharp(picture).jpeg({ progressive: true }).toBuffer(),
];
const foreign = await startForeign(picture);
const outcomes = new Map();
const faults = { count: 0, samples: [] };
const world = {
  picture,
  pictures,
  foreign,
  outcomes,
  faults,
  /** The only proxy that the service believes. */
  proxy: '127.0.0.77',
  note(kind, outcome, count = 1) {
    const name = `${kind}: ${outcome}`;
    outcomes.set(name, (outcomes.get(name) ?? 0) + count);
  },
  fault(text) {
    faults.count++;
    if (faults.samples.length < 20) faults.samples.push(text);
  },
};

const certificate = (name) => fileURLToPath(new URL(`../test/contract/support/tls/${name}`, import.meta.url));
const common = { profile: options.profile, timeouts: { headersMs: 2000, requestMs: 4000 } };
const plain = await startService({
  workers: options.workers,
  apps: ['greedy', 'quiet'],
  config: {
    ...common,
    trustedProxies: [world.proxy],
    // The callers of the soak share few addresses, and most of what they send fails on purpose.
    failedTries: { perMinute: null },
    download: { allowPrivate: ['127.0.0.0/8'], ports: [foreign.port], timeoutMs: 1500 },
    // Small, so that the flood is over it within a minute.
    idempotency: { maxRowsPerApp: 50, maxRows: 80 },
  },
});
const tls = await startService({
  workers: '1',
  apps: ['any'],
  config: { ...common, tls: { cert: certificate('first.crt'), key: certificate('first.key') } },
});
const services = { service: plain, 'service over TLS': tls };

const until = performance.now() + minutes * 60_000;
const runs = () => performance.now() < until;
const quiet = quietApp(world, plain);
const callers = [...quiet.callers, ...attacksOn(world, plain), ...attacksOverTls(world, tls)];
const load = Promise.all(
  callers.map(async ([, rest, act]) => {
    while (runs()) {
      await act();
      await sleep(rest);
    }
  }),
);
try {
  const views = {};
  await Promise.all(
    Object.entries(services).map(async ([name, service]) => {
      views[name] = await watch(service, { minutes, runs, over: load, fault: world.fault });
    }),
  );
  const result = resultOf({ minutes, world, services, views, quiet: quiet.counts });
  if (options.json) console.log(JSON.stringify(result));
  else print(result, options.outcomes);
  if (result.troubles.length > 0) process.exitCode = 1;
} finally {
  await Promise.all([plain.stop(), tls.stop()]);
  foreign.stop();
}
