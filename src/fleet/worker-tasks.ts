import { createLiveness, type Liveness, type LivenessOptions } from '../engine.ts';
import { Fault } from '../faults.ts';
import type { JudgeAnswer, JudgeTask, StartAnswer, WorkerFailure } from './messages.ts';
import { blankPicture } from './warm-up.ts';

/** What a worker process does: one engine, one picture at a time. */
export interface WorkerTasks {
  /** Loads the networks and runs them once. Never throws. */
  start(options: LivenessOptions): Promise<StartAnswer>;
  /** Judges one picture; asked before `start` has answered it is a failure. Never throws. */
  judge(task: JudgeTask): Promise<JudgeAnswer>;
}

/** A worker without an engine yet. */
export function createWorkerTasks(): WorkerTasks {
  let engine: Liveness | undefined;
  return {
    async start(options) {
      try {
        engine = await createLiveness(options);
        // What the first picture pays for once is paid before the first caller waits for it.
        const since = performance.now();
        await engine.judge(blankPicture());
        const { models, profile, lacking } = engine;
        return { kind: 'warm', models, profile, lacking, milliseconds: performance.now() - since };
      } catch (error) {
        return failureOf(error);
      }
    },
    async judge({ picture, threshold, profile, capture, still }) {
      try {
        if (engine === undefined) throw new Error('A picture came before the engine was made.');
        const judgement = await engine.judge(picture, {
          ...(threshold === undefined ? {} : { threshold }),
          ...(profile === undefined ? {} : { profile }),
          ...(capture === undefined ? {} : { capture }),
          ...(still === true ? { still } : {}),
        });
        return { kind: 'judged', judgement };
      } catch (error) {
        if (!(error instanceof Fault)) return failureOf(error);
        const { kind, reason, message } = error;
        return { kind: 'fault', fault: { kind, reason, message } };
      }
    },
  };
}

function failureOf(error: unknown): WorkerFailure {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'failure', name, message, stack };
}
