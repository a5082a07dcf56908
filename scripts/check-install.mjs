// node scripts/check-install.mjs [--managers npm11,pnpm10] [--tarball FILE]
//
// Packs livestill and installs the tarball into an empty project with each package manager: an empty cache, a fresh home, and a registry
// on the loopback address that hands on what is asked for from the configured one. Where strace is installed, every connection that the
// manager or a script it starts tries to open is looked at: one to anything but that registry fails the check. So does a warning about
// engines or settings, or an installation that has grown. Then the project judges a picture as a library and on the command line.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const ownNpm = `npm@${spawnSync('npm', ['--version'], { encoding: 'utf8' }).stdout?.split('.')[0]}`;
const oldNode = Number(process.versions.node.split('.')[0]) < 22;

/** How each manager is had, installs a tarball and runs a program of the project. */
const MANAGERS = {
  npm10: { tool: 'npm@10', file: 'npm/bin/npm-cli.js', most: 164, install: (tgz) => ['install', tgz] },
  npm11: { tool: 'npm@11', file: 'npm/bin/npm-cli.js', install: (tgz) => ['install', tgz] },
  pnpm10: {
    tool: 'pnpm@10',
    file: 'pnpm/bin/pnpm.cjs',
    install: (tgz) => ['add', tgz],
    settings: (folder) => ({ npm_config_store_dir: join(folder, 'pnpm-store') }),
  },
  // On Node 20 yarn 1 gives fastify a light-my-request whose cookie asks for Node 22: docs/start/install.md says so.
  yarn1: {
    tool: 'yarn@1',
    file: 'yarn/bin/yarn.js',
    most: 164,
    manifest: oldNode ? { resolutions: { 'light-my-request': '6.6.0' } } : {},
    install: (tgz) => ['add', '--non-interactive', `file:${tgz}`],
  },
  yarn4: {
    tool: '@yarnpkg/cli-dist@4',
    file: '@yarnpkg/cli-dist/bin/yarn.js',
    install: (tgz) => ['add', `livestill@file:${tgz}`],
    // sharp does not work from the archives of Plug'n'Play: docs/start/install.md says so.
    settings: () => ({ YARN_NODE_LINKER: 'node-modules' }),
  },
};
/** MB of an installation with all dependencies on Linux x64; 10 more with a manager that takes sharp's build for musl along. */
const MOST_MEGABYTES = 154;
/** MB of the package alone, unpacked. */
const MOST_OF_PACKAGE = 66;
const UNWANTED = /EBADENGINE|Unsupported engine|Unknown (?:project|user|env) config|deprecated livestill/i;

const { values: options } = parseArgs({
  options: {
    managers: { type: 'string', default: Object.keys(MANAGERS).join(',') },
    tarball: { type: 'string' },
  },
});
const work = mkdtempSync(join(tmpdir(), 'livestill-install-'));

/** Runs a program to its end; its words come back together. */
function run(command, args, settings) {
  return new Promise((done) => {
    const child = spawn(command, args, { ...settings, stdio: ['ignore', 'pipe', 'pipe'] });
    let words = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (t) => (words += t));
    child.once('error', (error) => done({ status: 127, words: error.message }));
    child.once('close', (status) => done({ status, words }));
  });
}

