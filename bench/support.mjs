/** What several benches share: the bench picture, medians, a server process with an app of its own. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const program = fileURLToPath(new URL('../bin/livestill.js', import.meta.url));

/** A portrait cut from a group photo of the development dependency @vladmandic/face-api, as a JPEG of that size. */
export async function portrait(width, height) {
  const folder = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));
  return sharp(await readFile(join(folder, 'demo', 'sample4.jpg')))
    .extract({ left: 870, top: 20, width: 480, height: 640 })
    .resize(width, height)
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** The value below which a share `p` (0-1) of the values lies. */
export function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
}

export const sum = (values) => values.reduce((total, value) => total + value, 0);

export const mean = (values) => sum(values) / values.length;

export const median = (values) => percentile(values, 0.5);

/** Prints rows aligned: the first column to the left, the others to the right. */
export function printTable(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => String(row[i]).length)));
  for (const row of rows) {
    console.log(
      row
        .map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i])))
        .join('  '),
    );
  }
}

/** Runs a command of livestill and gives what it printed. */
export function livestill(...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.on('exit', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`livestill ${args[0]} ended with ${code}`)),
    );
  });
}

/** A running service in a data folder of its own, with a signature for its first app. */
export async function startServer({ args = [], env = {} } = {}) {
  const data = await mkdtemp(join(tmpdir(), 'livestill-bench-'));
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [program, 'serve', '--data', data, '--port', '0', '--admin-port', '0', ...args],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LIVESTILL_LOG_LEVEL: 'warn', ...env } },
  );
  const said = await startOf(child, started).catch(async (error) => {
    child.removeAllListeners('exit').kill('SIGKILL');
    await rm(data, { recursive: true, force: true });
    throw error;
  });
  return {
    ...said,
    data,
    pid: child.pid,
    async stop() {
      child.removeAllListeners('exit');
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** What a service says once it is ready: where it is, and how to call it. */
async function startOf(child, started) {
  let out = '';
  const readyMs = await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      out += chunk;
      if (/A new one later/.test(out)) resolve(performance.now() - started);
    });
    child.on('exit', (code) => reject(new Error(`the service ended with ${code}: ${out}`)));
  });
  // Its standard error is no terminal: the keys and the call stand in a file.
  const call = await readFile(/in (\S+first-app-\d+\.txt)/.exec(out)[1], 'utf8');
  return {
    readyMs,
    url: /service\s+(http\S+)/.exec(out)[1],
    admin: /admin\s+(http\S+)/.exec(out)[1],
    authorization: /-H 'Authorization: ([^']+)'/.exec(call)[1],
    appid: /-F appid=(\d+)/.exec(call)[1],
  };
}

/**
 * What a process and all its children use, from `/proc` (Linux): processor seconds, ended children included, and memory.
 * Pages that several of them share are counted once (proportional set size).
 */
export async function processUse(pid) {
  const stat = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1].split(' ').map(Number);
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
    .trim()
    .split(' ')
    .filter(Boolean);
  const uses = await Promise.all(children.map((child) => processUse(child).catch(() => null)));
  const sum = (key) => uses.reduce((total, use) => total + (use?.[key] ?? 0), 0);
  return {
    cpuSeconds: (stat[11] + stat[12] + stat[13] + stat[14]) / 100 + sum('cpuSeconds'),
    rssMb: Number(/^Pss:\s+(\d+)/m.exec(rollup)[1]) / 1024 + sum('rssMb'),
    peakRssMb: Number(/VmHWM:\s+(\d+)/.exec(status)[1]) / 1024 + sum('peakRssMb'),
    /** Of the process alone. */
    own: { cpuSeconds: (stat[11] + stat[12]) / 100, rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024 },
  };
}
