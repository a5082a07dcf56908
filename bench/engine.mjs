/**
 * npm run bench:engine [-- --rounds N] [-- --quantile 0.5] [-- --profile careful] [-- --json]
 *
 * Milliseconds of every step of a judgement (median of many, or another quantile: a low one where others use the machine
 * too), for all profiles and two picture sizes, and in the same run the floor: decoding alone plus each network alone on ready
 * tensors. `least` is the floor without the second detector where the judgement did not ask it. All on one thread. Floor and
 * judgement take turns, so that whatever else the machine does hits both alike.
 */

import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { createLiveness } from '../dist/engine.js';
import { cropRect, cropTensor } from '../dist/liveness/crop.js';
import { blazeInput } from '../dist/liveness/detect/blazeface.js';
import { detectFace, detectionPicture } from '../dist/liveness/detect/face.js';
import { rfbInput } from '../dist/liveness/detect/rfb.js';
import { loadModels } from '../dist/liveness/load.js';
import { decodePicture } from '../dist/picture/decode/decode.js';
import { requireWeights } from '../dist/weights/index.js';
import { percentile, portrait } from './support.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    quantile: { type: 'string', default: '0.5' },
    json: { type: 'boolean', default: false },
    small: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const quantile = Number(options.quantile);
const SIZES = options.small
  ? [[720, 960]]
  : [
      [720, 960],
      [3024, 4032],
    ];
const STEPS = ['decode', 'detect', 'crop', 'classify', 'quality'];

sharp.concurrency(1);
sharp.cache(false);

async function timed(run) {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

const weights = await requireWeights();
const models = await loadModels(new Map([...weights].map(([name, { path }]) => [name, path])));
const engine = await createLiveness();
const results = [];

for (const [width, height] of SIZES) {
  const bytes = await portrait(width, height);
  const picture = await decodePicture(bytes);
  const small = detectionPicture(picture);
  const { face } = await detectFace(models.detectors, picture, small);
  if (face === null) throw new Error('the bench picture shows no face');
  const tensors = {
    blaze: blazeInput(small, 0).tensor,
    rfb: rfbInput(small, 0).tensor,
  };
  const tensorOf = ({ crops: [crop], input }) =>
    cropTensor(picture, crop, cropRect(crop, face.box, 1, width, height), input).slice();
  for (const profile of options.profile === undefined ? [...models.profiles.keys()] : [options.profile]) {
    const plans = models.profiles.get(profile).classifiers.map(({ card, network }) => {
      const { crops, boxScales } = card.profiles[profile];
      return { network, tensor: tensorOf(card), runs: crops.length * boxScales.length };
    });
    const runs = plans.reduce((sum, plan) => sum + plan.runs, 0);
    const judged = { total: [], ...Object.fromEntries(STEPS.map((s) => [s, []])) };
    const alone = { decode: [], blaze: [], rfb: [], classifier: [] };
    for (let round = -5; round < rounds; round++) {
      const { milliseconds } = await engine.judge(bytes, { profile });
      const floor = {
        decode: await timed(() => decodePicture(bytes)),
        blaze: await timed(() => models.detectors.blaze.run(tensors.blaze)),
        rfb: await timed(() => models.detectors.rfb.run(tensors.rfb)),
        classifier: await timed(async () => {
          for (const { network, tensor, runs: times } of plans) {
            for (let i = 0; i < times; i++) await network.run(tensor);
          }
        }),
      };
      if (round < 0) continue;
      for (const name of Object.keys(judged)) judged[name].push(milliseconds[name]);
      for (const name of Object.keys(alone)) alone[name].push(floor[name]);
    }
    const steps = Object.fromEntries(
      Object.entries(judged).map(([name, v]) => [name, percentile(v, quantile)]),
    );
    const parts = Object.fromEntries(
      Object.entries(alone).map(([name, v]) => [name, percentile(v, quantile)]),
    );
    const floorMs = Object.values(parts).reduce((a, b) => a + b, 0);
    results.push({
      width,
      height,
      profile,
      runs,
      steps,
      floor: parts,
      floorMs,
      ratio: steps.total / floorMs,
      leastMs: floorMs - (face.detectorIoU === null ? parts.rfb : 0),
    });
  }
}
await engine.close();
await models.close();

if (options.json) {
  console.log(JSON.stringify({ cpu: cpus()[0].model, node: process.version, rounds, quantile, results }));
} else {
  console.log(
    `livestill bench:engine: ${cpus()[0].model}, Node ${process.version}, one thread, quantile ${quantile} of ${rounds}, ms\n`,
  );
  const row = (...cells) =>
    console.log(cells.map((c, i) => (i < 2 ? String(c).padEnd(11) : String(c).padStart(9))).join(''));
  row('picture', 'profile', ...STEPS, 'total', 'floor', 'ratio', 'least');
  for (const { width, height, profile, steps, floorMs, ratio, leastMs } of results) {
    const numbers = [...STEPS, 'total'].map((s) => steps[s].toFixed(1));
    const rest = [floorMs.toFixed(1), ratio.toFixed(2), leastMs.toFixed(1)];
    row(`${width}x${height}`, profile, ...numbers, ...rest);
  }
  console.log('\nfloor        profile     decode + BlazeFace + RFB + classifiers x runs, each alone');
  for (const { width, height, profile, floor, runs } of results) {
    const numbers = [floor.decode, floor.blaze, floor.rfb, floor.classifier].map((n) =>
      n.toFixed(1).padStart(6),
    );
    console.log(
      `${`${width}x${height}`.padEnd(11)}  ${profile.padEnd(10)} ${numbers.join(' + ')} (${runs} runs)`,
    );
  }
}
