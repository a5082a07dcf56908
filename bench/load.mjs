/**
 * A load generator in a process of its own: reads one JSON job from standard input, prints one JSON result.
 * `connections` callers in a closed loop, or `rate` requests a second in an open loop whatever the answers do.
 *
 * It runs on the processors of what it measures, so it does as little as it can: the request is made once and written as one piece, and of
 * an answer no more is read than where it ends and what its code is. Connections are kept and used again.
 */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';

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
  const secure = url.protocol === 'https:';
  const port = Number(url.port || (secure ? 443 : 80));
  const socket = secure
    ? connectTls({ host, port, servername: host })
    : connect({ host, port, noDelay: true });
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
  if (length !== undefined) {
    const end = head + 4 + Number(length);
    return received.length < end ? -1 : end;
  }
  // Chunked: nothing follows an answer that was waited for.
  return received.endsWith('\r\n0\r\n\r\n') ? received.length : -1;
}

/** The answer's code; of an endpoint with answers of its own kind the HTTP status. */
function codeOf(answer) {
  if (job.anyAnswer) return `HTTP ${answer.slice(9, 12)}`;
  try {
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).code;
  } catch {
    return 'no JSON';
  }
}

/** One call; resolves when it was answered or has failed. */
function call() {
  const start = performance.now();
  return new Promise((resolve) => {
    const line = idle.pop() ?? open();
    line.answer = (code) => {
      codes.set(code, (codes.get(code) ?? 0) + 1);
      const good = job.anyAnswer ? /^HTTP 2/.test(code) : code === 0;
      if (good) latencies.push(performance.now() - start);
      resolve();
    };
    line.socket.write(request);
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
