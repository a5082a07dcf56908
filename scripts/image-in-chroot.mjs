// npm run deploy:image [-- --arch arm64]
//
// Where no container engine runs: carries out the steps of deploy/container/Dockerfile in folders made by debootstrap, measures the result and
// starts it with a read-only root, without rights and as the Dockerfile's user. What it stands in for: the base image is Debian of the same
// release with Node of the same major version out of the npm registry. Needs root on Linux x64 or arm64, debootstrap and bubblewrap; takes minutes.
// For another architecture it stops after the build and looks whether every binary is of it.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('..', import.meta.url));
const dockerfile = join(project, 'deploy/container/Dockerfile');
const MOST_MEGABYTES = 400;
const work = mkdtempSync(join(tmpdir(), 'livestill-image-'));
const own = process.arch === 'x64' ? 'amd64' : process.arch;
const { arch: architecture } = parseArgs({ options: { arch: { type: 'string', default: own } } }).values;
/** e_machine of ELF files. */
const MACHINES = { amd64: 62, arm64: 183 };
if (!Object.hasOwn(MACHINES, architecture)) throw new Error('--arch: expected amd64 or arm64');

/** Runs a program; its words come along, an unexpected status ends the script. */
function run(command, args, settings = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...settings });
  if (status === 0) return stdout;
  throw new Error(
    `${command} ${args.join(' ').slice(0, 300)}: ${error?.message ?? `status ${status}`}\n${stdout}${stderr}`,
  );
}

/** The instructions of a Dockerfile, joined over continued lines, without comments. */
function instructions(text) {
  const lines = text.split('\n').filter((line) => !/^\s*(?:#|$)/.test(line));
  return lines
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => /^(\w+)\s+(.*)$/.exec(line.trim()).slice(1));
}

/** A Debian with Node and npm, and what the scripts of this machine's network need, as the base image. */
function base(release, major) {
  const folder = join(work, 'base');
  run('debootstrap', ['--variant=minbase', `--include=ca-certificates,libstdc++6`, release, folder]);
  const runtime = `node-linux-${process.arch}`;
  const flags = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', work];
  run('npm', [...flags, `${runtime}@${major}`, 'npm@11']);
  mkdirSync(join(folder, 'usr/local/lib/node_modules'), { recursive: true });
  cpSync(join(work, 'node_modules', runtime, 'bin/node'), join(folder, 'usr/local/bin/node'));
  cpSync(join(work, 'node_modules/npm'), join(folder, 'usr/local/lib/node_modules/npm'), { recursive: true });
  run('ln', ['-s', '../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/local/bin/npm')]);
  run('chroot', [folder, 'useradd', '--uid', '1000', '--create-home', 'node']);
  run('chroot', [folder, 'apt-get', 'clean']);
  rmSync(join(folder, 'var/lib/apt/lists'), { recursive: true, force: true });
  return folder;
}

/** Variables by which this machine reaches its registries: handed to RUN, left out of the image. */
const network = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(?:https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|PIP_CERT|SSL_CERT_FILE|npm_config_(?:registry|cafile))$/i.test(
      name,
    ),
  ),
);
const carried = ['/etc/resolv.conf', '/etc/hosts', '/etc/ssl/certs', '/etc/apt', '/usr/share/keyrings'];

/** Runs a RUN instruction in a stage; the network's files are seen there and do not stay. */
function runStep(stage, command) {
  const set = Object.entries({
    ...stage.env,
    ...stage.args,
    ...network,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/root',
  });
  run('bwrap', [
    ...['--bind', stage.root, '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/run'],
    ...carried
      .filter((path) => existsSync(path) && existsSync(join(stage.root, path)))
      .flatMap((path) => ['--ro-bind', path, path]),
    ...['--clearenv', ...set.flatMap(([name, value]) => ['--setenv', name, value])],
    ...['--chdir', stage.folder, '--cap-add', 'ALL', '/bin/sh', '-c', command],
  ]);
}

/** Carries out the stages; gives the last one. */
function build(steps) {
  const globals = {};
  const stages = new Map();
  let stage;
  const fill = (text, known) => text.replace(/\$\{(\w+)\}/g, (_, name) => known[name] ?? '');
  for (const [name, rest] of steps) {
    const words = rest.split(/\s+/);
    if (name === 'ARG' && stage === undefined) {
      const [key, value] = rest.split('=');
      globals[key] = value;
    } else if (name === 'FROM') {
      const image = fill(words.filter((word) => !word.startsWith('--'))[0], globals);
      const [, major, release] = /^node:(\d+)-(\w+)-slim$/.exec(image) ?? [];
      if (major === undefined) throw new Error(`FROM: expected node:MAJOR-RELEASE-slim, found ${image}`);
      const clean = join(work, 'base');
      if (!existsSync(clean)) base(release, major);
      const root = join(work, `stage-${stages.size}`);
      run('cp', ['--archive', clean, root]);
      stage = { root, folder: '/', env: {}, args: {}, user: '0', health: null, entry: [], command: [] };
      stages.set(/ AS (\w+)$/i.exec(rest)?.[1] ?? String(stages.size), stage);
    } else if (name === 'ARG') stage.args[rest] = rest === 'TARGETARCH' ? architecture : '';
    else if (name === 'RUN') runStep(stage, rest);
    else if (name === 'WORKDIR') {
      stage.folder = rest;
      mkdirSync(join(stage.root, rest), { recursive: true });
    } else if (name === 'ENV') {
      const [key, value] = rest.split('=');
      stage.env[key] = value;
    } else if (name === 'USER') stage.user = rest;
    else if (name === 'COPY') {
      const from = /--from=(\w+)/.exec(rest)?.[1];
      const [source, to] = words.filter((word) => !word.startsWith('--'));
      const target = join(stage.root, to.startsWith('/') ? to : join(stage.folder, to));
      mkdirSync(target, { recursive: true });
      if (from === undefined) copyContext(target);
      else run('cp', ['--archive', '--no-target-directory', join(stages.get(from).root, source), target]);
    } else if (name === 'HEALTHCHECK') stage.health = JSON.parse(rest.slice(rest.indexOf('CMD') + 3));
    else if (name === 'ENTRYPOINT') stage.entry = JSON.parse(rest);
    else if (name === 'CMD') stage.command = JSON.parse(rest);
    else if (!['LABEL', 'VOLUME', 'EXPOSE', 'STOPSIGNAL'].includes(name))
      throw new Error(`an instruction that is not known here: ${name}`);
    console.log(`${name} ${rest.slice(0, 100)}`);
  }
  return stage;
}

