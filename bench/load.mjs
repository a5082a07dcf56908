/**
 * A load generator in a process of its own: reads one JSON job from standard input, prints one JSON result.
 * `connections` callers in a closed loop, or `rate` requests a second in an open loop whatever the answers do.
 *
 * It runs on the processors of what it measures, so it does as little as it can: the request is made once and written as one piece, and of
 * an answer no more is read than where it ends and what its code is. Connections are kept and used again. An endpoint of another kind
 * (`anyAnswer`) may answer in any form of HTTP, so it is called through Node's own client.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

const job = JSON.parse(await text(process.stdin));
const body = Buffer.from(job.body, 'base64');
const url = new URL(job.url);
const headers = { host: url.host, ...job.headers, 'content-length': body.length };
const request = Buffer.concat([
  Buffer.from(
    [
      `POST ${url.pathname}${url.search} HTTP/1.1`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '\r\n',
    ].join('\r\n'),
  ),
  body,
]);
const latencies = [];
const codes = new Map();
/** Connections that wait for their next request. */
const idle = [];

function open() {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(url.port || 80), noDelay: true });
  const line = { socket, answer: undefined, received: '' };
  const lost = (code) => {
    const at = idle.indexOf(line);
    if (at >= 0) idle.splice(at, 1);
    line.answer?.(code);
    line.answer = undefined;
  };
  socket.setEncoding('latin1');
  socket.on('data', (piece) => {
    line.received += piece;
    const end = endOfAnswer(line.received);
    if (end < 0) return;
    const answer = line.received.slice(0, end);
    line.received = line.received.slice(end);
    const answered = line.answer;
    line.answer = undefined;
    if (/^connection: *close/im.test(answer.slice(0, answer.indexOf('\r\n\r\n')))) socket.end();
    else idle.push(line);
    answered?.(codeOf(answer));
  });
  socket.on('error', (error) => lost(error.code ?? 'error'));
  socket.on('close', () => lost('closed'));
  return line;
}

/** Where the first answer ends; -1 while it is not whole. */
function endOfAnswer(received) {
  const head = received.indexOf('\r\n\r\n');
  if (head < 0) return -1;
  const length = /^content-length: *(\d+)/im.exec(received.slice(0, head))?.[1];
  const end = head + 4 + Number(length);
  return received.length >= end ? end : -1;
}

function codeOf(answer) {
  try {
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).code;
  } catch {
    return 'no JSON';
  }
}

/** Calls the service; `done` is told the code of the answer, or why there is none. */
function askService(done) {
  const line = idle.pop() ?? open();
  line.answer = (code) => done(code, code === 0);
  line.socket.write(request);
}

const secure = url.protocol === 'https:';
const agent = new (secure ? HttpsAgent : HttpAgent)({
  keepAlive: true,
  maxSockets: job.connections ?? Number.POSITIVE_INFINITY,
});

/** Calls an endpoint of any kind; `done` is told the HTTP status. */
function askAny(done) {
  const options = { agent, method: 'POST', headers: { ...job.headers, 'content-length': body.length } };
  (secure ? httpsRequest : httpRequest)(url, options, (res) => {
    res.resume();
    res.on('end', () => done(`HTTP ${res.statusCode}`, res.statusCode < 300));
  })
    .on('error', (error) => done(error.code ?? 'error', false))
    .end(body);
}

const ask = job.anyAnswer ? askAny : askService;

/** One call; resolves when it was answered or has failed. */
function call() {
  const start = performance.now();
  return new Promise((resolve) => {
    ask((code, good) => {
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (good) latencies.push(performance.now() - start);
      resolve();
    });
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
  const running = new Set();
  const gap = 1000 / job.rate;
  for (let next = start; next < until; next += gap) {
    const wait = next - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const one = call().finally(() => running.delete(one));
    running.add(one);
  }
  await Promise.all(running);
}
const seconds = (performance.now() - start) / 1000;
const used = process.cpuUsage(cpu);
for (const { socket } of idle) socket.destroy();
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
