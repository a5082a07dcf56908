/**
 * A load generator in a process of its own: reads one JSON job from standard input, prints one JSON result. `connections` callers in a
 * closed loop, each request one of `calls` by chance.
 */
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin });
const job = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const url = new URL(job.url);
const agent = new Agent({ keepAlive: true, maxSockets: job.connections });
const latencies = [];
const codes = {};

function call({ authorization, body }) {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const headers = {
      authorization,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(url, { agent, method: 'POST', headers }, (response) => {
      let reply = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        reply += chunk;
      });
      response.on('end', () => {
        latencies.push(performance.now() - start);
        const { code } = JSON.parse(reply);
        codes[code] = (codes[code] ?? 0) + 1;
        resolve();
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const until = performance.now() + job.seconds * 1000;
await Promise.all(
  Array.from({ length: job.connections }, async () => {
    while (performance.now() < until) await call(job.calls[Math.floor(Math.random() * job.calls.length)]);
  }),
);
agent.destroy();
lines.close();
console.log(JSON.stringify({ latencies, codes }));
