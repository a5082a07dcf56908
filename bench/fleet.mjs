/**
 * npm run bench:fleet [-- --only growth|cost|latency|ceiling] [-- --seconds N] [-- --rounds N] [-- --share 0.4] [-- --json]
 *
 * Several nodes on one real PostgreSQL (and Redis) behind a real proxy, all on this machine: pictures a second as nodes are added, each limited to the same share of
 * a processor; what a request asks of the stores; what the stores add to its time; and how many requests the database itself bears, with
 * judging replaced by nothing but its wait. Needs Linux, root, PostgreSQL, Redis and HAProxy (Debian: postgresql, redis-server, haproxy).
 */
import { spawn } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ceiling } from './fleet/ceiling.mjs';
import { cost } from './fleet/cost.mjs';
import { growth } from './fleet/growth.mjs';
import { latency } from './fleet/latency.mjs';
import { startPostgres, startRedis } from './fleet/servers.mjs';
import { printTable } from './support.mjs';

const parts = { growth, cost, latency, ceiling };
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    share: { type: 'string', default: '0.4' },
    json: { type: 'boolean', default: false },
  },
});
if (options.only !== undefined && !Object.hasOwn(parts, options.only)) {
  console.error(`--only ${options.only}: expected one of ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/** Runs the load generator with a job; its result. */
function load(job) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./load.mjs', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`the load generator ended with ${code}`)),
    );
    child.stdin.end(JSON.stringify(job));
  });
}

const postgres = await startPostgres();
const redis = await startRedis();
const given = {
  postgres,
  redis,
  load,
  seconds: Number(options.seconds),
  rounds: Number(options.rounds),
  share: Number(options.share),
};
const wanted = Object.entries(parts).filter(([name]) => options.only === undefined || options.only === name);
const results = {};
if (!options.json) {
  console.log(
    `livestill bench:fleet: ${cpus()[0]?.model.trim()}, ${cpus().length} processors, Node ${process.version}, PostgreSQL ${postgres.version}, load ${loadavg()[0].toFixed(1)}`,
  );
}
for (const [name, part] of wanted) {
  const result = await part(given);
  results[name] = result.values;
  if (options.json) continue;
  console.log(`\n${result.title}`);
  printTable(result.rows);
  for (const line of result.notes ?? []) console.log(line);
}
if (options.json) console.log(JSON.stringify(results));
process.exit(0);
