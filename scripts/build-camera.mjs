// Builds the camera component, web/camera, into dist/camera: one module and its types.
// node scripts/build-camera.mjs
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'web', 'camera');
const target = join(root, 'dist', 'camera');

/** The bundler, or null where development dependencies were left out or it does not load on this machine. */
async function findBundler() {
  try {
    return await import('rolldown');
  } catch {
    return null;
  }
}

/** Keeps the types that `index.d.ts` leads to: the others describe what the one module hides. */
function keepPublicTypes() {
  const reached = new Set();
  const visit = (name) => {
    if (reached.has(name)) return;
    reached.add(name);
    const text = readFileSync(join(target, name), 'utf8');
    for (const [, next] of text.matchAll(/'\.\/([\w-]+)\.(?:ts|js)'/g)) visit(`${next}.d.ts`);
  };
  visit('index.d.ts');
  for (const name of readdirSync(target)) {
    if (name.endsWith('.d.ts') && !reached.has(name)) rmSync(join(target, name));
  }
}

/**
 * Builds the component with the TypeScript compiler at `tsc`. The flags `more` are those of a build that does not check and writes no
 * types. Without the bundler it is the same module in several files, which `index.js` loads.
 * @returns whether it went well
 */
export async function buildCamera(tsc, more = []) {
  const compile = (flags) =>
    spawnSync(process.execPath, [tsc, '-p', join(source, 'tsconfig.build.json'), ...flags], {
      stdio: 'inherit',
    }).status === 0;
  rmSync(target, { recursive: true, force: true });
  const bundler = await findBundler();
  if (bundler === null) return compile(more);
  if (more.length === 0) {
    if (!compile(['--emitDeclarationOnly'])) return false;
    keepPublicTypes();
  }
  await bundler.build({
    input: join(source, 'index.ts'),
    platform: 'browser',
    output: {
      file: join(target, 'index.js'),
      format: 'esm',
      minify: true,
      banner: '/*! livestill camera component, Apache-2.0 */',
    },
  });
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  if (!(await buildCamera(join(dirname(manifest), 'bin', 'tsc')))) process.exitCode = 1;
}
