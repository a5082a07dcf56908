/**
 * npm run bench:unread [-- --connections 60] [-- --kilobytes 256] [-- --seconds 6] [-- --json]
 *
 * Callers who send requests one behind the other and never read an answer, on each route of both ports; bodies that are announced and never
 * sent; bodies in chunks. Of each: by how much the memory of the service grew at most, the longest time that health took meanwhile, and
 * how many connections were still open at the end. A fresh service each, no key where a route needs none (Linux).
 */
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { head, json, legacy, pipelined } from './routes.mjs';
import { printTable, startServer } from './support.mjs';

const { values: options } = parseArgs({
  options: {
    connections: { type: 'string', default: '60' },
    kilobytes: { type: 'string', default: '256' },
    bodies: { type: 'string', default: '3000' },
    seconds: { type: 'string', default: '6' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(options.seconds);
const MiB = 1024 * 1024;

/** Bodies by what is sent once on each connection. */
const bodies = {
  '6 MiB announced, 1 byte sent': () => [head(legacy, json, `Content-Length: ${6 * MiB}`), '{'],
  'chunked, 1 byte sent': () => [head(legacy, json, 'Transfer-Encoding: chunked'), '1\r\n{\r\n'],
};

const memory = async (pid) => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const of = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
};

/** One that writes and never reads; it goes on writing as long as the other side takes it. */
function deaf(url, parts) {
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  socket.on('error', () => {});
  socket.pause();
  for (const part of parts) socket.write(part);
  return socket;
}

async function measure(name, toAdmin, count, parts) {
  const server = await startServer({
    args: ['--workers', '1'],
    env: {
      LIVESTILL_CONNECTIONS_MAX: '10000',
      LIVESTILL_CONNECTIONS_MAX_PER_ADDRESS: '10000',
      LIVESTILL_LOG_LEVEL: 'error',
    },
  });
  const sockets = [];
  try {
    const before = await memory(server.pid);
    const url = new URL(toAdmin ? server.admin : server.url);
    let [health, failed, peak] = [0, 0, before.now];
    const until = performance.now() + seconds * 1000;
    const look = (async () => {
      while (performance.now() < until) {
        const asked = performance.now();
        const ok = await fetch(new URL('/healthz', server.admin)).then(
          ({ ok }) => ok,
          () => false,
        );
        health = Math.max(health, performance.now() - asked);
        if (!ok) failed++;
        peak = Math.max(peak, (await memory(server.pid)).now);
        await sleep(50);
      }
    })();
    while (sockets.length < count) {
      for (let lot = 0; lot < 100 && sockets.length < count; lot++) sockets.push(deaf(url, parts()));
      await sleep(10);
    }
    await look;
    const { peak: highest } = await memory(server.pid);
    const open = await established(Number(url.port));
    return { name, grewMb: Math.max(peak, highest) - before.now, healthMs: health, failed, open };
  } finally {
    for (const socket of sockets) socket.destroy();
    await server.stop();
  }
}

/** Connections of the service's side that are open, as the system counts them: one that never reads does not notice its end. */
async function established(port) {
  const table = await readFile('/proc/net/tcp', 'utf8');
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table.split('\n').filter((line) => {
    const [, own = '', , state] = line.trim().split(/\s+/);
    return own.endsWith(local) && state === '01';
  }).length;
}

const results = [];
const wanted = (name) => name.includes(options.only);
for (const [name, request] of Object.entries(pipelined)) {
  if (!wanted(name)) continue;
  const bytes = Buffer.from(request.repeat(Math.ceil((Number(options.kilobytes) * 1024) / request.length)));
  results.push(await measure(name, name.startsWith('admin'), Number(options.connections), () => [bytes]));
  if (!options.json) console.error(`${name}: ${results.at(-1).grewMb.toFixed(0)} MB`);
}
for (const [name, parts] of Object.entries(bodies)) {
  if (!wanted(name)) continue;
  results.push(await measure(name, false, Number(options.bodies), parts));
}
if (options.json) console.log(JSON.stringify(results, null, 2));
else {
  printTable([
    ['route', 'grew by MB', 'health ms', 'not answered', 'open'],
    ...results.map(({ name, grewMb, healthMs, failed, open }) => [
      name,
      grewMb.toFixed(0),
      healthMs.toFixed(0),
      failed,
      open,
    ]),
  ]);
}
