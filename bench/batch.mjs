/**
 * A long batch, killed and resumed, with its memory: made of a dozen small pictures that a list repeats. Real judgements.
 *
 *   node bench/batch.mjs [--rows 20000] [--kills 6] [--journal 0] [--reuse] [--json]        after `npm run build`
 *
 * --kills: so many times the process gets SIGKILL, evenly over the rows. --reuse: equal pictures are
 * judged once in a run, without it every row is judged. --journal N: instead, N rows of results are made up front
 * and the batch has to go through them before it judges --rows more.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { memoryOf } from './batch-memory.mjs';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '6' },
    journal: { type: 'string', default: '0' },
    reuse: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(options.rows);
const kills = Number(options.journal) > 0 ? 0 : Number(options.kills);
const before = Number(options.journal);
const total = before + rows;
const bin = fileURLToPath(new URL('../bin/livestill.js', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'livestill-bench-'));
const out = join(folder, 'results.ndjson');
const list = join(folder, 'list.txt');

/** Cuts from two group photos of a development dependency: with a face, without one, soft, too close. */
async function makePictures() {
  const demo = join(
    dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')),
    'demo',
  );
  const portrait = sharp(await readFile(join(demo, 'sample4.jpg'))).extract({
    left: 870,
    top: 20,
    width: 480,
    height: 640,
  });
  const makers = [
    (p) => p,
    (p) => p.flop(),
    (p) => p.linear(1.2, 0),
    (p) => p.linear(0.7, 0),
    (p) => p.blur(1.2),
    (p) => p.greyscale(),
    (p) => p.extract({ left: 40, top: 60, width: 400, height: 533 }),
    (p) => p.extract({ left: 0, top: 420, width: 200, height: 220 }),
  ];
  await mkdir(join(folder, 'pictures'));
  for (const [i, make] of makers.entries()) {
    const cut = sharp(await portrait.clone().png().toBuffer());
    await make(cut)
      .jpeg({ quality: 88 })
      .toFile(join(folder, 'pictures', `large-${i}.jpg`));
    await sharp(join(folder, 'pictures', `large-${i}.jpg`))
      .resize(180, 240, { fit: 'cover' })
      .jpeg({ quality: 88 })
      .toFile(join(folder, 'pictures', `${i}.jpg`));
  }
  return makers.length;
}

async function lines(path, count, line) {
  const stream = createWriteStream(path, { flags: 'a' });
  for (let i = 1; i <= count; i++) if (!stream.write(`${line(i)}\n`)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'finish');
}

const memory = [];
/** Runs the command; resolves when it ends, or when the output has so many bytes and it was killed. */
async function run(killAtBytes) {
  const started = performance.now();
  const args = [
    bin,
    'batch',
    list,
    '--out',
    out,
    '--profile',
    'fast',
    ...(options.reuse ? [] : ['--no-reuse']),
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (d) => {
    said += d;
  });
  child.stdout.resume();
  const exit = once(child, 'exit');
  let killed = false;
  let peak = 0;
  const watch = setInterval(async () => {
    const size = await stat(out).then(
      (s) => s.size,
      () => 0,
    );
    try {
      const m = memoryOf(child.pid);
      peak = Math.max(peak, m.peak);
      memory.push({ s: (performance.now() - started) / 1000, mb: m.main, all: m.all, bytes: size });
    } catch {}
    if (size >= killAtBytes && !killed) {
      killed = true;
      child.kill('SIGKILL');
    }
  }, 250);
  const [status, signal] = await exit;
  clearInterval(watch);
  return { status, signal, seconds: (performance.now() - started) / 1000, peak, said };
}

const pictures = await makePictures();
const nameOf = (i) => `pictures/${i % pictures}.jpg`;
await lines(list, total, nameOf);
const runs = [];
if (before > 0) {
  // One real row, repeated under the keys that the list gives.
  await writeFile(join(folder, 'one.txt'), 'pictures/1.jpg\n');
  const first = spawn(process.execPath, [
    bin,
    'batch',
    join(folder, 'one.txt'),
    '--out',
    `${out}.one.ndjson`,
    '--profile',
    'fast',
    '--quiet',
    '--no-report',
  ]);
  await once(first, 'exit');
  const row = JSON.parse(await readFile(`${out}.one.ndjson`, 'utf8'));
  await lines(out, before, (i) => JSON.stringify({ ...row, key: `${i}:${nameOf(i)}`, picture: nameOf(i) }));
  const settings = JSON.parse(await readFile(`${out}.one.ndjson.run.json`, 'utf8'));
  await writeFile(`${out}.run.json`, JSON.stringify({ ...settings, input: list }));
}
const bytesARow = 950;
for (let k = 1; k <= kills; k++) runs.push(await run((k / (kills + 1)) * total * bytesARow));
runs.push(await run(Number.POSITIVE_INFINITY));
const wrong = runs.find(({ status, signal }) => status !== 0 && signal !== 'SIGKILL');
if (wrong !== undefined) throw new Error(`the batch ended with status ${wrong.status}:\n${wrong.said}`);

const keys = new Set();
let written = 0;
let bad = 0;
const wanted = (key) => /^(\d+):/.exec(key)?.[1];
for await (const line of createInterface({ input: createReadStream(out) })) {
  written++;
  const row = JSON.parse(line);
  keys.add(Number(wanted(row.key)));
  if (row.code !== 0 && row.code !== -4015) bad++;
}
let missing = 0;
for (let i = 1; i <= total; i++) if (!keys.has(i)) missing++;
const last = runs.at(-1);
const tail = memory.slice(-Math.max(2, Math.floor((last.seconds * 4) / 2)));
const result = {
  total,
  rows: written,
  keys: keys.size,
  missing,
  twice: written - keys.size,
  failed: bad,
  runs: runs.map(({ status, signal, seconds, peak }) => ({ status, signal, seconds, peakMb: peak })),
  outputMb: (await stat(out)).size / 2 ** 20,
  secondHalfMb: [tail[0]?.mb, tail.at(-1)?.mb],
  withWorkersMb: Math.max(...memory.map(({ all }) => all)),
};
await rm(folder, { recursive: true, force: true });
if (options.json) console.log(JSON.stringify({ ...result, memory }));
else {
  console.log(
    `${result.total} pictures listed, ${result.rows} rows, ${result.missing} missing, ${result.twice} twice, ${result.failed} failed`,
  );
  for (const r of result.runs) {
    console.log(
      `  ${r.signal ?? `status ${r.status}`} after ${r.seconds.toFixed(1)} s, peak ${r.peakMb.toFixed(0)} MB`,
    );
  }
  console.log(
    `memory of the main process over the second half of the last run: ${result.secondHalfMb.map((m) => m?.toFixed(0)).join(' -> ')} MB; most of all processes ${result.withWorkersMb.toFixed(0)} MB`,
  );
  console.log(`${result.outputMb.toFixed(1)} MB of results`);
  console.log(last.said.trim());
}
if (result.missing + result.twice > 0) process.exitCode = 1;
