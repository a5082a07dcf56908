/**
 * The measured curves behind the advising limits of docs/understand/quality.md: how the components are spread over portraits, and how
 * each moves as one thing is made worse step by step.
 *
 *   node bench/quality-curves.mjs FOLDER [--every N] [--json]        after `npm run build`
 *
 * FOLDER: portraits of one person each (JPEG or PNG). Without it, the six group photos of a development dependency. The spread is
 * over all of them, the curves over every Nth (6): about 4 minutes for 255 portraits on one core.
 */
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { detectFace, detectionPicture } from '../dist/liveness/detect/face.js';
import { loadModels } from '../dist/liveness/load.js';
import { measureFace } from '../dist/liveness/quality/measure.js';
import { RULES } from '../dist/liveness/quality/rules.js';
import { turnClockwise } from '../dist/liveness/resample.js';
import { decodePicture } from '../dist/picture/decode/decode.js';
import { requireWeights } from '../dist/weights/index.js';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '6' }, json: { type: 'boolean', default: false } },
});
const every = Number(options.every);
const folder =
  positionals[0] ??
  join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
const files = (await readdir(folder))
  .filter((f) => ['.jpg', '.jpeg', '.png'].includes(extname(f).toLowerCase()))
  .sort();

const raw = ({ width, height, data }) => sharp(data, { raw: { width, height, channels: 3 } });
const back = async (pipeline, { width, height }) => ({
  width,
  height,
  data: await pipeline.removeAlpha().toColourspace('srgb').raw().toBuffer(),
});

/** A copy with `change(r, g, b, x, y)` applied to every pixel, x and y 0-1 across the face box. */
function perPixel(picture, face, change) {
  const data = new Uint8Array(picture.data.length);
  const { left, top, right, bottom } = face.box;
  for (let y = 0, o = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++, o += 3) {
      const u = (x - left) / (right - left);
      const v = (y - top) / (bottom - top);
      const [r, g, b] = change(picture.data[o], picture.data[o + 1], picture.data[o + 2], u, v);
      data[o] = Math.max(0, Math.min(255, Math.round(r)));
      data[o + 1] = Math.max(0, Math.min(255, Math.round(g)));
      data[o + 2] = Math.max(0, Math.min(255, Math.round(b)));
    }
  }
  return { ...picture, data };
}

const grey = (r, g, b) => 0.299 * r + 0.587 * g + 0.114 * b;

