import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ReadText } from './cores.ts';

/**
 * The numbers of the processors this process may run on, ascending, from `/proc` (Linux); empty where there
 * is none.
 * @param read gives `/proc/self/status`
 */
export function allowedProcessors(read: ReadText): number[] {
  const list = /^Cpus_allowed_list:\s+([\d,-]+)$/m.exec(read('/proc/self/status') ?? '')?.[1] ?? '';
  return list
    .split(',')
    .filter(Boolean)
    .flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    });
}

/**
 * Binds a process and all its threads to one processor, with the system's `taskset`.
 * @throws {Error} where there is no such program or processor
 */
export async function pinToProcessor(pid: number, processor: number): Promise<void> {
  await promisify(execFile)('taskset', ['-a', '-c', '-p', String(processor), String(pid)]);
}
