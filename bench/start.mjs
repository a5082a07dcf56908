/**
 * node bench/start.mjs [--rounds N]
 *
 * How much processor time `serve` takes until it is ready with one worker process: with the bundles that
 * `npm run build` makes, and with the single files that the compiler writes. Both take turns on data folders
 * of their own; the median of each and their ratio are shown, for the answering process (with its threads)
 * and for the worker. Needs /proc.
 */

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, printTable } from './support.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'livestill-start-'));
const TICKS_A_SECOND = 100;

/** A copy of the project whose `dist/` is as the compiler writes it. */
function singleFiles() {
  const folder = join(work, 'single');
  mkdirSync(folder);
  for (const name of ['bin', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'src'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  for (const name of ['node_modules', 'models', 'native'])
    symlinkSync(join(root, name), join(folder, name), 'junction');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: folder,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the sources do not compile');
  return folder;
}

/** Processor time of a process so far, in ms. */
function used(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
}

async function start(folder, data) {
  const flags = ['serve', '--data', data, '--port', '0', '--admin-port', '0', '--workers', '1'];
  const child = spawn(process.execPath, [join(folder, 'bin', 'livestill.js'), ...flags]);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let said = '';
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (said.includes('"ready"')) resolve();
    });
    void ended.then(() => reject(new Error(`the service ended: ${said}`)));
  });
  const workers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
  const found = { service: used(child.pid), worker: used(Number(workers[0])) };
  child.kill('SIGTERM');
  await ended;
  return found;
}

try {
  const variants = { bundles: root, 'single files': singleFiles() };
  const found = { bundles: [], 'single files': [] };
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [name, folder] of Object.entries(variants)) {
      const one = await start(folder, join(work, `data of ${name}`));
      // The first start of each makes the data folder.
      if (round > 0) found[name].push(one);
    }
  }
  const middle = (name, part) => median(found[name].map((one) => one[part]));
  printTable([
    ['process', 'bundles, ms', 'single files, ms', 'ratio'],
    ...['service', 'worker'].map((part) => {
      const [bundles, single] = [middle('bundles', part), middle('single files', part)];
      return [part, bundles.toFixed(0), single.toFixed(0), (bundles / single).toFixed(2)];
    }),
  ]);
} finally {
  rmSync(work, { recursive: true, force: true });
}