/** The build context without what Dockerfile.dockerignore names. */
function copyContext(target) {
  const ignored = readFileSync(`${dockerfile}.dockerignore`, 'utf8').split('\n').filter(Boolean);
  const archive = join(work, 'context.tar');
  run('tar', [
    '--create',
    '--file',
    archive,
    '--directory',
    project,
    ...ignored.map((name) => `--exclude=./${name}`),
    '.',
  ]);
  run('tar', ['--extract', '--file', archive, '--directory', target]);
}

/** Starts the image as the command in the Dockerfile's head does, asks its health check, judges, writes, and ends it with SIGTERM. */
function start(stage) {
  const data = join(work, 'data');
  mkdirSync(data);
  run('cp', ['--archive', '--no-target-directory', join(stage.root, 'var/lib/livestill'), data]);
  const quote = (words) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const script = `
set -u
${quote([...stage.entry, ...stage.command])} >/var/lib/livestill/log 2>&1 &
main=$!
healthy=no
for _ in $(seq 120); do ${quote(stage.health)} && healthy=yes && break; sleep 0.5; done
echo "healthy $healthy"
node -e "fetch('http://127.0.0.1:8788/console/').then(async (reply) => console.log('console', reply.status, (await reply.text()).includes('<script')))"
echo "user $(id -u) capabilities $(awk '/CapEff/ { print $2 }' /proc/$main/status)"
echo "data $(stat --format '%u %a' /var/lib/livestill)"
if touch /opt/livestill/written 2>/dev/null; then echo "root writable"; else echo "root read-only"; fi
${quote([...stage.entry, 'score', '--json', '/picture.jpg'])} | grep --only-matching '"verdict":"[a-z_]*"'
${quote([...stage.entry, 'models', 'verify'])} | grep --count ' ok '
kill -TERM $main
wait $main
echo "ended $?"
`;
  const picture = join(project, 'node_modules/@vladmandic/face-api/demo/sample1.jpg');
  const [user, group] = stage.user.split(':');
  const said = run('bwrap', [
    ...['--ro-bind', stage.root, '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'],
    ...['--bind', data, '/var/lib/livestill', '--ro-bind', picture, '/opt/livestill/docs/judged.jpg'],
    ...[
      '--unshare-pid',
      '--unshare-net',
      '--unshare-ipc',
      '--unshare-uts',
      '--clearenv',
      '--cap-drop',
      'ALL',
    ],
    ...['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'].flatMap((name) => ['--cap-add', name]),
    ...Object.entries({ ...stage.env, PATH: '/usr/local/bin:/usr/bin:/bin' }).flatMap(([name, value]) => [
      '--setenv',
      name,
      value,
    ]),
    ...['setpriv', `--reuid=${user}`, `--regid=${group}`, '--clear-groups', '--no-new-privs'],
    ...['--inh-caps=-all', '--bounding-set=-all'],
    ...['/bin/sh', '-c', script.replaceAll('/picture.jpg', '/opt/livestill/docs/judged.jpg')],
  ]);
  console.log(said);
  const expected = [
    'healthy yes',
    'console 200 true',
    'user 1000 capabilities 0000000000000000',
    'data 1000 700',
    'root read-only',
    '"verdict":"live"',
    '5',
    'ended 0',
  ];
  const missing = expected.filter((line) => !said.split('\n').includes(line));
  if (missing.length > 0)
    throw new Error(
      `expected the lines ${missing.join(', ')}\n${readFileSync(join(data, 'log'), 'utf8').slice(-3000)}`,
    );
}

/** Throws where a native library below `folder` is of another architecture. */
function checkBinaries(folder) {
  const libraries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:node|so(?:\.[\d.]+)?)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const foreign = libraries.filter((path) => readFileSync(path).readUInt16LE(18) !== MACHINES[architecture]);
  console.log(`${libraries.length} native libraries, ${foreign.length} of them not for ${architecture}`);
  if (libraries.length < 4 || foreign.length > 0) throw new Error(`native libraries: ${foreign.join(', ')}`);
}

try {
  const stage = build(instructions(readFileSync(dockerfile, 'utf8')));
  const megabytes = (path) =>
    Math.round(Number(run('du', ['--summarize', '--bytes', path]).split('\t')[0]) / 1e6);
  const [whole, livestill] = [megabytes(stage.root), megabytes(join(stage.root, 'opt/livestill'))];
  console.log(`${whole} MB, ${livestill} of them /opt/livestill`);
  if (whole > MOST_MEGABYTES) throw new Error(`${whole} MB, expected at most ${MOST_MEGABYTES}`);
  checkBinaries(join(stage.root, 'opt/livestill'));
  if (architecture === own) start(stage);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
