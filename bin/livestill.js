#!/usr/bin/env node
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

// Decoding runs on libuv's threads, which all workers share; their number is read once, at the first use.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism() + 4));
try {
  await import('../dist/cli/main.js');
} catch (error) {
  if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ENOENT'].includes(error?.code)) throw error;
  const root = fileURLToPath(new URL('..', import.meta.url));
  process.stderr.write(`livestill: ${root} is not installed whole (${error.message}): run "npm ci" there\n`);
  process.exitCode = 1;
}
