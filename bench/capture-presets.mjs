/**
 * How many portraits each capture preset takes, which limit refuses the others, and how steady yaw and pitch are when the same
 * picture is mirrored (a mirrored picture has the same pitch and the opposite yaw): the tables of docs/understand/quality.md.
 *
 *   node bench/capture-presets.mjs FOLDER [--json]        after `npm run build`
 *
 * FOLDER: portraits of one person each. No classifier runs: about a minute for 255 portraits on one core.
 */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { detectFace, detectionPicture } from '../dist/liveness/detect/face.js';
import { loadModels } from '../dist/liveness/load.js';
import { assessQuality } from '../dist/liveness/quality/assess.js';
import { CAPTURE_COMPONENTS, CAPTURE_NAMES } from '../dist/liveness/quality/capture.js';
import { measureFace } from '../dist/liveness/quality/measure.js';
import { turnClockwise } from '../dist/liveness/resample.js';
import { decodePicture } from '../dist/picture/decode/decode.js';
import { requireWeights } from '../dist/weights/index.js';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
if (positionals.length !== 1) throw new Error('Expected one folder with portraits.');
const [folder] = positionals;
const files = (await readdir(folder))
  .filter((f) => ['.jpg', '.jpeg', '.png'].includes(extname(f).toLowerCase()))
  .sort();

const weights = await requireWeights();
const { detectors } = await loadModels(new Map(Array.from(weights.values(), (w) => [w.name, w.path])));

async function measure(picture) {
  const small = detectionPicture(picture);
  const { face, quarterTurns, faceCount, others } = await detectFace(detectors, picture, small);
  small.release();
  return face === null ? null : measureFace(turnClockwise(picture, quarterTurns), face, faceCount, others);
}

function mirrored({ width, height, data }) {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3;
      turned.set(data.subarray(from, from + 3), (y * width + width - 1 - x) * 3);
    }
  }
  return { width, height, data: turned };
}

const found = [];
for (const file of files) {
  const picture = await decodePicture(await readFile(join(folder, file)), {
    bytes: 64 * 1024 * 1024,
    pixels: 60_000_000,
    side: 16_384,
  });
  const measures = await measure(picture);
  if (measures === null) continue;
  const other = await measure(mirrored(picture));
  found.push({ file, measures, other });
  if (process.stderr.isTTY) process.stderr.write(`\r${found.length} of ${files.length}`);
}

const isAsked = new Set(CAPTURE_COMPONENTS);
const presets = Object.fromEntries(
  CAPTURE_NAMES.map((preset) => {
    const by = {};
    let taken = 0;
    let alone = 0;
    let butForSize = 0;
    for (const { measures } of found) {
      const failed = assessQuality(measures, preset)
        .components.filter((c) => !c.passed)
        .map((c) => c.name);
      if (failed.length === 0) taken++;
      if (failed.every((name) => name.startsWith('Picture'))) butForSize++;
      if (failed.length === 1 && isAsked.has(failed[0])) alone++;
      for (const name of failed) by[name] = (by[name] ?? 0) + 1;
    }
    return [
      preset,
      {
        pictures: found.length,
        taken,
        takenWhateverTheirSize: butForSize,
        refusedByOnePresetLimitAlone: alone,
        by,
      },
    ];
  }),
);

const quantile = (values, q) => {
  const sorted = [...values].sort((a, b) => a - b);
  return Number(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))].toFixed(1));
};
const spread = (values) => ({
  least: quantile(values, 0),
  p5: quantile(values, 0.05),
  median: quantile(values, 0.5),
  p95: quantile(values, 0.95),
  greatest: quantile(values, 1),
});
const both = found.filter(({ other }) => other !== null);
const pose = {
  yaw: spread(found.map(({ measures }) => measures.yaw)),
  pitch: spread(found.map(({ measures }) => measures.pitch)),
  yawMirroredSum: spread(both.map(({ measures, other }) => measures.yaw + other.yaw)),
  pitchMirroredDifference: spread(both.map(({ measures, other }) => measures.pitch - other.pitch)),
  yawApart: spread(both.map(({ measures, other }) => Math.abs(measures.yaw + other.yaw))),
  pitchApart: spread(both.map(({ measures, other }) => Math.abs(measures.pitch - other.pitch))),
};
const values = Object.fromEntries(
  ['faceWidth', 'eyeDistance', 'padding', 'pictureWidth', 'pictureHeight'].map((name) => [
    name,
    spread(found.map(({ measures }) => measures[name])),
  ]),
);
const without = files.length - found.length;
if (options.json) console.log(JSON.stringify({ without, presets, pose, values }, null, 2));
else {
  console.log(`${files.length} pictures, ${without} without a face`);
  for (const [preset, { taken, takenWhateverTheirSize, refusedByOnePresetLimitAlone, by }] of Object.entries(
    presets,
  )) {
    const refused = Object.entries(by).sort(([, a], [, b]) => b - a);
    console.log(
      `${preset.padEnd(9)} takes ${taken}, ${takenWhateverTheirSize} but for the picture's size; one limit of the preset alone refuses ${refusedByOnePresetLimitAlone}; ` +
        refused.map(([name, n]) => `${name} ${n}`).join(', '),
    );
  }
  console.log(JSON.stringify({ pose, values }, null, 2));
}
process.exit(0);