/** One thing made worse, in steps. `geometry`: the face moves, so it is looked for again. */
const CURVES = [
  {
    component: 'OverExposurePrevention',
    what: 'exposure times',
    steps: [1, 1.25, 1.5, 1.75, 2, 2.5],
    make: (p, f, k) => perPixel(p, f, (r, g, b) => [r * k, g * k, b * k]),
  },
  {
    component: 'DynamicRange',
    what: 'contrast times',
    steps: [1, 0.7, 0.5, 0.35, 0.25, 0.15],
    make: (p, f, k) => perPixel(p, f, (r, g, b) => [r, g, b].map((v) => 120 + (v - 120) * k)),
  },
  {
    component: 'IlluminationUniformity',
    what: 'light on one side times (half at the middle)',
    steps: [1, 0.8, 0.6, 0.4, 0.3, 0.2],
    make: (p, f, k) =>
      perPixel(p, f, (r, g, b, u) => {
        const shade = 1 - (1 - k) / (1 + Math.exp((u - 0.5) * 12));
        return [r * shade, g * shade, b * shade];
      }),
  },
  {
    component: 'BackLight',
    what: 'light on the face times, background burnt out',
    steps: [1, 0.8, 0.6, 0.5, 0.4, 0.3],
    make: (p, f, k) =>
      perPixel(p, f, (r, g, b, u, v) => {
        const inside = Math.abs(u - 0.5) < 0.7 && v > -0.2;
        return inside ? [r * k, g * k, b * k] : k === 1 ? [r, g, b] : [250, 250, 250];
      }),
  },
  {
    component: 'CompressionArtifacts',
    what: 'JPEG quality',
    steps: [95, 75, 50, 40, 30, 20, 10, 5],
    make: async (p, _f, k) => {
      const jpeg = await raw(p).jpeg({ quality: k }).toBuffer();
      return back(sharp(jpeg), p);
    },
  },
  {
    component: 'NaturalColour',
    what: 'saturation times',
    steps: [1, 0.75, 0.5, 0.25, 0],
    make: (p, f, k) =>
      perPixel(p, f, (r, g, b) => {
        const y = grey(r, g, b);
        return [y + (r - y) * k, y + (g - y) * k, y + (b - y) * k];
      }),
  },
  {
    component: 'NaturalColour',
    what: 'blue cast: blue times, red by the inverse',
    steps: [1, 1.1, 1.2, 1.35, 1.5],
    make: (p, f, k) => perPixel(p, f, (r, g, b) => [r / k, g, b * k]),
  },
  {
    component: 'ColourVariation',
    what: 'saturation times',
    steps: [1, 0.5, 0.25, 0.1, 0],
    make: (p, f, k) =>
      perPixel(p, f, (r, g, b) => {
        const y = grey(r, g, b);
        return [y + (r - y) * k, y + (g - y) * k, y + (b - y) * k];
      }),
  },
  {
    component: 'ColourVariation',
    what: 'of one tone: none (0), bluish infrared (1), night vision (2), sepia (3)',
    steps: [0, 1, 2, 3],
    make: (p, f, k) =>
      perPixel(p, f, (r, g, b) => {
        const y = grey(r, g, b);
        return [
          [r, g, b],
          [y * 0.9 + 20, y * 0.75 + 10, y * 0.95 + 25],
          [y * 0.3, y, y * 0.35],
          [y * 1.35, y * 1.2, y * 0.94],
        ][k];
      }),
  },
  {
    component: 'ChannelOrder',
    what: 'as it is (0), blue first (1), green first (2), luminance and differences as colours (3), bluish light (4)',
    steps: [0, 1, 2, 3, 4],
    make: (p, f, k) =>
      perPixel(p, f, (r, g, b) => {
        const y = grey(r, g, b);
        return [
          [r, g, b],
          [b, g, r],
          [g, r, b],
          [y, 128 + (b - y) * 0.564, 128 + (r - y) * 0.713],
          [r / 1.5, g, b * 1.5],
        ][k];
      }),
  },
  {
    component: 'Sharpness',
    what: 'blur, sigma in hundredths of the face width',
    steps: [0, 0.5, 1, 2, 3],
    make: (p, f, k) => {
      const sigma = (k / 100) * (f.box.right - f.box.left);
      return sigma < 0.3 ? p : back(raw(p).blur(sigma), p);
    },
  },
  {
    component: 'HeadSize',
    what: 'empty canvas around, times',
    geometry: true,
    steps: [1, 2, 3, 4, 6, 8, 10],
    make: async (p, _f, k) => {
      if (k === 1) return p;
      const side = 960;
      const inner = await raw(p)
        .resize(Math.round(side / k), Math.round(side / k), { fit: 'inside' })
        .png()
        .toBuffer();
      const canvas = sharp({ create: { width: side, height: side, channels: 3, background: '#9a9a98' } });
      const { data, info } = await canvas
        .composite([{ input: inner }])
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      return { width: info.width, height: info.height, data };
    },
  },
  {
    component: 'HeadPoseYaw',
    what: 'mirrored (1): the sign must turn',
    geometry: true,
    steps: [0, 1],
    make: (p, _f, k) => (k === 0 ? p : back(raw(p).flop(), p)),
  },
];

const weights = await requireWeights();
const models = await loadModels(new Map([...weights].map(([name, { path }]) => [name, path])));

