#!/usr/bin/env node
import { availableParallelism } from 'node:os';

// Decoding runs on libuv's threads, which all workers share; their number is read once, at the first use.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism() + 4));
await import('../dist/cli/main.js');
