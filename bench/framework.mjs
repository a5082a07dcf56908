/**
 * node bench/framework.mjs [--rounds N] [--requests N]
 *
 * What the HTTP framework costs a request and what it does for it: one small JSON answer from `node:http` alone, from the framework as the service uses
 * it (a hook that takes the request over), and from the framework with its own routes, parsed bodies and schemas. The variants take turns in one process
 * that also calls them; shown are microseconds of processor time a request, caller included, so that only differences mean something: the median of
 * the rounds, and the median of the paired differences to `node:http`.
 */
import { Agent, createServer, request } from 'node:http';
import { parseArgs } from 'node:util';
import fastify from 'fastify';
import { printTable } from './support.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, requests: { type: 'string', default: '1500' } },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const answer = { verdict: 'live', score: 97, requestId: 'a' };
const body = Buffer.alloc(2048, 97);

const written = (response) => {
  const bytes = Buffer.from(JSON.stringify(answer));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
};
const read = (incoming, done) => {
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => done(Buffer.concat(chunks)));
};

async function bare() {
  const server = createServer((incoming, response) => {
    if (incoming.url !== '/judge') return void response.writeHead(404).end();
    read(incoming, () => written(response));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, close: () => server.close() };
}

async function hijacked() {
  const app = fastify({ logger: false });
  app.addHook('onRequest', (incoming, reply) => {
    reply.hijack();
    read(incoming.raw, () => written(reply.raw));
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: app.server.address().port, close: () => app.close() };
}

async function routed() {
  const app = fastify({ logger: false });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, given, done) => done(null, given));
  await app.register(async (api) => {
    const schema = {
      headers: { type: 'object', properties: { 'x-reference': { type: 'string', maxLength: 128 } } },
      response: {
        200: {
          type: 'object',
          properties: {
            verdict: { type: 'string' },
            score: { type: 'integer' },
            requestId: { type: 'string' },
          },
        },
      },
    };
    api.post('/judge', { schema }, async () => answer);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: app.server.address().port, close: () => app.close() };
}

async function load(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const one = () =>
    new Promise((resolve, reject) => {
      const call = request(
        {
          port,
          agent,
          method: 'POST',
          path: '/judge',
          headers: { 'content-type': 'image/jpeg', 'content-length': body.length },
        },
        (response) => {
          response.resume();
          response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error('refused'))));
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  const before = process.cpuUsage();
  const workers = Array.from({ length: 16 }, async () => {
    for (let n = 0; n < requests / 16; n++) await one();
  });
  await Promise.all(workers);
  const { user, system } = process.cpuUsage(before);
  agent.destroy();
  return (user + system) / requests;
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const variants = { 'node:http': bare, 'framework, taken over': hijacked, 'framework, used': routed };
const servers = {};
for (const [name, make] of Object.entries(variants)) servers[name] = await make();
for (const { port } of Object.values(servers)) await load(port);
const times = Object.fromEntries(Object.keys(variants).map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  const names = Object.keys(variants);
  for (let n = 0; n < names.length; n++) {
    const name = names[(n + round) % names.length];
    times[name].push(await load(servers[name].port));
  }
}
printTable([
  ['variant', 'µs a request', 'more than node:http'],
  ...Object.entries(times).map(([name, list]) => [
    name,
    median(list).toFixed(0),
    median(list.map((time, round) => time - times['node:http'][round])).toFixed(0),
  ]),
]);
for (const { close } of Object.values(servers)) await close();
