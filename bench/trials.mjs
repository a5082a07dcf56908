/**
 * node bench/trials.mjs --trial sessions|graph|tensors|decode|process|joined [--rounds N] [--size 720x960] [--only TEXT,TEXT]
 * node bench/trials.mjs --trial files --network classifier|blaze|rfb --files A.onnx,B.onnx
 *
 * Times settings against the ones in use. Variants take turns, in one process or in processes that follow each other, so that
 * whatever else the machine does hits all alike; shown are the fastest tenth and the median in ms, and the ratio of the fastest
 * tenth to that of the setting in use, which noise disturbs least. `differs` is the largest difference of any output, `cpu` is
 * processor time, which other programs disturb least of all. `--only` tries the settings whose names hold one of the texts. One
 * thread.
 */

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { createLiveness } from '../dist/engine.js';
import { readBuiltInCards } from '../dist/liveness/built-in.js';
import { cropRect, cropTensor } from '../dist/liveness/crop.js';
import { blazeInput } from '../dist/liveness/detect/blazeface.js';
import { detectFace, detectionPicture } from '../dist/liveness/detect/face.js';
import { rfbInput } from '../dist/liveness/detect/rfb.js';
import { loadModels } from '../dist/liveness/load.js';
import { ownChannelBlock } from '../dist/liveness/onnx/block.js';
import { inferenceLibrary } from '../dist/liveness/onnx/library.js';
import { optimiseModel } from '../dist/liveness/onnx/optimise.js';
import { decodePicture } from '../dist/picture/decode/decode.js';
import { requireWeights } from '../dist/weights/index.js';
import { percentile, portrait, printTable, processUse } from './support.mjs';
import { joined } from './trials/join.mjs';

