/**
 * Memory of a batch over a million rows: real pictures, real engine, a list or an archive that repeats them. Prints resident memory
 * over the rows, its slope over the second half (Theil-Sen: the median of the slopes between all pairs of samples), the peak, and the
 * rate; then checks the output row by row.
 *
 *   node bench/batch-million.mjs [--rows 1000000] [--input csv|ndjson|zip|tar] [--no-reuse] [--pictures all|tiny|refused] [--export]
 *                                [--seconds 0] [--split] [--live] [--folder DIR] [--json FILE]              after `npm run build`
 *
 * --pictures tiny: only such of 120 x 160; refused: only files that are no usable picture, thousands a second go
 * through the workers. --seconds N: Ctrl-C after N seconds. --split: the main process's own account of its memory too,
 * --live: that account after a forced collection each time, which shows what is really held, and keeps resident memory lower.
 * --export: afterwards the same command with CSV and with Parquet, which goes through all rows of the first run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { makeInput, makePictures } from './batch-inputs.mjs';
import { memoryOf } from './batch-memory.mjs';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    input: { type: 'string', default: 'csv' },
    'no-reuse': { type: 'boolean', default: false },
    pictures: { type: 'string', default: 'all' },
    export: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '0' },
    split: { type: 'boolean', default: false },
    live: { type: 'boolean', default: false },
    folder: { type: 'string' },
    json: { type: 'string' },
  },
});
const total = Number(options.rows);
const bin = fileURLToPath(new URL('../bin/livestill.js', import.meta.url));
const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'livestill-million-')));
const out = join(folder, 'results.ndjson');

/** Counts the lines of a file that grows. */
async function lineCounter(path) {
  const buffer = Buffer.alloc(1 << 22);
  let file = null;
  let lines = 0;
  return {
    async look() {
      file ??= await open(path).catch(() => null);
      if (file === null) return 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length);
        for (let at = buffer.indexOf(10); at >= 0 && at < bytesRead; at = buffer.indexOf(10, at + 1)) lines++;
        if (bytesRead < buffer.length) return lines;
      }
    },
    close: () => file?.close(),
  };
}

/** Prints the process's own account once a second, into a file that the bench reads afterwards. */
const splitHook = `data:text/javascript,${encodeURIComponent(`
  import { appendFileSync } from 'node:fs';
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread && process.argv[2] === 'batch') {
    setInterval(() => (globalThis.gc?.(), appendFileSync)(${JSON.stringify(join(folder, 'split.ndjson'))}, JSON.stringify(
      { s: performance.now() / 1000, pid: process.pid, ...process.memoryUsage() }) + '\\n'), globalThis.gc ? 5000 : 1000).unref();
  }`)}`;

