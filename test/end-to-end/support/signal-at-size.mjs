// node --import signal-at-size.mjs PROGRAM …: sends a signal to itself as soon as a file is larger than told. A watcher outside would come
// too late where the machine gives it no time.
// SIGNAL_AT={"file": …, "bytes": …, "signal": …, "group": true or false}
import { isMainThread, Worker } from 'node:worker_threads';

// Both are handed down to the program's own processes and threads.
const { SIGNAL_AT: told } = process.env;
delete process.env.SIGNAL_AT;

if (told !== undefined && isMainThread) {
  const watch = `
    const { statSync } = require('node:fs');
    const { file, bytes, signal, group } = require('node:worker_threads').workerData;
    const sizeOf = () => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (sizeOf() <= bytes) Atomics.wait(cell, 0, 0, 2);
    process.kill(group ? -process.pid : process.pid, signal);`;
  new Worker(watch, { eval: true, execArgv: [], workerData: JSON.parse(told) }).unref();
}
