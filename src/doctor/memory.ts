import {
  fleetSize,
  LEAST_WORKER_BYTES,
  megabytes,
  memoryNeededBy,
  workerMemoryFor,
} from '../fleet/memory.ts';
import { count } from '../report/count.ts';
import { type Check, fail, ok, warn } from './check.ts';

/**
 * With less there is no room for the service (some 150 MB) and one worker with its networks (some 200 MB)
 * beside the system, in bytes.
 */
const TOO_LITTLE_BYTES = 512 * 1024 ** 2;

/** What a machine has. */
export interface Resources {
  readonly memoryBytes: number;
  readonly cores: number;
}

/** Whether the memory is enough for the workers that will be started, with a large picture in each. */
export function checkMemory(
  given: { readonly workers: number | null; readonly workerMemoryMb: number | null },
  { memoryBytes, cores }: Resources,
): Check {
  const name = 'memory';
  const { workers, workerMemoryBytes } = fleetSize(given, memoryBytes, cores);
  const has = `${megabytes(memoryBytes)} MB`;
  const more = 'give the machine more memory';
  if (memoryBytes < TOO_LITTLE_BYTES) {
    return fail(name, `${has}: too little for the service and one worker`, `Give the machine 2 GB or more.`);
  }
  const planned = `${count(workers, 'worker')} of up to ${megabytes(workerMemoryBytes)} MB each`;
  if (memoryNeededBy(workers, workerMemoryBytes) <= memoryBytes) return ok(name, `${has}, ${planned}`);
  if (workers === 1 && given.workerMemoryMb === null) {
    return warn(
      name,
      `${has}, of which 1 worker may take ${megabytes(workerMemoryBytes)} MB: too little for large pictures`,
      `Set picture.maxPixels lower, or ${more}.`,
    );
  }
  const fitting = fleetSize({ workers: null, workerMemoryMb: null }, memoryBytes, 256).workers;
  const share = workerMemoryFor(workers, memoryBytes);
  const advice =
    share > LEAST_WORKER_BYTES
      ? `Set workerMemoryMb to ${megabytes(share)} or less, or ${more}.`
      : `Set workers to ${fitting} or less, or ${more}.`;
  return warn(name, `${has}, but ${planned} may take more: the system ends processes then`, advice);
}
