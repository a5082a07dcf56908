/**
 * A load generator in a process of its own: reads one JSON job from standard input, prints one JSON result.
 * `connections` callers in a closed loop, or `rate` requests a second in an open loop whatever the answers do.
 */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

const job = JSON.parse(await text(process.stdin));
const body = Buffer.from(job.body, 'base64');
const url = new URL(job.url);
const agent = new Agent({ keepAlive: true, maxSockets: job.connections ?? Number.POSITIVE_INFINITY });
const latencies = [];
const codes = new Map();

function call() {
  const start = performance.now();
  return new Promise((resolve) => {
    const done = (code, good = code === 0) => {
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (good) latencies.push(performance.now() - start);
      resolve();
    };
    const req = request(
      url,
      { agent, method: 'POST', headers: { ...job.headers, 'content-length': body.length } },
      (res) => {
        let reply = '';
        res.setEncoding('utf8');
        res.on('data', (chunk) => {
          reply += chunk;
        });
        res.on('end', () => {
          if (job.anyAnswer) return done(`HTTP ${res.statusCode}`, res.statusCode < 300);
          try {
            done(JSON.parse(reply).code);
          } catch {
            done('no JSON');
          }
        });
      },
    );
    req.on('error', (error) => done(error.code ?? 'error'));
    req.end(body);
  });
}

const cpu = process.cpuUsage();
const start = performance.now();
const until = start + job.seconds * 1000;
if (job.rate === undefined) {
  await Promise.all(
    Array.from({ length: job.connections }, async () => {
      while (performance.now() < until) await call();
    }),
  );
} else {
  const open = new Set();
  const gap = 1000 / job.rate;
  for (let next = start; next < until; next += gap) {
    const wait = next - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const running = call().finally(() => open.delete(running));
    open.add(running);
  }
  await Promise.all(open);
}
const seconds = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
agent.destroy();
console.log(
  JSON.stringify({
    seconds,
    answered: latencies.length,
    perSecond: latencies.length / seconds,
    latencies,
    codes: Object.fromEntries(codes),
    cpuSeconds: (used.user + used.system) / 1e6,
  }),
);
