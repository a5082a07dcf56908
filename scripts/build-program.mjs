// Bundles what the processes of livestill load, in dist/, so that they start sooner: one file in place of some hundred each.
// node scripts/build-program.mjs
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

/** The files that a process or a thread starts with; each keeps its place and its name. */
const entries = [
  'cli/main.js',
  'fleet/worker.js',
  'doctor/process.js',
  'store/sqlite/thread/thread.js',
  'picture/decode/heif/thread.js',
];
/** Packages with compiled code or files of their own; they stay packages. */
const outside = ['sharp', 'libsql', 'onnxruntime-common', 'libheif-js', 'pg-native'];
/** What loads a bundle; it gives each the URL of their folder as `livestillProgram`. */
const loader = 'start/program.js';

const slashed = (path) => path.split(sep).join('/');
/** The path of a module below `dist/`, or null for one of a package. */
function ownPath(id) {
  const path = slashed(relative(dist, id));
  return path.startsWith('..') || path.includes('node_modules/') ? null : path;
}

/** Leaves `import.meta.url` what it was before bundling: files beside a module are found from its own place. */
const keepPlaces = {
  name: 'keep-places',
  transform(code, id) {
    const path = ownPath(id);
    if (path === null || !code.includes('import.meta.url')) return null;
    return {
      code: code.replaceAll('import.meta.url', `new URL('../${path}', livestillProgram).href`),
      map: null,
    };
  },
};

/** The folder of the package that a module belongs to. */
function packageOf(id) {
  const [, folder] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(slashed(id)) ?? [];
  return folder ?? null;
}

/** The notices of all bundled packages: their licences ask for them to be passed on. */
function noticesOf(folders) {
  return [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const texts = readdirSync(folder)
      .filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return `# ${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
  });
}

/**
 * Bundles in place. Without the bundler (development dependencies were left out) the files stay single ones, which do the same.
 * @returns whether it was done
 */
export async function buildProgram() {
  const built = entries.filter((path) => existsSync(join(dist, path)));
  if (built.length === 0 || !existsSync(join(dist, loader))) return false;
  let bundler;
  try {
    bundler = await import('rolldown');
  } catch {
    return false;
  }
  rmSync(join(dist, 'program'), { recursive: true, force: true });
  const packages = new Set();
  const bundle = await bundler.rolldown({
    input: Object.fromEntries(built.map((path) => [path.replace(/\.js$/, ''), join(dist, path)])),
    platform: 'node',
    external: outside.flatMap((name) => [name, new RegExp(`^${name}/`)]),
    plugins: [keepPlaces],
  });
  const { output } = await bundle.write({
    dir: dist,
    format: 'cjs',
    // The loader of the bundles knows no other way.
    dynamicImportInCjs: false,
    entryFileNames: ({ name }) => `program/${name.replaceAll('/', '-')}-[hash].cjs`,
    chunkFileNames: 'program/[name]-[hash].cjs',
    // Names stay, for the stacks in logs.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    sourcemap: false,
  });
  await bundle.close();
  for (const { isEntry, name, fileName } of output) {
    if (!isEntry) continue;
    const up = posix.relative(dirname(name), '.');
    const file = posix.basename(fileName);
    writeFileSync(
      join(dist, `${name}.js`),
      `import { loadProgram } from '${up}/${loader}';\nloadProgram('${file}');\n`,
    );
  }
  for (const { moduleIds = [] } of output) {
    for (const id of moduleIds) {
      const folder = packageOf(id);
      if (folder !== null && existsSync(join(folder, 'package.json'))) packages.add(folder);
    }
  }
  for (const path of built) rmSync(join(dist, `${path}.map`), { force: true });
  writeFileSync(join(dist, 'program', 'licences.md'), noticesOf(packages).join('\n'));
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildProgram();
