/** Processes of the growth bench: the service on a data folder that is there, and what a process has used. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));

/** Processor time of all threads of a process, in ms, finer than the ticks of `/proc/PID/stat` (Linux). */
export async function cpuMs(pid) {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')),
  );
  return times.reduce((sum, line) => sum + Number(line.split(' ')[0]), 0) / 1e6;
}

// Loaded before the service: at SIGUSR2 it collects garbage and tells on a pipe what is then still held, in bytes.
const memoryMeter = `import{writeSync}from'node:fs';import{setFlagsFromString}from'node:v8';import{runInNewContext}from'node:vm';
setFlagsFromString('--expose-gc');const gc=runInNewContext('gc');
process.on('SIGUSR2',()=>{gc();gc();const{heapUsed,external}=process.memoryUsage();writeSync(3,String(heapUsed+external)+'\\n')})`;

/** Starts the service with one worker; `readyMs` and `readyCpuMs` (its workers apart) tell what that took. */
export async function startService(data, { env = {}, metered = false } = {}) {
  const started = performance.now();
  const meter = metered ? ['--import', `data:text/javascript,${encodeURIComponent(memoryMeter)}`] : [];
  const child = spawn(
    process.execPath,
    [...meter, program, 'serve', '--data', data, '--port', '0', '--admin-port', '0', '--workers', '1'],
    {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, LIVESTILL_LOG_LEVEL: 'error', ...env },
    },
  );
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let out = '';
  await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      out += chunk;
      if (/A (call to copy|new one later): .*livestill sign/.test(out)) resolve();
    });
    child.on('exit', (code) => reject(new Error(`the service ended with ${code}: ${out}`)));
  });
  const readyMs = performance.now() - started;
  const readyCpuMs = await cpuMs(child.pid);
  return {
    url: /service\s+(http\S+)/.exec(out)[1],
    pid: child.pid,
    readyMs,
    readyCpuMs,
    /** Bytes on the heap and beside it after garbage was collected; for a metered service. */
    heldBytes: () =>
      new Promise((resolve) => {
        child.stdio[3].once('data', (chunk) => resolve(Number(chunk)));
        child.kill('SIGUSR2');
      }),
    async stop() {
      process.off('exit', kill);
      child.removeAllListeners('exit');
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Runs a script of this folder with a job on its standard input; `done` is its last line as JSON. */
export function startScript(name, job) {
  const child = spawn(process.execPath, [fileURLToPath(new URL(name, import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let out = '';
  let ready;
  const isReady = new Promise((resolve) => {
    ready = resolve;
  });
  child.stdout.on('data', (chunk) => {
    out += chunk;
    if (out.includes('\n')) ready();
  });
  const done = new Promise((resolve, reject) => {
    child.on('exit', (code) =>
      code === 0
        ? resolve(JSON.parse(out.trim().split('\n').at(-1)))
        : reject(new Error(`${name} ended with ${code}`)),
    );
  });
  child.stdin.write(`${JSON.stringify(job)}\n`);
  return { done, isReady: Promise.race([isReady, done]), end: () => child.stdin.end() };
}

/** What a command of livestill takes: ms by the clock, ms of processor time, bytes printed. */
export function commandCost(...args) {
  // Loaded before the program, says at its end what it used.
  const meter =
    "data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>{const u=process.cpuUsage();writeSync(3,String((u.user+u.system)/1000))})";
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', meter, program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    let bytes = 0;
    let cpu = '';
    child.stdout.on('data', (chunk) => {
      bytes += chunk.length;
    });
    child.stdio[3].on('data', (chunk) => {
      cpu += chunk;
    });
    child.on('close', (code) =>
      code === 0
        ? resolve({ ms: performance.now() - begin, cpuMs: Number(cpu), bytes })
        : reject(new Error(`livestill ${args.join(' ')} ended with ${code}`)),
    );
  });
}
