// Time and memory of `livestill evaluate` on 10 000 presentations: from a score file, and from pictures whose answers are
// cached. Needs `npm run build`. Prints a table; nothing is kept.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const N = Number(process.argv[2] ?? 10_000);
const PEOPLE = 500;
const bin = process.env.LIVESTILL_BIN ?? fileURLToPath(new URL('../bin/livestill.js', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'livestill-bench-'));

const WATCH = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => { const u = process.resourceUsage(); process.stderr.write('RSS ' + u.maxRSS + ' CPU ' + (u.userCPUTime + u.systemCPUTime)); })",
)}`;

/** Runs the program; gives seconds by the clock and of processor time, and the most memory it held, MiB. */
function livestill(...words) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, ['--import', WATCH, bin, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('close', (code) => {
      const seconds = (performance.now() - start) / 1000;
      const [, rss, cpu] = /RSS (\d+) CPU (\d+)/.exec(said) ?? [];
      if (code === 0) resolve({ seconds, rss: Number(rss) / 1024, cpu: Number(cpu) / 1e6 });
      else reject(new Error(`exit ${code}: ${said}`));
    });
  });
}

/** The same numbers on every machine. */
let state = 1;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const rows = Array.from({ length: N }, (_, i) => {
  const attack = i % 2 === 1;
  const middle = attack ? 30 : 80;
  const score = Math.min(100, Math.max(0, Math.round(middle + 60 * (random() + random() + random() - 1.5))));
  return {
    path: `p${i}.jpg`,
    label: attack ? 'attack' : 'bona-fide',
    species: attack ? ['print', 'replay', 'mask'][i % 3] : null,
    subject: `s${i % PEOPLE}`,
    group: `g${i % 4}`,
    score,
    probability: score / 100,
  };
});

try {
  const scores = join(folder, 'scores.ndjson');
  await writeFile(scores, rows.map((row) => JSON.stringify(row)).join('\n'));
  const results = [
    ['score file, 1000 bootstrap replicates', await livestill('evaluate', '--scores', scores)],
    ['score file, without bootstrap', await livestill('evaluate', '--scores', scores, '--bootstrap', '0')],
    [
      'score file, HTML report',
      await livestill('evaluate', '--scores', scores, '--report', join(folder, 'r.html')),
    ],
    ['score file against itself, paired', await livestill('evaluate', '--compare', scores, scores)],
  ];

  // Small different pictures, whose answers are written into the cache as the program itself would.
  const cache = join(folder, 'cache');
  await mkdir(join(folder, 'pictures'));
  const first = join(folder, 'pictures', 'p0.jpg');
  const picture = async (i) =>
    sharp({
      create: { width: 48, height: 64, channels: 3, background: { r: i & 255, g: (i >> 8) & 255, b: 99 } },
    })
      .jpeg()
      .withExif({ IFD0: { ImageDescription: `number ${i}` } })
      .toBuffer();
  await writeFile(first, await picture(0));
  const index = join(folder, 'pictures', 'index.ndjson');
  await writeFile(index, JSON.stringify({ path: 'p0.jpg', label: 'attack' }));
  await livestill('evaluate', index, '--cache', cache);
  const answers = (await readdir(cache)).find((name) => name.startsWith('answers-'));
  let answerLines = '';
  let factLines = '';
  let indexLines = '';
  for (let i = 0; i < N; i++) {
    const bytes = await picture(i);
    const key = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(folder, 'pictures', `p${i}.jpg`), bytes);
    const { score, probability, ...described } = rows[i];
    const quality = { FaceWidth: 100 + random() * 200, Context: 2 + random(), Sharpness: 50 * random() };
    const answer = { outcome: 'judged', score, probability, logit: 0, reasons: [], quality, quarterTurns: 0 };
    const hash = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('');
    const facts = {
      format: 'jpeg',
      bytes: bytes.length,
      width: 48,
      height: 64,
      jpegQuality: 80,
      chroma: '4:2:0',
    };
    const rest = { camera: null, software: null, hasExif: true, hasColourProfile: false, hash };
    answerLines += `${JSON.stringify({ key, value: answer })}\n`;
    factLines += `${JSON.stringify({ key, value: { ...facts, ...rest } })}\n`;
    indexLines += `${JSON.stringify(described)}\n`;
  }
  await writeFile(join(cache, answers), answerLines);
  await writeFile(join(cache, 'facts-1.ndjson'), factLines);
  await writeFile(index, indexLines);
  results.push([
    'pictures, all answers cached, with traps',
    await livestill('evaluate', index, '--cache', cache),
  ]);

  console.log(`${N} presentations of ${PEOPLE} people, Node ${process.version}, whole process\n`);
  for (const [name, { seconds, rss, cpu }] of results) {
    const time = `${seconds.toFixed(2).padStart(6)} s  ${cpu.toFixed(2).padStart(6)} s of processor`;
    console.log(`${name.padEnd(44)} ${time}  ${rss.toFixed(0).padStart(5)} MiB`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