async function find(picture) {
  const detection = await detectFace(models.detectors, picture, detectionPicture(picture));
  return detection.face === null
    ? null
    : {
        face: detection.face,
        upright: turnClockwise(picture, detection.quarterTurns),
        count: detection.faceCount,
      };
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

function spread(rule, measures) {
  const values = measures
    .map((m) => rule.value(m))
    .filter((v) => v !== null)
    .sort((a, b) => a - b);
  const { min = -Infinity, max = Infinity } = rule.warn ?? rule.reject ?? {};
  const outside = values.filter((v) => !(v >= min && v <= max)).length;
  return {
    n: values.length,
    p01: quantile(values, 0.01),
    p05: quantile(values, 0.05),
    p50: quantile(values, 0.5),
    p95: quantile(values, 0.95),
    p99: quantile(values, 0.99),
    outside: values.length === 0 ? null : outside / values.length,
  };
}

const originals = [];
const perCurve = CURVES.map((curve) => curve.steps.map(() => []));
const missed = CURVES.map((curve) => curve.steps.map(() => 0));
let without = 0;
for (const [index, file] of files.entries()) {
  let picture = await decodePicture(await readFile(join(folder, file)));
  if (Math.max(picture.width, picture.height) > 1280) {
    const k = 1280 / Math.max(picture.width, picture.height);
    const size = { width: Math.round(picture.width * k), height: Math.round(picture.height * k) };
    picture = await back(raw(picture).resize(size.width, size.height, { fit: 'fill' }), size);
  }
  const found = await find(picture);
  if (found === null) {
    without++;
    continue;
  }
  originals.push(measureFace(found.upright, found.face, found.count));
  if (index % every !== 0) continue;
  for (const [c, curve] of CURVES.entries()) {
    for (const [s, step] of curve.steps.entries()) {
      const made = await curve.make(found.upright, found.face, step);
      const again = curve.geometry ? await find(made) : { ...found, upright: made };
      if (again === null) missed[c][s]++;
      else perCurve[c][s].push(measureFace(again.upright, again.face, again.count));
    }
  }
}
await models.close();

// The darkest and the brightest third of the faces: a limit must not fall on one of them alone.
const byLight = originals.toSorted((a, b) => a.brightness - b.brightness);
const third = Math.ceil(originals.length / 3);
const rows = RULES.map((rule) => ({
  component: rule.name,
  ...spread(rule, originals),
  darkThird: spread(rule, byLight.slice(0, third)).outside,
  brightThird: spread(rule, byLight.slice(-third)).outside,
}));
const curves = CURVES.map((curve, c) => {
  const rule = RULES.find((r) => r.name === curve.component);
  return {
    component: curve.component,
    what: curve.what,
    steps: curve.steps.map((step, s) => ({
      step,
      noFace: missed[c][s] / (missed[c][s] + perCurve[c][s].length),
      ...spread(rule, perCurve[c][s]),
    })),
  };
});

const digits = (v) => (v === undefined ? '-' : Math.abs(v) >= 100 ? v.toFixed(0) : v.toFixed(2));
const percent = (v) => (v === null ? '-' : `${(100 * v).toFixed(1)} %`);
if (options.json) {
  console.log(JSON.stringify({ pictures: files.length, without, rows, curves }));
} else {
  console.log(`${files.length} pictures, ${without} without a face found; values of the others:\n`);
  const line = (name, cells) =>
    console.log(name.padEnd(30) + cells.map((c) => String(c).padStart(11)).join(''));
  line('component', ['p01', 'p05', 'p50', 'p95', 'p99', 'outside', 'dark 1/3', 'bright 1/3']);
  for (const r of rows) {
    line(r.component, [
      ...[r.p01, r.p05, r.p50, r.p95, r.p99].map(digits),
      ...[r.outside, r.darkThird, r.brightThird].map(percent),
    ]);
  }
  for (const { component, what, steps } of curves) {
    console.log(`\n${component}: ${what}`);
    line('', ['p05', 'p50', 'p95', 'outside', 'no face']);
    for (const s of steps) {
      line(`  ${s.step}`, [...[s.p05, s.p50, s.p95].map(digits), percent(s.outside), percent(s.noFace)]);
    }
  }
}
