/**
 * npm run bench:peers [-- --rounds N] [-- FILE...]
 *
 * livestill as a library and as a service beside @vladmandic/human (face detector, mesh, antispoof and liveness networks on
 * its WebAssembly backend, the fastest that installs from the registry alone), same pictures, one thread each, taking
 * turns; of two calls in a turn the second counts. Installs the peer into a cache folder of its own; not part of CI. Further pictures may be named.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { createLiveness } from '../dist/engine.js';
import { median, portrait, printTable, startServer } from './support.mjs';

const { values: options, positionals: files } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '15' } },
});
const rounds = Number(options.rounds);
sharp.concurrency(1);
sharp.cache(false);

const folder = fileURLToPath(new URL('../node_modules/.cache/livestill-peers/', import.meta.url));
if (!existsSync(join(folder, 'node_modules/@vladmandic/human'))) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const packages = ['@vladmandic/human@3.3.6', '@tensorflow/tfjs@4', '@tensorflow/tfjs-backend-wasm@4'];
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** The peer, with detector, mesh, antispoof and liveness switched on and all else off. */
async function loadHuman() {
  const network = globalThis.fetch;
  // Its models lie in its package; its loader only knows fetch.
  globalThis.fetch = async (url, init) => {
    const text = String(url?.url ?? url);
    if (!text.startsWith('file:')) return network(url, init);
    const type = text.endsWith('.json') ? 'application/json' : 'application/octet-stream';
    return new Response(readFileSync(new URL(text)), { headers: { 'content-type': type } });
  };
  const require = createRequire(join(folder, 'package.json'));
  const home = join(folder, 'node_modules/@vladmandic/human');
  const { Human } = require(join(home, 'dist/human.node-wasm.js'));
  const off = { enabled: false };
  const human = new Human({
    backend: 'wasm',
    modelBasePath: pathToFileURL(join(home, 'models/')).href,
    wasmPath: `${join(folder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist')}/`,
    wasmPlatformFetch: false,
    cacheSensitivity: 0,
    face: {
      enabled: true,
      detector: { rotation: false, maxDetected: 1 },
      mesh: { enabled: true },
      antispoof: { enabled: true },
      liveness: { enabled: true },
      iris: off,
      description: off,
      emotion: off,
    },
    body: off,
    hand: off,
    gesture: off,
    object: off,
    filter: off,
  });
  await human.load();
  return async (bytes) => {
    const { data, info } = await sharp(bytes)
      .autoOrient()
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const tensor = human.tf.tensor(new Uint8Array(data), [1, info.height, info.width, 3], 'int32');
    const { face } = await human.detect(tensor);
    human.tf.dispose(tensor);
    return face.length === 0 ? 'no face' : `real ${face[0].real} live ${face[0].live}`;
  };
}

const rss = () => process.memoryUsage().rss / 2 ** 20;
const pictures = [
  ['portrait 480 x 640', await portrait(480, 640)],
  ['portrait 720 x 960', await portrait(720, 960)],
  ['portrait 1536 x 2048', await portrait(1536, 2048)],
  ...(await Promise.all(files.map(async (file) => [basename(file), await readFile(file)]))),
];

let before = rss();
const engine = await createLiveness();
const judge = (profile) => async (bytes) => {
  const { verdict, score } = await engine.judge(bytes, { profile });
  return `${verdict} ${score ?? ''}`;
};
await judge('careful')(pictures[0][1]);
const libraryMb = rss() - before;
const server = await startServer({ args: ['--workers', '1'], env: { LIVESTILL_PROFILE: 'fast' } });
before = rss();
const human = await loadHuman();
await human(pictures[0][1]);
const humanMb = rss() - before;

const served = async (bytes) => {
  const form = new FormData();
  form.set('appid', server.appid);
  form.set('image', new Blob([bytes]), 'a.jpg');
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { authorization: server.authorization },
    body: form,
  });
  const { code, data } = await response.json();
  return `code ${code} score ${data.score}`;
};
const systems = [
  ['livestill fast, library', judge('fast')],
  ['livestill careful, library', judge('careful')],
  ['livestill fast, service', served],
  ['@vladmandic/human, wasm', human],
];

try {
  console.log(`livestill bench:peers: Node ${process.version}, one thread a system, median of ${rounds}\n`);
  const rows = [['picture', 'system', 'ms', 'verdict']];
  for (const [name, bytes] of pictures) {
    const times = systems.map(() => []);
    const verdicts = [];
    for (let round = -2; round < rounds; round++) {
      for (const [i, [, run]] of systems.entries()) {
        // The first call of a turn finds the other systems' data in the caches and collects their garbage.
        await run(bytes);
        const start = performance.now();
        verdicts[i] = await run(bytes);
        if (round >= 0) times[i].push(performance.now() - start);
      }
    }
    for (const [i, [system]] of systems.entries())
      rows.push([name, system, median(times[i]).toFixed(1), verdicts[i]]);
  }
  printTable(rows);
  console.log(
    `\nmemory after loading and one picture: livestill ${libraryMb.toFixed(0)} MB, human ${humanMb.toFixed(0)} MB`,
  );
  console.log('human has no verdict of its own: real and live are its two networks, 0 to 1.');
} finally {
  await server.stop();
  await engine.close();
}
