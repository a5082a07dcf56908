/**
 * What a large picture costs beyond its decoding: processor time of finding and judging a face in it, or of finding none, and the most
 * memory that a process takes for it.
 *
 *   npm run build && npm run bench:large [-- --rounds N]
 *
 * Each picture is judged in a process of its own, in turns with one of 0.7 megapixels of the same kind; `ratio` is one over the other,
 * fastest rounds of each, so that whatever else the machine does hits both alike. 48 megapixels lie over the default limit, which is
 * raised here. `sideways`: a face that lies on its side, without EXIF, whose whole picture is turned for the crops.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { createLiveness } from '../dist/engine.js';
import { DEFAULT_LIMITS, decodePicture } from '../dist/picture/decode/decode.js';
import { dedicateImageLibrary } from '../dist/picture/decode/library.js';
import { portrait, printTable } from './support.mjs';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, child: { type: 'string' } },
});
const rounds = Number(options.rounds);
const LIMITS = { ...DEFAULT_LIMITS, pixels: 50_000_000 };
const SMALL = [720, 960];
const SIZES = [
  [3000, 4000],
  [4243, 5656],
  [6000, 8000],
];

/** A scene without a face: coarse noise, enlarged. */
async function scene(width, height) {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 };
  const coarse = sharp({ create: { width: 48, height: 64, channels: 3, background: '#888', noise } }).png();
  return sharp(await coarse.toBuffer())
    .resize(width, height)
    .jpeg({ quality: 90 })
    .toBuffer();
}
const PICTURES = {
  'a face': portrait,
  'a face, sideways': async (width, height) =>
    sharp(await portrait(width, height))
      .rotate(90)
      .jpeg({ quality: 90 })
      .toBuffer(),
  'no face': scene,
  'one colour': (width, height) =>
    sharp({ create: { width, height, channels: 3, background: '#888' } })
      .jpeg()
      .toBuffer(),
};

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const peakMb = async () =>
  Number(/VmHWM:\s+(\d+)/.exec(await readFile('/proc/self/status', 'utf8').catch(() => ''))?.[1]) / 1024;

async function child({ kind, width, height }) {
  dedicateImageLibrary();
  const engine = await createLiveness({ limits: LIMITS });
  const bytes = [await PICTURES[kind](...SMALL), await PICTURES[kind](width, height)];
  const least = bytes.map(() => ({ decode: Number.POSITIVE_INFINITY, beyond: Number.POSITIVE_INFINITY }));
  let before;
  for (let round = -1; round < rounds; round++) {
    for (const [i, picture] of bytes.entries()) {
      const start = cpuMs();
      await decodePicture(picture, LIMITS);
      const decoded = cpuMs();
      await engine.judge(picture);
      const judged = cpuMs();
      before ??= await peakMb();
      if (round < 0) continue;
      const decode = decoded - start;
      const spent = judged - decoded;
      least[i].decode = Math.min(least[i].decode, decode);
      least[i].beyond = Math.min(least[i].beyond, spent - decode);
    }
  }
  console.log(JSON.stringify({ least, peak: (await peakMb()) - before }));
  await engine.close();
}

function measure(one) {
  const script = fileURLToPath(import.meta.url);
  return new Promise((resolve, reject) => {
    const args = [script, '--rounds', options.rounds, '--child', JSON.stringify(one)];
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    started.stdout.on('data', (part) => {
      out += part;
    });
    started.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`ended with ${code}`)),
    );
  });
}

async function main() {
  const rows = [
    ['megapixels, picture', 'decode, ms', 'beyond, ms', 'small one, ms', 'ratio', 'peak, MB more'],
  ];
  for (const [width, height] of SIZES) {
    for (const kind of Object.keys(PICTURES)) {
      const { least, peak } = await measure({ kind, width, height });
      const [small, large] = least;
      rows.push([
        `${Math.round((width * height) / 1e6)}, ${kind}`,
        large.decode.toFixed(0),
        large.beyond.toFixed(0),
        small.beyond.toFixed(0),
        (large.beyond / small.beyond).toFixed(2),
        peak.toFixed(0),
      ]);
    }
  }
  printTable(rows);
}

if (options.child === undefined) await main();
else await child(JSON.parse(options.child));
