/**
 * npm run soak [-- --minutes 30] [-- --profile fast] [-- --json]
 *
 * Mixed good and bad load against a service of its own for a long time: pictures that are judged, spoilt requests, slow and
 * broken-off uploads, idle connections. Every few seconds the processes are looked at from outside (Linux): memory of the service and of its
 * workers, open files, threads, how long the admin port takes to answer, which is the delay of the event loop as others feel it. Ends with
 * status 1 where an answer was outside of the contract, the service ended, or something grew that should not.
 */
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { median, percentile, portrait, printTable, processUse, startServer } from './support.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    profile: { type: 'string', default: 'fast' },
    workers: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new Error(`--minutes: expected a number above 0, found ${options.minutes}`);
/** Memory grows while pools and caches fill; growth is counted from here on. */
const warmUp = Math.min(5 * 60_000, (minutes * 60_000) / 3);
const every = Math.min(5000, (minutes * 60_000) / 60);

const server = await startServer({
  args: ['--workers', options.workers],
  env: {
    LIVESTILL_PROFILE: options.profile,
    LIVESTILL_TIMEOUTS_HEADERS_MS: '2000',
    LIVESTILL_TIMEOUTS_REQUEST_MS: '4000',
    // All callers of the soak have one address, and most of what they send fails on purpose.
    LIVESTILL_FAILED_TRIES_PER_MINUTE: '1000000',
  },
});
const url = new URL(server.url);
const started = performance.now();
const until = started + minutes * 60_000;
const runs = () => performance.now() < until;
const outcomes = new Map();
const faults = [];
const note = (kind, outcome) => {
  const name = `${kind}: ${outcome}`;
  outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
};
const fault = (text) => {
  if (faults.length < 20) faults.push(text);
};

/** Codes that the old call may answer to these callers. */
const contract = new Set([0, 3, 4, 5, 6, 9, 10, 11, 12, 14, 16, 21, 23, -4015, -4016, -5802, -5805]);

/** One call of the old API through an honest client; its answer is held to the contract. */
function call(kind, headers, body) {
  return new Promise((done) => {
    const one = request(
      url,
      { method: 'POST', headers: { ...headers, 'content-length': body.length } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => {
          try {
            const { code, message, data } = JSON.parse(text);
            if (!contract.has(code) || typeof message !== 'string' || typeof data !== 'object')
              throw new Error(text);
            note(kind, code);
          } catch {
            fault(`${kind}: HTTP ${answer.statusCode} ${text.slice(0, 200)}`);
          }
          done();
        });
        answer.on('error', done);
      },
    );
    one.setTimeout(30_000, () => {
      fault(`${kind}: no answer within 30 s`);
      one.destroy();
    });
    one.on('error', (error) => {
      note(kind, error.code ?? 'error');
      done();
    });
    one.end(body);
  });
}

/** Bytes on a bare socket, which is let go after `milliseconds` or when the other side closes. */
function bare(kind, milliseconds, write) {
  return new Promise((done) => {
    const socket = connect(Number(url.port), url.hostname);
    let text = '';
    const timer = setTimeout(() => socket.destroy(), milliseconds);
    socket.on('connect', () => write(socket));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      note(kind, text === '' ? 'closed' : `HTTP ${text.slice(9, 12)}`);
      if (text !== '' && !/\r\n\r\n\{"code":-?\d+,"message":/.test(text))
        fault(`${kind}: ${text.slice(0, 300)}`);
      done();
    });
  });
}

