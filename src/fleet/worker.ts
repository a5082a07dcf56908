import { workerData } from 'node:worker_threads';
import { createLiveness, type Liveness, type LivenessOptions } from '../engine.ts';
import { Fault } from '../errors.ts';
import { dedicateImageLibrary } from '../picture/library.ts';
import type { JudgeAnswer, JudgeTask, WarmAnswer, WarmTask, WorkerFailure } from './messages.ts';
import { blankPicture } from './warm-up.ts';

/*
 * A worker thread: one engine, one picture at a time. The engine is loaded while the module is, so that a replacement for a
 * crashed worker is ready for its first picture; a failure to load is kept and told with the first task.
 */

/** How long a warm worker waits for its fellows before it looks whether one of them failed, in ms. */
const patience = 1000;

dedicateImageLibrary();

const engine: Liveness | WorkerFailure = await createLiveness((workerData ?? {}) as LivenessOptions).catch(
  failureOf,
);

/** Judges one picture. Never throws. */
export async function judge(task: JudgeTask): Promise<JudgeAnswer> {
  if ('kind' in engine) return engine;
  const { threshold, profile } = task;
  try {
    const judgement = await engine.judge(task.picture, {
      ...(threshold === undefined ? {} : { threshold }),
      ...(profile === undefined ? {} : { profile }),
    });
    return { kind: 'judged', judgement };
  } catch (error) {
    if (!(error instanceof Fault)) return failureOf(error);
    const { code, reason, message } = error;
    return { kind: 'fault', code, reason, message };
  }
}

/**
 * Runs the networks, then blocks this thread until every worker has done the same, so that each of them gets exactly
 * one of these tasks. Never throws.
 */
export async function warm(task: WarmTask): Promise<WarmAnswer> {
  const barrier = new Int32Array(task.barrier);
  try {
    if ('kind' in engine) throw engine;
    await engine.judge(blankPicture());
    // The second one shows what a picture takes; the first also pays for what is set up once.
    const start = performance.now();
    await engine.judge(blankPicture());
    const milliseconds = performance.now() - start;
    Atomics.add(barrier, 0, 1);
    Atomics.notify(barrier, 0);
    for (;;) {
      const warm = Atomics.load(barrier, 0);
      if (warm >= task.workers) return { kind: 'warm', models: engine.models, milliseconds };
      Atomics.wait(barrier, 0, warm, patience);
    }
  } catch (error) {
    // Lets the others go: there is nothing to wait for any more.
    Atomics.add(barrier, 0, task.workers);
    Atomics.notify(barrier, 0);
    return 'kind' in engine ? engine : failureOf(error);
  }
}

function failureOf(error: unknown): WorkerFailure {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'failure', name, message, stack };
}
