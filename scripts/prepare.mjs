// Runs on `npm ci` and `npm install` in a clone, and before `npm pack`: builds dist/, then brings the weights into place.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = join(root, 'dist', 'weights', 'index.js');

/** @param {string} message */
function fail(message) {
  console.error(`livestill: ${message}`);
  process.exit(1);
}

/** The path of TypeScript's compiler, or null where development dependencies are not installed. */
function findCompiler() {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('typescript/package.json');
    return join(dirname(manifest), 'bin', 'tsc');
  } catch {
    return null;
  }
}

function build() {
  const tsc = findCompiler();
  if (tsc === null || !existsSync(join(root, 'src'))) {
    if (existsSync(built)) return 'dist/ as it was';
    return fail(
      'dist/ is missing and TypeScript is not installed to build it. ' +
        'Expected: a built dist/, or TypeScript among the development dependencies. ' +
        'Run "npm ci" without --omit=dev (then, if you like, "npm prune --omit=dev"), or copy dist/ from a build.',
    );
  }
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const { status, error } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (error !== undefined) fail(`the TypeScript compiler did not start: ${error.message}`);
  if (status !== 0) fail('the build failed: see the compiler messages above.');
  return 'built dist/';
}

const done = build();
const { pullWeights } = await import(pathToFileURL(built).href);
try {
  /** @type {string[]} */
  const failures = [];
  const weights = await pullWeights({ onOptionalFailure: (error) => failures.push(error.message) });
  const absent = weights.filter((weight) => weight.action === 'absent').map((weight) => weight.name);
  const fetched = weights.filter((weight) => weight.action === 'fetched').length;
  console.log(
    `livestill: ${done}; ${weights.length - absent.length} weight files in models/ verified, ${fetched} of them fetched now`,
  );
  // What is packed is what others install without pip.
  if (absent.length > 0 && /^(?:pack|publish)$/.test(process.env.npm_command ?? '')) {
    fail(`the package would lack ${absent.join(' and ')}. ${failures.join(' ')}`);
  }
  if (absent.length > 0) {
    console.error(
      `livestill: without ${absent.join(' and ')} it judges with the profile "single" alone, ` +
        `until "npx livestill models pull" has fetched them. ${failures.join(' ')}`,
    );
  }
} catch (error) {
  if (error?.name !== 'WeightsError') throw error;
  fail(`the weights are not in place. ${error.message}`);
}