const { values: options } = parseArgs({
  options: {
    trial: { type: 'string', default: 'sessions' },
    rounds: { type: 'string', default: '40' },
    size: { type: 'string', default: '720x960' },
    network: { type: 'string', default: 'classifier' },
    files: { type: 'string', default: '' },
    only: { type: 'string', default: '' },
    child: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const [width, height] = options.size.split('x').map(Number);
const OURS = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
};
const extra = (session) => ({ extra: { session } });

const { createSession, Tensor } = inferenceLibrary();
sharp.concurrency(1);
sharp.cache(false);

const weights = await requireWeights();
const path = (name) => weights.get(name).path;
const FILES = {
  blaze: path('blazeface-back-256'),
  rfb: path('rfb-320'),
  classifier: path('minifasnet-v2-se-128'),
};

const FIRST = (await readBuiltInCards()).find(({ name }) => name === 'minifasnet-v2-se-128');

/** Bytes of the bench picture, its pixels, and what each network is given of it; the nine crops of `single` for the classifier. */
async function inputs() {
  const bytes = await portrait(width, height);
  const picture = await decodePicture(bytes);
  const models = await loadModels(new Map([...weights].map(([name, file]) => [name, file.path])));
  const { face } = await detectFace(models.detectors, picture, detectionPicture(picture));
  await models.close();
  const small = detectionPicture(picture);
  const { input } = FIRST;
  const { crops, boxScales } = FIRST.profiles.single;
  const classifier = boxScales.flatMap((scale) =>
    crops.map((crop) => cropTensor(picture, crop, cropRect(crop, face.box, scale, width, height), input)),
  );
  return {
    bytes,
    picture,
    tensors: { blaze: [blazeInput(small, 0).tensor], rfb: [rfbInput(small, 0).tensor], classifier },
  };
}

const model = async (name) => optimiseModel(await readFile(FILES[name]), ownChannelBlock());

async function timed(run) {
  const start = performance.now();
  const result = await run();
  return [performance.now() - start, result];
}

/** Lets the variants (`name`, `run`) take turns; gives the milliseconds of each. */
async function takeTurns(variants) {
  const times = new Map(variants.map((v) => [v.name, []]));
  for (let round = -3; round < rounds; round++) {
    for (const { name, run } of round % 2 ? variants : variants.toReversed()) {
      const [ms] = await timed(run);
      if (round >= 0) times.get(name).push(ms);
    }
  }
  return times;
}

const fast = (times) => percentile(times, 0.1);
const cell = (value, digits = 2) => value.toFixed(digits);

function report(title, variants, times, columns = []) {
  console.log(`\n${title}`);
  const ours = fast(times.get(variants[0].name));
  printTable([
    ['', 'fastest tenth', 'median', 'ratio', ...columns.map(([name]) => name)],
    ...variants.map((v) => [
      v.name,
      cell(fast(times.get(v.name))),
      cell(percentile(times.get(v.name), 0.5)),
      cell(fast(times.get(v.name)) / ours, 3),
      ...columns.map(([, value]) => value(v)),
    ]),
  ]);
}

/** A session as a variant: how it was made, how it runs on all its tensors, what it gives for them. */
async function sessionVariant(name, source, settings, tensors) {
  const [created, session] = await timed(() => createSession(source, { ...OURS, ...settings }));
  const [{ name: input, shape }] = session.inputMetadata;
  const dims = shape.map((d) => (typeof d === 'number' ? d : 1));
  const one = (data) => session.run({ [input]: new Tensor('float32', data, dims) });
  const outputs = [];
  for (const data of tensors) {
    const results = await one(data);
    for (const { name: output } of session.outputMetadata)
      outputs.push(Float32Array.from(results[output].data));
  }
  const run = async () => {
    for (const data of tensors) await one(data);
  };
  return { name, created, session, outputs, run };
}

const largest = (a, b) =>
  Math.max(...a.map((values, i) => values.reduce((most, v, k) => Math.max(most, Math.abs(v - b[i][k])), 0)));

async function compareSessions(title, variants) {
  const times = await takeTurns(variants);
  report(title, variants, times, [
    ['created ms', (v) => cell(v.created, 0)],
    ['differs', (v) => largest(v.outputs, variants[0].outputs).toExponential(1)],
  ]);
  for (const v of variants) await v.session.release();
}

async function sessions() {
  const { tensors } = await inputs();
  const settings = {
    'in use': {},
    'in use, again': {},
    'enableCpuMemArena false': { enableCpuMemArena: false },
    'enableMemPattern false': { enableMemPattern: false },
    'executionMode parallel': { executionMode: 'parallel' },
    'graphOptimizationLevel extended': { graphOptimizationLevel: 'extended' },
    'graphOptimizationLevel layout': { graphOptimizationLevel: 'layout' },
    'intra_op.allow_spinning 0': extra({ intra_op: { allow_spinning: '0' } }),
    'use_env_allocators 1': extra({ use_env_allocators: '1' }),
    'set_denormal_as_zero 1': extra({ set_denormal_as_zero: '1' }),
    'disable_prepacking 1': extra({ disable_prepacking: '1' }),
  };
  for (const name of ['classifier', 'blaze']) {
    const bytes = await model(name);
    const variants = [];
    for (const [label, more] of Object.entries(settings)) {
      try {
        variants.push(await sessionVariant(label, bytes, more, tensors[name]));
      } catch (error) {
        console.log(`${label}: ${error.message}`);
      }
    }
    await compareSessions(`${name}, ${tensors[name].length} runs, session settings`, variants);
  }
}

/** The library's own optimised graph, written once and loaded again, against optimising at every start. */
async function graph() {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-trials-'));
  const { tensors } = await inputs();
  for (const name of Object.keys(FILES)) {
    const [rewriting, bytes] = await timed(() => model(name));
    const variants = [await sessionVariant('rewritten at start', bytes, {}, tensors[name])];
    for (const level of ['all', 'extended', 'basic']) {
      const file = join(folder, `${name}-${level}.onnx`);
      const settings = { graphOptimizationLevel: level, optimizedModelFilePath: file };
      await (await createSession(bytes, { ...OURS, ...settings })).release();
      const stored = await readFile(file);
      const rest = { graphOptimizationLevel: level === 'all' ? 'disabled' : 'all' };
      variants.push(await sessionVariant(`stored after ${level}`, stored, rest, tensors[name]));
    }
    await compareSessions(`${name}, graph rewritten in ${cell(rewriting, 0)} ms`, variants);
  }
  await rm(folder, { recursive: true, force: true });
}

/** Other files of a network, as they are, against the one in use. */
async function files() {
  const { tensors } = await inputs();
  const variants = [
    await sessionVariant('in use', await model(options.network), {}, tensors[options.network]),
    await sessionVariant('as shipped', await readFile(FILES[options.network]), {}, tensors[options.network]),
  ];
  for (const file of options.files.split(',').filter(Boolean)) {
    variants.push(await sessionVariant(file, await readFile(file), {}, tensors[options.network]));
  }
  await compareSessions(`${options.network}, ${tensors[options.network].length} runs`, variants);
}

/** What goes into a run: tensors made for each, and kept. */
async function tensors() {
  const all = (await inputs()).tensors;
  for (const name of ['classifier', 'blaze']) {
    const session = await createSession(await model(name), OURS);
    const [{ name: input, shape }] = session.inputMetadata;
    const dims = shape.map((d) => (typeof d === 'number' ? d : 1));
    const fresh = (data) => ({ [input]: new Tensor('float32', data, dims) });
    const feeds = all[name].map(fresh);
    const wanted = session.outputMetadata.map(({ name: output }) => output);
    const variants = [
      {
        name: 'tensor a run, outputs made',
        run: async () => {
          for (const data of all[name]) await session.run(fresh(data), wanted);
        },
      },
      {
        name: 'tensors kept',
        run: async () => {
          for (const feed of feeds) await session.run(feed, wanted);
        },
      },
    ];
    report(`${name}, ${feeds.length} runs`, variants, await takeTurns(variants));
    await session.release();
  }
}

async function decode() {
  const { bytes } = await inputs();
  const upright = (settings) => sharp(bytes, { failOn: 'error', ...settings }).autoOrient();
  const whole = (settings) =>
    upright(settings)
      .removeAlpha()
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
  const settled = (set, unset, run) => async () => {
    set();
    await run();
    unset();
  };
  const sequential = { sequentialRead: true };
  const variants = [
    { name: 'in use', run: () => decodePicture(bytes) },
    { name: 'in use, again', run: () => decodePicture(bytes) },
    { name: 'metadata alone', run: () => sharp(bytes, { limitInputPixels: false }).metadata() },
    { name: 'pixels alone', run: () => whole(sequential) },
    { name: 'pixels alone, random access', run: () => whole({ sequentialRead: false }) },
    { name: 'pixels alone, as they are', run: () => upright(sequential).raw().toBuffer() },
    {
      name: 'in use, image library with its cache',
      run: settled(
        () => sharp.cache(true),
        () => sharp.cache(false),
        () => decodePicture(bytes),
      ),
    },
    {
      name: 'in use, image library without vectors',
      run: settled(
        () => sharp.simd(false),
        () => sharp.simd(true),
        () => decodePicture(bytes),
      ),
    },
  ];
  report(`decode, ${options.size}`, variants, await takeTurns(variants));
}

/** A child of the trial `process`: judges, then prints what it took. */
async function child() {
  const bytes = await portrait(width, height);
  const begun = performance.now();
  const engine = await createLiveness();
  const loaded = performance.now() - begun;
  const judge = () => engine.judge(bytes);
  for (let i = 0; i < 5; i++) await judge();
  const before = process.cpuUsage();
  const times = [];
  for (let i = 0; i < rounds; i++) times.push((await timed(judge))[0]);
  const { user, system } = process.cpuUsage(before);
  const { rssMb, peakRssMb } = await processUse(process.pid);
  console.log(JSON.stringify({ loaded, times, cpuMs: (user + system) / 1000 / rounds, rssMb, peakRssMb }));
  await engine.close();
}

function runChild({ env = {}, flags = [], before = [] }) {
  const script = fileURLToPath(import.meta.url);
  const [command, ...args] = [...before, process.execPath, ...flags, script];
  const rest = ['--child', '--rounds', options.rounds, '--size', options.size];
  return new Promise((resolve, reject) => {
    const started = spawn(command, [...args, ...rest], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    let out = '';
    started.stdout.on('data', (chunk) => {
      out += chunk;
    });
    started.on('error', reject);
    started.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`${command} ended with ${code}`)),
    );
  });
}

