import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { itWhere } from '../../test/support/only-where.ts';
import { allowedProcessors, pinToProcessor } from './processors.ts';

const linux = existsSync('/proc/self/status');
const status = (list: string) => () =>
  `Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\nMems_allowed:\t1\n`;

it.each([
  ['0', [0]],
  ['0-3', [0, 1, 2, 3]],
  ['1,4-5,9', [1, 4, 5, 9]],
])('processors %s', (list, expected) => {
  expect(allowedProcessors(status(list))).toEqual(expected);
});

it('where the system keeps no books there are none to choose from', () => {
  expect(allowedProcessors(() => null)).toEqual([]);
});

itWhere(linux, 'needs Linux')('a process that was bound runs on that processor alone', async () => {
  const read = (path: string) => readFileSync(path, 'utf8');
  const processor = allowedProcessors(read).at(-1) as number;
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  try {
    await pinToProcessor(child.pid as number, processor);
    const own = allowedProcessors(() => read(`/proc/${child.pid}/status`));
    expect(own).toEqual([processor]);
  } finally {
    child.kill();
  }
});

itWhere(linux, 'needs Linux')('a processor that is not there cannot be had', async () => {
  await expect(pinToProcessor(process.pid, 4000)).rejects.toThrow(/taskset/);
});
