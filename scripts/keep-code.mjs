// Keeps the code that the compiler makes of the bundles in dist/program/ (src/start/program.ts), so that later starts find it.
// node scripts/keep-code.mjs
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

const self = fileURLToPath(import.meta.url);
const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const loader = new URL('../dist/start/program.js', import.meta.url);

/** How long a program may take to get ready, in ms; one that takes longer is ended, and nothing is kept. */
const PATIENCE_MS = 60_000;

/** The bundle that a program starts with. */
const bundleOf = (program) =>
  readdirSync(join(dist, 'program')).find((name) => name.startsWith(`${program}-`) && name.endsWith('.cjs'));

/** Loads what the service had no need of so far: the other commands, and what runs in threads. */
function loadOthers({ loadProgram }) {
  for (const name of readdirSync(join(dist, 'program')))
    if (name.endsWith('.cjs') && !name.startsWith('fleet-worker-')) loadProgram(name);
}

/** Writes what was compiled of the bundles that this process has loaded. */
function keep({ loadedPrograms, codeFileOf }) {
  for (const [name, script] of loadedPrograms()) {
    const file = codeFileOf(name);
    writeFileSync(`${file}.tmp`, script.createCachedData());
    renameSync(`${file}.tmp`, file);
  }
}

/** In a process of its own: runs a program until it is ready, keeps its code and ends. */
async function runAndKeep(program, args) {
  const programs = await import(loader.href);
  // Flags set later would make other code of it.
  v8.setFlagsFromString = () => {};
  syncBuiltinESMExports();
  const done = () => {
    keep(programs);
    process.kill(process.pid, 'SIGKILL');
  };
  if (program === 'fleet-worker') {
    // Its only answer: that it is ready, or why it is not.
    process.send = done;
  } else {
    process.once('message', () => {
      loadOthers(programs);
      done();
    });
    process.argv.splice(1, process.argv.length, join(dist, '..', 'bin', 'livestill.js'), ...args);
  }
  programs.loadProgram(bundleOf(program));
  if (program === 'fleet-worker') process.emit('message', { kind: 'start', engine: {} });
}

function inProcess(program, args, flags) {
  const child = fork(self, ['--run', program, ...args], {
    execArgv: flags,
    stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  child.stdout.setEncoding('utf8').on('data', (text) => {
    if (text.includes('"event":"ready"')) child.send('keep', () => {});
  });
  return new Promise((resolve) => child.once('exit', resolve));
}

/** Keeps the code of what the service and its workers start with. Where one cannot be started, nothing is kept of it. */
export async function keepCode() {
  if (!existsSync(join(dist, 'program')) || !existsSync(loader)) return;
  const data = mkdtempSync(join(tmpdir(), 'livestill-code-'));
  try {
    const flags = ['--data', data, '--port', '0', '--admin-port', '0', '--workers', '1'];
    const { WORKER_FLAGS } = await import(new URL('../dist/fleet/worker-process.js', import.meta.url).href);
    await inProcess('fleet-worker', [], WORKER_FLAGS);
    await inProcess('cli-main', ['serve', ...flags], []);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

if (process.argv[2] === '--run') await runAndKeep(process.argv[3], process.argv.slice(4));
else if (process.argv[1] === self) await keepCode();