const picture = await portrait(360, 480);
const boundary = 'livestill-soak';
const form = (...parts) =>
  Buffer.concat([
    ...parts.flatMap(([name, content]) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
const multipart = {
  authorization: server.authorization,
  'content-type': `multipart/form-data; boundary=${boundary}`,
};
const json = { authorization: server.authorization, 'content-type': 'application/json' };
const appid = ['appid', server.appid];
const head = (more) =>
  `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;
const spoilt = () => {
  const bytes = Buffer.from(picture);
  for (let left = 20; left > 0; left--)
    bytes[Math.floor(Math.random() * bytes.length)] = Math.floor(Math.random() * 256);
  return Math.random() < 0.5 ? bytes : bytes.subarray(0, Math.floor(Math.random() * bytes.length));
};
const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;

/** Each kind of caller, and how long it rests between two calls, in ms. */
const callers = [
  ['good', 20, () => call('good', multipart, form(appid, ['image', picture]))],
  ['spoilt picture', 30, () => call('spoilt picture', multipart, form(appid, ['image', spoilt()]))],
  ['no picture', 50, () => call('no picture', json, Buffer.from(`{"appid":"${server.appid}"}`))],
  [
    'bad signature',
    50,
    () => call('bad signature', { ...json, authorization: 'AAAA' }, Buffer.from('{"appid":"1"}')),
  ],
  ['bad JSON', 50, () => call('bad JSON', json, Buffer.from('{"appid":'))],
  [
    'deep JSON',
    200,
    () => call('deep JSON', json, Buffer.from(`{"appid":"${server.appid}","image":${deep}}`)),
  ],
  [
    'many parts',
    200,
    () => call('many parts', multipart, form(...Array.from({ length: 2000 }, () => ['y', '']))),
  ],
  ['too large', 500, () => call('too large', multipart, Buffer.alloc(7 * 1024 * 1024))],
  [
    'forbidden url',
    100,
    () =>
      call('forbidden url', json, Buffer.from(`{"appid":"${server.appid}","url":"http://127.0.0.1/a.jpg"}`)),
  ],
  [
    'broken off',
    50,
    () => bare('broken off', 30, (socket) => socket.write(`${head('Content-Length: 100000')}abc`)),
  ],
  ['noise', 50, () => bare('noise', 10_000, (socket) => socket.write('\x16\x03\x01 hello\r\n\r\n'))],
  [
    'slow headers',
    200,
    () => bare('slow headers', 20_000, (socket) => socket.write(`POST ${url.pathname} HTTP/1.1\r\nHost`)),
  ],
  [
    'slow body',
    200,
    () => bare('slow body', 20_000, (socket) => socket.write(`${head('Content-Length: 5000000')}{`)),
  ],
  ['idle', 100, () => bare('idle', 5000, (socket) => socket.write(head('Content-Length: 0')))],
];
const load = callers.map(async ([, rest, act]) => {
  while (runs()) {
    await act();
    await sleep(rest);
  }
});

/** How long `/healthz` takes to be answered, in ms: what the event loop and the network stack let others wait. */
async function delay() {
  const asked = performance.now();
  const answer = await fetch(new URL('/healthz', server.admin), { signal: AbortSignal.timeout(10_000) });
  await answer.arrayBuffer();
  return performance.now() - asked;
}

async function sample() {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  const files = await readdir(`/proc/${server.pid}/fd`);
  const { own, rssMb } = await processUse(server.pid);
  return {
    at: performance.now() - started,
    rssMb: own.rssMb,
    workersMb: rssMb - own.rssMb,
    threads: Number(/Threads:\s+(\d+)/.exec(status)[1]),
    files: files.length,
  };
}

const samples = [];
const delays = [];
try {
  const before = await sample();
  let next = performance.now();
  while (runs()) {
    delays.push(await delay());
    if (performance.now() >= next) {
      samples.push(await sample());
      next += every;
    }
    await sleep(100);
  }
  await Promise.all(load);
  await sleep(6000);
  const after = await sample();
  report(before, after);
} finally {
  await server.stop();
}

/** Slope of the least-squares line through the samples after the warm-up, in units a minute. */
function slope(of) {
  const points = samples.filter(({ at }) => at >= warmUp).map((one) => [one.at / 60_000, one[of]]);
  const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return above / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

function report(before, after) {
  const settled = samples.filter(({ at }) => at >= warmUp);
  const half = Math.floor(settled.length / 2);
  const memory = (of) => {
    const [early, late] = [settled.slice(0, half), settled.slice(half)].map((part) =>
      median(part.map((one) => one[of])),
    );
    return {
      start: before[of],
      firstHalf: early,
      secondHalf: late,
      most: Math.max(...samples.map((one) => one[of])),
      end: after[of],
      slopePerMinute: slope(of),
    };
  };
  const result = {
    minutes,
    requests: [...outcomes.values()].reduce((sum, count) => sum + count, 0),
    outcomes: Object.fromEntries([...outcomes].sort()),
    outOfContract: faults,
    serviceMb: memory('rssMb'),
    workersMb: memory('workersMb'),
    openFiles: { start: before.files, most: Math.max(...samples.map((one) => one.files)), end: after.files },
    threads: { start: before.threads, end: after.threads },
    delayMs: { p50: median(delays), p99: percentile(delays, 0.99), most: Math.max(...delays) },
  };
  const troubles = [
    ...(faults.length > 0 ? ['answers outside of the contract'] : []),
    ...['serviceMb', 'workersMb']
      .filter((of) => result[of].secondHalf > result[of].firstHalf * 1.15 + 20)
      .map((of) => `${of} grew from the first half to the second by more than 15 % and 20 MB`),
    ...(after.files > before.files + 10 ? ['files stay open after the load'] : []),
    ...(after.threads > before.threads + 8 ? ['threads were left behind'] : []),
  ];
  if (options.json) console.log(JSON.stringify({ ...result, troubles }));
  else print(result, troubles);
  if (troubles.length > 0) process.exitCode = 1;
}

function print(result, troubles) {
  const { openFiles, threads, delayMs } = result;
  console.log(`livestill soak: ${minutes} minutes, ${result.requests} requests, Node ${process.version}\n`);
  const row = (name, m) => [
    name,
    ...[m.start, m.firstHalf, m.secondHalf, m.most, m.end].map((mb) => mb.toFixed(0)),
    m.slopePerMinute.toFixed(2),
  ];
  printTable([
    ['measure', 'start', 'first half', 'second half', 'most', 'end', 'a minute'],
    row('service, MB', result.serviceMb),
    row('workers, MB', result.workersMb),
    ['open files', openFiles.start, '', '', openFiles.most, openFiles.end, ''],
    ['threads', threads.start, '', '', '', threads.end, ''],
  ]);
  console.log();
  console.log(
    `delay of /healthz                p50 ${delayMs.p50.toFixed(1)} ms, p99 ${delayMs.p99.toFixed(1)} ms, most ${delayMs.most.toFixed(1)} ms\n`,
  );
  printTable([['outcome', 'count'], ...Object.entries(result.outcomes)]);
  console.log(`\nanswers outside of the contract  ${result.outOfContract.length}`);
  for (const one of result.outOfContract) console.log(`  ${one}`);
  console.log(troubles.length === 0 ? 'Nothing grew that should not.' : `Trouble: ${troubles.join('; ')}.`);
}