/** Settings of a whole process; processes follow each other, every one five times. */
async function processes() {
  const all = [
    { name: 'in use' },
    { name: 'in use, again' },
    { name: 'MALLOC_ARENA_MAX=1', env: { MALLOC_ARENA_MAX: '1' } },
    { name: 'MALLOC_ARENA_MAX=2', env: { MALLOC_ARENA_MAX: '2' } },
    {
      name: 'MALLOC_TRIM/MMAP_THRESHOLD 64 MB',
      env: { MALLOC_TRIM_THRESHOLD_: '67108864', MALLOC_MMAP_THRESHOLD_: '67108864' },
    },
    { name: '--max-semi-space-size=1', flags: ['--max-semi-space-size=1'] },
    { name: '--max-semi-space-size=32', flags: ['--max-semi-space-size=32'] },
    { name: '--single-threaded-gc', flags: ['--single-threaded-gc'] },
    { name: 'UV_THREADPOOL_SIZE=1', env: { UV_THREADPOOL_SIZE: '1' } },
    { name: 'UV_THREADPOOL_SIZE=2', env: { UV_THREADPOOL_SIZE: '2' } },
    { name: 'VIPS_CONCURRENCY=1', env: { VIPS_CONCURRENCY: '1' } },
    ...(process.platform === 'linux'
      ? [{ name: 'pinned to processor 1', before: ['taskset', '-c', '1'] }]
      : []),
  ];
  const wanted = ['in use', ...options.only.split(',').filter(Boolean)];
  const variants =
    options.only === '' ? all : all.filter((v) => wanted.some((text) => v.name.includes(text)));
  const found = new Map(variants.map((v) => [v.name, []]));
  for (let turn = 0; turn < 5; turn++) {
    for (const v of turn % 2 ? variants : variants.toReversed()) found.get(v.name).push(await runChild(v));
  }
  const least = (v, key) => cell(Math.min(...found.get(v.name).map((f) => f[key])), 1);
  const times = new Map(variants.map((v) => [v.name, found.get(v.name).flatMap((f) => f.times)]));
  report(`a judgement, ${options.size}, careful, settings of the process`, variants, times, [
    ['cpu ms', (v) => least(v, 'cpuMs')],
    ['RSS MB', (v) => least(v, 'rssMb')],
    ['peak MB', (v) => least(v, 'peakRssMb')],
    ['engine ms', (v) => least(v, 'loaded')],
  ]);
}