/** Runs the command to its end; memory sampled four times a second with the rows written by then. */
async function run(args, path, seconds = 0) {
  const started = performance.now();
  const hook = options.split ? ['--import', splitHook, ...(options.live ? ['--expose-gc'] : [])] : [];
  const child = spawn(process.execPath, [...hook, bin, 'batch', ...args, '--profile', 'fast'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let printed = '';
  child.stderr.on('data', (data) => {
    said += data;
    if (options.json === undefined) process.stderr.write(data);
  });
  child.stdout.on('data', (data) => {
    printed += data;
  });
  const ended = once(child, 'close');
  const counter = await lineCounter(path);
  const samples = [];
  let over = false;
  const watch = (async () => {
    for (let stopped = false; !over; await new Promise((go) => setTimeout(go, 250))) {
      const rows = await counter.look();
      const s = (performance.now() - started) / 1000;
      try {
        samples.push({ s, rows, ...memoryOf(child.pid) });
      } catch {
        return;
      }
      if (seconds > 0 && s > seconds && !stopped) {
        stopped = true;
        child.kill('SIGINT');
      }
    }
  })();
  const [status] = await ended;
  over = true;
  await watch;
  await counter.close();
  const expected = seconds > 0 ? 130 : 0;
  if (status !== 0 && status !== expected) throw new Error(`the batch ended with status ${status}:\n${said}`);
  return { seconds: (performance.now() - started) / 1000, samples, said, printed };
}

/** Samples at even distances of rows, the first of each step. */
function evenly(samples, step) {
  const chosen = [];
  let next = step;
  for (const sample of samples) {
    if (sample.rows < next) continue;
    chosen.push(sample);
    next = (Math.floor(sample.rows / step) + 1) * step;
  }
  return chosen;
}

/** The median of the slopes between all pairs, MB per 100 000 rows. */
function slope(samples, value) {
  const slopes = [];
  for (const [i, a] of samples.entries()) {
    for (const b of samples.slice(i + 1)) slopes.push(((value(b) - value(a)) / (b.rows - a.rows)) * 1e5);
  }
  return slopes.sort((a, b) => a - b)[Math.floor(slopes.length / 2)] ?? Number.NaN;
}

/** Every row of the input has one in the output, and what a row was taken from stands before it and has the same bytes. */
async function check(path) {
  const found = { rows: 0, reused: 0, twice: 0, wrong: 0, failed: 0 };
  const seen = new Set();
  const judged = new Map();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const row = JSON.parse(line);
    const place = Number(/^(\d+):/.exec(row.key)?.[1] ?? /\/(\d+)-/.exec(row.key)?.[1]);
    found.rows++;
    if (seen.has(place)) found.twice++;
    seen.add(place);
    if (row.code === 213 || row.code === -5805) found.failed++;
    if (row.sameAs === null) judged.set(row.key, row.sha256);
    else {
      found.reused++;
      if (judged.get(row.sameAs) !== row.sha256) found.wrong++;
    }
  }
  return { ...found, different: seen.size };
}

async function rowsOfTable(path, format) {
  if (format === 'parquet')
    return Number((await parquetMetadataAsync(await asyncBufferFromFile(path))).num_rows);
  const counter = await lineCounter(path);
  const lines = await counter.look();
  await counter.close();
  return lines - 1;
}

const mb = (value) => value.toFixed(0);
function report(name, { seconds, samples }, step) {
  const even = evenly(samples, step);
  const half = even.slice(Math.floor(even.length / 2));
  const judging = samples.filter((s) => s.rows > 0 && s.rows < samples.at(-1).rows);
  const span = judging.length > 1 ? judging.at(-1).s - judging[0].s : seconds;
  const facts = {
    name,
    seconds,
    rowsPerSecond: (judging.at(-1)?.rows ?? 0) / span,
    peakMain: Math.max(...samples.map((s) => s.peak)),
    peakAll: Math.max(...samples.map((s) => s.all)),
    slopeMain: slope(half, (s) => s.main),
    slopeAll: slope(half, (s) => s.all),
    samples: even,
  };
  const every = Math.max(1, Math.floor(even.length / 10));
  const peaks = `peak: main ${mb(facts.peakMain)} MB, with its workers ${mb(facts.peakAll)} MB`;
  if (even.length < 2) {
    console.log(`${name}: ${seconds.toFixed(0)} s; ${peaks}`);
    return facts;
  }
  console.log(`${name}: ${seconds.toFixed(0)} s, ${facts.rowsPerSecond.toFixed(0)} rows/s`);
  for (const [i, s] of even.entries()) {
    if ((i + 1) % every === 0)
      console.log(`  ${String(s.rows).padStart(8)} rows  main ${mb(s.main)} MB  all ${mb(s.all)} MB`);
  }
  console.log(
    `  ${peaks}; second half: ` +
      `main ${facts.slopeMain.toFixed(2)}, all ${facts.slopeAll.toFixed(2)} MB per 100 000 rows (${half.length} samples)`,
  );
  return facts;
}

const names = await makePictures(join(folder, 'pictures'), options.pictures);
const input = await makeInput(folder, options.input, names, total);
const reuse = options['no-reuse'] ? ['--no-reuse'] : [];
const seconds = Number(options.seconds);
const first = await run([input, '--out', out, ...reuse], out, seconds);
const rows = first.samples.at(-1).rows;
const results = [report('judging', first, Math.max(1, Math.floor(rows / 100)))];
console.log(first.printed.trimEnd());
if (options.export && seconds === 0) {
  // The file of the first run is the journal of both: nothing is left to judge.
  for (const format of ['csv', 'parquet']) {
    const again = await run([input, '--out', join(folder, 'results'), '--format', format, ...reuse], out);
    results.push(report(format, { ...again, samples: again.samples.map((s) => ({ ...s, rows: 0 })) }, 1));
    const { size } = await stat(join(folder, 'results'));
    const rows = await rowsOfTable(join(folder, 'results'), format);
    if (rows !== total) throw new Error(`the ${format} has ${rows} rows, the input ${total}`);
    console.log(`  ${format}: ${rows} rows, ${mb(size / 2 ** 20)} MB`);
  }
}
const found = await check(out);
console.log(`checked: ${JSON.stringify({ ...found, wanted: seconds > 0 ? rows : total })}`);
if (options.split) {
  const text = await readFile(join(folder, 'split.ndjson'), 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const every = Math.max(1, Math.floor(lines.length / 20));
  for (const line of lines.filter((_, i) => i % every === 0)) {
    const part = (key) => `${key} ${mb(line[key] / 2 ** 20)}`;
    console.log(
      `  ${line.s.toFixed(0)} s  ${['rss', 'heapTotal', 'heapUsed', 'external', 'arrayBuffers'].map(part).join('  ')}`,
    );
  }
  // Of the first run alone, with the rows that were written by then.
  const own = lines
    .filter((line) => line.pid === lines[0].pid)
    .map((line) => ({ ...line, rows: first.samples.find((sample) => sample.s >= line.s)?.rows ?? 0 }))
    .filter((line, i, all) => i > 0 && line.rows > all[i - 1].rows);
  const half = own.slice(Math.floor(own.length / 2));
  const slopes = ['rss', 'heapUsed', 'external'].map(
    (key) => `${key} ${slope(half, (line) => line[key] / 2 ** 20).toFixed(2)}`,
  );
  console.log(`  own account, second half (${half.length}): ${slopes.join(', ')} MB per 100 000 rows`);
}
if (options.json !== undefined) await writeFile(options.json, JSON.stringify({ rows, found, results }));
if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
if (found.twice + found.wrong > 0 || found.rows !== (seconds > 0 ? rows : total)) process.exitCode = 1;