/** A registry on the loopback address that hands on to `upstream`; tarballs are fetched through it too. */
async function startRegistry(upstream) {
  const tarballs = new Map();
  const server = createServer(async (request, response) => {
    try {
      const known = tarballs.get(request.url);
      const answer = await fetch(known ?? new URL(request.url.slice(1), upstream), {
        headers: { accept: request.headers.accept ?? '*/*' },
      });
      let body = Buffer.from(await answer.arrayBuffer());
      const type = answer.headers.get('content-type') ?? 'application/octet-stream';
      if (known === undefined && type.includes('json') && answer.ok) {
        const document = JSON.parse(body.toString());
        for (const { name, version, dist } of Object.values(document.versions ?? {})) {
          const path = `/tarballs/${encodeURIComponent(name)}-${version}.tgz`;
          tarballs.set(path, dist.tarball);
          dist.tarball = url + path.slice(1);
        }
        body = Buffer.from(JSON.stringify(document));
      }
      response.writeHead(answer.status, { 'content-type': type, 'content-length': body.length }).end(body);
    } catch (error) {
      response.writeHead(502).end(String(error));
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  const url = `http://127.0.0.1:${port}/`;
  return { url, port, close: () => server.close().closeAllConnections() };
}

/** A home, caches and settings that hold nothing of this machine's. */
function environment(folder, registry) {
  const kept = ['PATH', 'LANG', 'TMPDIR', 'SystemRoot'].flatMap((name) =>
    process.env[name] ? [[name, process.env[name]]] : [],
  );
  return {
    ...Object.fromEntries(kept),
    HOME: join(folder, 'home'),
    npm_config_registry: registry,
    npm_config_cache: join(folder, 'npm-cache'),
    YARN_CACHE_FOLDER: join(folder, 'yarn-cache'),
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
    YARN_ENABLE_TELEMETRY: '0',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
  };
}

/** Addresses that a trace of `connect` shows beside the registry's own. */
function foreignConnections(trace, port) {
  return trace
    .split('\n')
    .filter((line) => /sa_family=AF_INET6?,/.test(line))
    .filter((line) => !(line.includes(`htons(${port})`) && line.includes('127.0.0.1')))
    .map((line) => line.replace(/^.*?connect\(/, 'connect('));
}

function sizeOf(folder) {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) bytes += sizeOf(path);
    else if (entry.isFile()) bytes += statSync(path).size;
  }
  return bytes;
}

const JUDGE = `
import { writeFileSync } from 'node:fs';
import { createLiveness } from 'livestill';
const [width, height] = [96, 128];
const bmp = Buffer.alloc(54 + width * height * 3, 128).fill(0, 0, 54);
bmp.write('BM', 'latin1');
for (const [at, value] of [[2, bmp.length], [10, 54], [14, 40], [18, width], [22, height], [34, width * height * 3]]) bmp.writeUInt32LE(value, at);
bmp.writeUInt16LE(1, 26);
bmp.writeUInt16LE(24, 28);
writeFileSync('grey.bmp', bmp);
const liveness = await createLiveness();
console.log((await liveness.judge(bmp)).verdict);
await liveness.close();
`;

/** Installs with one manager; gives what is wrong, empty where all is well. */
async function check(name, tarball, registry, strace) {
  const { tool, file, install, settings, manifest = {}, most = MOST_MEGABYTES } = MANAGERS[name];
  const folder = join(work, name);
  const [tools, project] = [join(folder, 'tools'), join(folder, 'project')];
  for (const path of [tools, project, join(folder, 'home')]) mkdirSync(path, { recursive: true });
  const plain = environment(folder, registry.url);
  const env = { ...plain, ...settings?.(folder) };
  const manager = [process.execPath, join(tools, 'node_modules', file)];
  if (tool === ownNpm) manager.splice(0, 2, 'npm');
  else {
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', tools];
    const had = await run('npm', ['install', ...flags, tool], { cwd: tools, env: plain });
    if (had.status !== 0) return { wrong: [`${tool} was not to be had: ${had.words}`] };
  }
  const empty = { name: 'empty', version: '1.0.0', private: true, ...manifest };
  writeFileSync(join(project, 'package.json'), JSON.stringify(empty));
  const trace = join(folder, 'connections');
  const watch = strace ? ['strace', '-f', '--seccomp-bpf', '-e', 'trace=connect', '-o', trace] : [];
  const [command, ...args] = [...watch, ...manager, ...install(tarball)];
  const since = performance.now();
  const installed = await run(command, args, { cwd: project, env });
  const seconds = ((performance.now() - since) / 1000).toFixed(0);
  const wrong = [];
  if (installed.status !== 0) wrong.push(`status ${installed.status}: ${installed.words}`);
  for (const line of installed.words.split('\n')) if (UNWANTED.test(line)) wrong.push(line);
  if (strace) wrong.push(...foreignConnections(readFileSync(trace, 'utf8'), registry.port).slice(0, 20));
  if (wrong.length > 0) return { wrong };
  writeFileSync(join(project, 'judge.mjs'), JUDGE);
  const inProject = { cwd: project, env };
  const judged = await run(process.execPath, ['judge.mjs'], inProject);
  if (judged.status !== 0 || !judged.words.trim().endsWith('no_face'))
    wrong.push(`the library: ${judged.words}`);
  const modules = join(project, 'node_modules');
  const scored = await run(join(modules, '.bin', 'livestill'), ['score', '--json', 'grey.bmp'], inProject);
  if (!scored.words.includes('"no_face"')) wrong.push(`the command line: ${scored.words}`);
  const size = Math.round(sizeOf(modules) / 1e6);
  const own = Math.round(sizeOf(join(modules, 'livestill')) / 1e6);
  if (process.env.PACK_PLATFORMS === undefined && options.tarball === undefined) {
    if (size > most) wrong.push(`${size} MB are installed, expected at most ${most}`);
    if (own > MOST_OF_PACKAGE)
      wrong.push(`${own} MB are livestill's own, expected at most ${MOST_OF_PACKAGE}`);
  }
  return { wrong, seconds, size, own };
}

function pack() {
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--json', '--pack-destination', work], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    env: { PACK_PLATFORMS: `${process.platform}-${process.arch}`, ...process.env },
  });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  return join(work, JSON.parse(stdout.slice(stdout.indexOf('[')))[0].filename);
}

try {
  const upstream = spawnSync('npm', ['config', 'get', 'registry'], {
    cwd: root,
    encoding: 'utf8',
  }).stdout.trim();
  const registry = await startRegistry(upstream.endsWith('/') ? upstream : `${upstream}/`);
  const strace = spawnSync('strace', ['--version']).status === 0;
  if (!strace) console.log('strace is not installed: connections are not looked at');
  const tarball = options.tarball === undefined ? pack() : resolve(options.tarball);
  console.log(`${tarball.replace(/^.*[\\/]/, '')}: ${Math.round(statSync(tarball).size / 1e6)} MB`);
  for (const name of options.managers.split(',')) {
    if (!Object.hasOwn(MANAGERS, name))
      throw new Error(`--managers: expected names out of ${Object.keys(MANAGERS)}, found "${name}"`);
    const { wrong, seconds, size, own } = await check(name, tarball, registry, strace);
    if (wrong.length > 0) process.exitCode = 1;
    console.log(
      wrong.length > 0
        ? `${name}: FAILED\n${wrong.join('\n')}`
        : `${name}: installed in ${seconds} s, ${size} MB (${own} of them livestill's own), judges`,
    );
    rmSync(join(work, name), { recursive: true, force: true });
  }
  registry.close();
} finally {
  rmSync(work, { recursive: true, force: true });
}