/** The two networks with 80 pixel inputs as one model, run once for both crops, against a run of each. */
async function pair() {
  const bytes = await Promise.all(
    ['minifasnet-v2-80', 'minifasnet-v1-se-80'].map(async (name) =>
      optimiseModel(await readFile(path(name)), ownChannelBlock()),
    ),
  );
  const dims = [1, 3, 80, 80];
  const crops = [0, 1].map((seed) =>
    Float32Array.from({ length: 3 * 80 * 80 }, (_, i) => (i * 7919 + seed * 104_729) % 256),
  );
  const sessions = await Promise.all(bytes.map((one) => createSession(one, OURS)));
  const tensorOf = (data) => new Tensor('float32', data, dims);
  const single = async () => {
    const outputs = [];
    for (const [i, session] of sessions.entries()) {
      const [{ name }] = session.inputMetadata;
      const results = await session.run({ [name]: tensorOf(crops[i]) });
      outputs.push(Float32Array.from(results[session.outputMetadata[0].name].data));
    }
    return outputs;
  };
  const both = async (session) => {
    const feeds = Object.fromEntries(session.inputMetadata.map(({ name }, i) => [name, tensorOf(crops[i])]));
    const results = await session.run(feeds);
    return session.outputMetadata.map(({ name }) => Float32Array.from(results[name].data));
  };
  const variants = [
    { name: 'a run of each', run: single, outputs: await single() },
    { name: 'a run of each, again', run: single, outputs: await single() },
  ];
  for (const executionMode of ['sequential', 'parallel']) {
    const session = await createSession(joined(...bytes), { ...OURS, executionMode });
    const run = () => both(session);
    variants.push({ name: `one run for both, ${executionMode}`, run, outputs: await run() });
  }
  report('the pair, two crops', variants, await takeTurns(variants), [
    ['differs', (v) => largest(v.outputs, variants[0].outputs).toExponential(1)],
  ]);
}

const TRIALS = { sessions, graph, files, tensors, decode, process: processes, joined: pair };
if (options.child) await child();
else if (!Object.hasOwn(TRIALS, options.trial)) {
  console.error(`--trial must be one of ${Object.keys(TRIALS).join(', ')}; found "${options.trial}"`);
  process.exitCode = 1;
} else {
  console.log(`livestill trials: ${cpus()[0].model}, Node ${process.version}, one thread, ${rounds} rounds`);
  await TRIALS[options.trial]();
}
