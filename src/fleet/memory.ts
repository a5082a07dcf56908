import { totalmem } from 'node:os';
import { availableCores } from './cores.ts';

const MB = 1024 * 1024;
/** What the process that answers needs beside its workers. */
const SERVICE_BYTES = 300 * MB;
/** Share of the memory that is planned with: the system and its file cache need some too. */
const PLANNED_SHARE = 0.9;
/**
 * What a worker needs for the largest picture that is taken by default: 40 megapixels as progressive JPEG
 * took 460 MB beside networks and runtime.
 */
export const LEAST_WORKER_BYTES = 768 * MB;
/** More helps no picture: what grows beyond this is lost memory. */
const MOST_BYTES = 2048 * MB;

/**
 * Memory this process may use, in bytes: the machine's, or its control group's limit where that is less.
 */
export function availableMemory(total = totalmem(), constrained = process.constrainedMemory()): number {
  return constrained > 0 && constrained < total ? constrained : total;
}

/**
 * How many workers a machine feeds: one a processor, fewer where they would not have the memory for a large
 * picture; at least 1.
 */
export function workersFor(cores: number, memoryBytes: number): number {
  return Math.max(
    1,
    Math.min(cores, Math.floor((PLANNED_SHARE * memoryBytes - SERVICE_BYTES) / LEAST_WORKER_BYTES)),
  );
}

/** The resident memory each of so many workers may take, in bytes: an equal share, within sensible bounds. */
export function workerMemoryFor(workers: number, memoryBytes: number): number {
  const share = (PLANNED_SHARE * memoryBytes - SERVICE_BYTES) / workers;
  return Math.round(Math.max(LEAST_WORKER_BYTES, Math.min(MOST_BYTES, share)));
}

/**
 * What the bodies of all requests together may hold, in bytes: an eighth of the memory, within sensible
 * bounds.
 */
export function bodyMemoryFor(memoryBytes: number): number {
  return Math.round(Math.max(64 * MB, Math.min(1024 * MB, memoryBytes / 8)));
}

/**
 * How many workers, and the resident memory each may take, in bytes: what is given, and for what is not what
 * this machine feeds.
 */
export function fleetSize(
  given: { readonly workers?: number | null | undefined; readonly workerMemoryMb?: number | null },
  memory = availableMemory(),
  cores = availableCores(),
): { readonly workers: number; readonly workerMemoryBytes: number } {
  const workers = given.workers ?? workersFor(cores, memory);
  const { workerMemoryMb = null } = given;
  return {
    workers,
    workerMemoryBytes: workerMemoryMb === null ? workerMemoryFor(workers, memory) : workerMemoryMb * MB,
  };
}

/** The memory that a machine should have for so many workers of that size, in bytes. */
export function memoryNeededBy(workers: number, workerMemoryBytes: number): number {
  // Shares are rounded to whole bytes, each for itself.
  return (SERVICE_BYTES + workers * (workerMemoryBytes - 1)) / PLANNED_SHARE;
}

/** Bytes in whole MB of 1024 * 1024, for people. */
export function megabytes(bytes: number): number {
  return Math.round(bytes / MB);
}
