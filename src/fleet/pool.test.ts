import { expect, it } from 'vitest';
import { createPool } from './pool.ts';
import type { WorkerLost, WorkerProcess } from './worker-process.ts';

/** A worker that answers at once and takes as much memory as the test says. */
function handMadeWorker(memory: { bytes: number }): WorkerProcess {
  let alive = true;
  let end: (why: WorkerLost) => void = () => {};
  const ended = new Promise<WorkerLost>((resolve) => {
    end = resolve;
  });
  return {
    pid: 1,
    ended,
    get alive() {
      return alive;
    },
    start: async () => ({ kind: 'warm', models: [], profile: 'careful', lacking: null, milliseconds: 1 }),
    judge: async () => ({
      kind: 'fault',
      fault: { kind: 'picture_unreadable', reason: 'corrupt', message: 'test' },
    }),
    kill(why) {
      alive = false;
      // As a process does: some time after it was told to.
      setTimeout(() => end(why), 50);
    },
    rssBytes: () => memory.bytes,
  };
}

it('a replacement has the number of the worker it replaces, also of one that has not ended yet', async () => {
  const workers: { number: number; memory: { bytes: number }; process: WorkerProcess }[] = [];
  const pool = createPool({
    workers: 3,
    engine: {},
    spawn(number) {
      const memory = { bytes: 10 };
      const process = handMadeWorker(memory);
      workers.push({ number, memory, process });
      return process;
    },
    judgeTimeoutMs: 60_000,
    readyWithinMs: 60_000,
    startTimeoutMs: 60_000,
    memoryBytes: 100,
    onTrouble: () => {},
  });
  await pool.start();
  expect(workers.map(({ number }) => number)).toEqual([0, 1, 2]);
  const [, second, third] = workers;
  if (second !== undefined) second.memory.bytes = 80;
  await expect.poll(() => pool.lost.worker_grown).toBe(1);
  await expect.poll(() => pool.now).toHaveLength(3);
  third?.process.kill({ reason: 'worker_crashed', message: 'crashed' } as WorkerLost);
  await expect.poll(() => workers).toHaveLength(5);
  expect(workers.slice(3).map(({ number }) => number)).toEqual([1, 2]);
  await pool.close();
});

it('a worker that never gets ready is ended, and the start fails with why', async () => {
  let lost: (why: WorkerLost) => void = () => {};
  const worker: WorkerProcess = {
    ...handMadeWorker({ bytes: 10 }),
    start: () =>
      new Promise((_, reject) => {
        lost = reject;
      }),
    kill: (why) => lost(why),
  };
  const pool = createPool({
    workers: 1,
    engine: {},
    spawn: () => worker,
    judgeTimeoutMs: 60_000,
    readyWithinMs: 60_000,
    startTimeoutMs: 20,
    memoryBytes: 100,
    onTrouble: () => {},
  });
  await expect(pool.start()).rejects.toMatchObject({
    reason: 'worker_stuck',
    message: 'was not ready in 20 ms',
  });
});
