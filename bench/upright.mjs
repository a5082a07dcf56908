/**
 * How surely a face is turned upright: each picture as it is and turned by 90, 180 and 270 degrees without EXIF, the measured table of
 * docs/understand/accuracy.md. To be run anew whenever a detector or the search (`UPRIGHT` in src/liveness/detect/upright.ts) changes.
 *
 *   node bench/upright.mjs FOLDER... [--spoil] [--every N] [--names] [--json]        after `npm run build`
 *
 * FOLDER: pictures whose largest face stands upright (JPEG, PNG). Without one, the six group photos of a development dependency.
 * `--spoil`: also mirrored, small, tilted, blurred, dark, noisy and cropped. `--names`: which pictures ended wrong. Every Nth picture (1).
 */
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { detectFace, detectionPicture } from '../dist/liveness/detect/face.js';
import { loadModels } from '../dist/liveness/load.js';
import { turnClockwise } from '../dist/liveness/resample.js';
import { decodePicture } from '../dist/picture/decode/decode.js';
import { requireWeights } from '../dist/weights/index.js';
import { mean, printTable } from './support.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    spoil: { type: 'boolean', default: false },
    every: { type: 'string', default: '1' },
    names: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const groupPhotos = () =>
  join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
const folders = positionals.length > 0 ? positionals : [groupPhotos()];
// The demo folder holds drawings and screenshots too, as PNG.
const wanted = positionals.length > 0 ? /\.(jpe?g|png)$/i : /\.jpe?g$/i;

const raw = ({ width, height, data }) => sharp(data, { raw: { width, height, channels: 3 } });
async function back(pipeline) {
  const { data, info } = await pipeline.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}
const within = (picture, side) =>
  raw(picture).resize(side, side, { fit: 'inside', withoutEnlargement: true });
async function onCanvas(picture, side) {
  const inner = await within(picture, side).png().toBuffer();
  const canvas = sharp({ create: { width: 640, height: 640, channels: 3, background: '#9a9a98' } });
  return back(
    sharp(
      await canvas
        .composite([{ input: inner }])
        .png()
        .toBuffer(),
    ),
  );
}
/** The same noise for the same picture: a linear congruential generator. */
function noisy(picture, sigma) {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const data = Uint8ClampedArray.from(picture.data, (v) => v + sigma * 3.46 * (uniform() - 0.5));
  return { ...picture, data: new Uint8Array(data.buffer) };
}
const tilted = (degrees) => async (picture) =>
  back(raw(await back(within(picture, 640))).rotate(degrees, { background: '#9a9a98' }));

const SPOILT = {
  mirrored: (p) => back(raw(p).flop()),
  'a quarter of the frame': (p) => onCanvas(p, 320),
  'a sixteenth of the frame': (p) => onCanvas(p, 160),
  'tilted by 20 degrees': tilted(20),
  'tilted by -35 degrees': tilted(-35),
  blurred: async (p) => back(raw(await back(within(p, 320))).blur(3)),
  dark: (p) => back(raw(p).linear(0.15, 0)),
  noisy: async (p) => noisy(await back(within(p, 480)), 40),
  'lower half of the frame cut': (p) =>
    back(raw(p).extract({ left: 0, top: 0, width: p.width, height: Math.ceil(p.height * 0.62) })),
};
const variants = { 'as it is': (p) => p, ...(options.spoil ? SPOILT : {}) };

const weights = await requireWeights();
const models = await loadModels(new Map([...weights].map(([name, { path }]) => [name, path])));
const runs = { blaze: 0, rfb: 0 };
const counted = (network, name) => ({
  ...network,
  run: (...args) => {
    runs[name]++;
    return network.run(...args);
  },
});
const detectors = {
  blaze: counted(models.detectors.blaze, 'blaze'),
  rfb: counted(models.detectors.rfb, 'rfb'),
};

const results = [];
for (const folder of folders) {
  const files = (await readdir(folder)).filter((f) => wanted.test(f)).sort();
  for (const file of files.filter((_, i) => i % Number(options.every) === 0)) {
    const original = await decodePicture(await readFile(join(folder, file)));
    for (const [variant, make] of Object.entries(variants)) {
      const picture = await make(original);
      for (const turn of [0, 1, 2, 3]) {
        const turned = turnClockwise(picture, turn);
        runs.blaze = 0;
        runs.rfb = 0;
        const small = detectionPicture(turned);
        const start = performance.now();
        const { face, quarterTurns, why } = await detectFace(detectors, turned, small);
        const ms = performance.now() - start;
        small.release();
        const upright = face !== null && (quarterTurns + turn) % 4 === 0;
        const outcome = face === null ? 'none' : upright ? 'upright' : 'wrong';
        results.push({ file: basename(file), variant, turn, outcome, why, quarterTurns, ms, ...runs, face });
      }
    }
  }
}
await models.close();

if (options.json) {
  console.log(JSON.stringify(results));
} else {
  const rows = [
    [
      'picture, turned by',
      'pictures',
      'upright',
      'wrong way up',
      'no face',
      'BlazeFace runs',
      'RFB runs',
      'ms',
    ],
  ];
  for (const variant of Object.keys(variants)) {
    for (const turn of [0, 1, 2, 3]) {
      const those = results.filter((r) => r.variant === variant && r.turn === turn);
      const count = (outcome) => those.filter((r) => r.outcome === outcome).length;
      const average = (key) => mean(those.map((r) => r[key])).toFixed(2);
      rows.push([
        `${variant}, ${turn * 90}`,
        those.length,
        ...['upright', 'wrong', 'none'].map(count),
        ...['blaze', 'rfb', 'ms'].map(average),
      ]);
    }
  }
  printTable(rows);
  if (options.names) {
    for (const r of results) {
      if (r.outcome !== 'upright')
        console.log(
          `${r.file}, ${r.variant}, turned by ${r.turn * 90}: ${r.outcome} (${r.why}, ${r.quarterTurns * 90})`,
        );
    }
  }
}
