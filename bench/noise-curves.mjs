/**
 * How far the networks in force can be trusted with noise, and how the component `ColourNoise` sees it: the measured table of
 * docs/understand/quality.md, from which its limits are set (`COLOUR_NOISE` in src/liveness/quality/rules.ts). To be run anew whenever networks,
 * crops or their fusion change.
 *
 *   node bench/noise-curves.mjs LIVE ATTACKS [--every N] [--profile careful] [--json]        after `npm run build`
 *
 * LIVE: portraits or selfies of people. ATTACKS: prints and screens, such as `livestill simulate` makes. Every Nth of each (1). Pictures
 * are shrunk to 1280 pixels first, so that noise is not averaged away.
 */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { judgePicture } from '../dist/liveness/judge.js';
import { loadModels } from '../dist/liveness/load.js';
import { decodePicture } from '../dist/picture/decode/decode.js';
import { requireWeights } from '../dist/weights/index.js';
import { percentile } from './support.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    every: { type: 'string', default: '1' },
    profile: { type: 'string', default: 'careful' },
    json: { type: 'boolean', default: false },
  },
});
const every = Number(options.every);
if (positionals.length !== 2) throw new Error('two folders: live pictures and attacks');

let state = 1;
function uniform() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
const normal = () => Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());

const raw = ({ width, height, data }) => sharp(data, { raw: { width, height, channels: 3 } });
const jpeg = async (picture, quality) => decodePicture(await raw(picture).jpeg({ quality }).toBuffer());

/** The picture with `add()`, three values, added to each pixel. */
function added(picture, add) {
  const data = Uint8ClampedArray.from(picture.data);
  for (let at = 0; at < data.length; at += 3) {
    const values = add();
    for (let c = 0; c < 3; c++) data[at + c] = picture.data[at + c] + values[c];
  }
  return { ...picture, data: new Uint8Array(data.buffer) };
}

const chroma = (sigma) => () => {
  const [cb, cr] = [sigma * normal(), sigma * normal()];
  return [1.402 * cr, -0.344 * cb - 0.714 * cr, 1.772 * cb];
};
const each = (sigma) => () => [sigma * normal(), sigma * normal(), sigma * normal()];
const grey = (sigma) => () => Array(3).fill(sigma * normal());

const linear = (v) => (v <= 10.3 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4);
const encoded = (v) => 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * Math.min(1, v) ** (1 / 2.4) - 0.055);
const GAINS = [2, 1, 1.6];
const channelAt = (x, y) => (y & 1 ? (x & 1 ? 2 : 1) : x & 1 ? 1 : 0);

/** Low light: electrons behind a Bayer mosaic with shot noise and 4 electrons of read noise, white balance, bilinear demosaicing. */
function lowLight(picture, electrons) {
  const { width, height, data } = picture;
  const mosaic = new Float32Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const gain = GAINS[channelAt(x, y)];
      const wanted = (linear(data[at * 3 + channelAt(x, y)]) * electrons) / gain;
      const got = Math.max(0, wanted + Math.sqrt(wanted) * normal() + 4 * normal());
      mosaic[at] = (got * gain) / electrons;
    }
  }
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sums = [0, 0, 0];
      const counts = [0, 0, 0];
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          sums[channelAt(u, v)] += mosaic[v * width + u];
          counts[channelAt(u, v)]++;
        }
      }
      const own = channelAt(x, y);
      for (let c = 0; c < 3; c++) {
        const value = c === own ? mosaic[y * width + x] : sums[c] / counts[c];
        out[(y * width + x) * 3 + c] = Math.round(encoded(value));
      }
    }
  }
  return { width, height, data: out };
}

const KINDS = [
  ['none', (p) => p],
  ...[3, 5, 8, 12, 15, 20, 25].map((s) => [`each channel, sigma ${s}`, (p) => added(p, each(s))]),
  ...[5, 15, 25].map((s) => [`Cb and Cr, sigma ${s}`, (p) => added(p, chroma(s))]),
  ...[10, 20].map((s) => [`grey, sigma ${s}`, (p) => added(p, grey(s))]),
  ['each channel, sigma 15, JPEG 80', (p) => jpeg(added(p, each(15)), 80)],
  ...[2000, 500, 250, 125].map((e) => [
    `low light, ${e} electrons, JPEG 92`,
    (p) => jpeg(lowLight(p, e), 92),
  ]),
  ['JPEG 60', (p) => jpeg(p, 60)],
];

const weights = await requireWeights();
const models = await loadModels(new Map(Array.from(weights, ([name, { path }]) => [name, path])));

async function read(folder) {
  const names = (await readdir(folder, { recursive: true })).filter((f) =>
    ['.jpg', '.jpeg', '.png'].includes(extname(f).toLowerCase()),
  );
  return names
    .sort()
    .filter((_, i) => i % every === 0)
    .map((name) => join(folder, name));
}

async function small(path) {
  const picture = await decodePicture(await readFile(path));
  if (Math.max(picture.width, picture.height) <= 1280) return picture;
  return decodePicture(await raw(picture).resize(1280, 1280, { fit: 'inside' }).png().toBuffer());
}

const results = KINDS.map(([kind]) => ({ kind, live: [], attacks: [] }));
for (const [i, group] of ['live', 'attacks'].entries()) {
  for (const path of await read(positionals[i])) {
    const picture = await small(path);
    for (const [k, [, make]] of KINDS.entries()) {
      const judged = await judgePicture(models, await make(picture), {
        profile: options.profile,
        threshold: 87,
      });
      const noise = judged.quality.find(({ name }) => name === 'ColourNoise')?.value;
      if (noise !== undefined) results[k][group].push({ noise, score: judged.rawScore });
    }
  }
}
await models.close();

const share = (rows, test) => (rows.length === 0 ? 0 : rows.filter(test).length / rows.length);
const table = results.map(({ kind, live, attacks }) => {
  const noises = [...live, ...attacks].map(({ noise }) => noise).sort((a, b) => a - b);
  return {
    kind,
    pictures: noises.length,
    noise: [0.05, 0.5, 0.95, 0.99].map((q) => percentile(noises, q)),
    liveBelow: share(live, ({ score }) => score <= 87),
    attacksAbove: share(attacks, ({ score }) => score > 87),
    // What a limit would leave of the attacks that are taken for live, and refuse of everything.
    limits: [1.5, 2, 2.5, 3].map((limit) => ({
      limit,
      attacksAbove: share(attacks, ({ score, noise }) => score > 87 && noise <= limit),
      refused: share([...live, ...attacks], ({ noise }) => noise > limit),
    })),
  };
});
if (options.json) console.log(JSON.stringify(table));
else {
  const percent = (v) => `${(100 * v).toFixed(0)} %`.padStart(6);
  console.log(
    `${''.padEnd(36)}n    noise p05 p50 p95 p99      live<=87 attack>87  | limit: attack>87 left, refused`,
  );
  for (const row of table) {
    console.log(
      row.kind.padEnd(34) +
        String(row.pictures).padStart(4) +
        row.noise.map((v) => v.toFixed(2).padStart(7)).join('') +
        `    ${percent(row.liveBelow)} ${percent(row.attacksAbove)}   ` +
        row.limits.map((l) => `| ${l.limit}: ${percent(l.attacksAbove)} ${percent(l.refused)}`).join(' '),
    );
  }
}
