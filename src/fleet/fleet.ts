import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { LivenessOptions } from '../engine.ts';
import { Fault } from '../errors.ts';
import type { Profile } from '../liveness/types.ts';
import { createGate } from './gate.ts';
import type { JudgeAnswer, JudgeTask, WarmAnswer, WarmTask, WorkerFailure } from './messages.ts';
import type { Judge } from './types.ts';

export interface FleetOptions {
  /** Worker threads, one engine each. */
  readonly workers: number;
  /** Longest expected wait for a worker that is still taken on, in ms. */
  readonly queueWaitMs: number;
  /** What every worker's engine is made with. */
  readonly engine: LivenessOptions;
  /** After how long a picture counts as stuck and its worker is replaced, in ms; 30 000 where nothing is given. */
  readonly judgeTimeoutMs?: number;
  /** The built worker file; where nothing is given the one beside this file, or in `dist/` when run from the sources. */
  readonly workerFile?: URL;
  /** Told of trouble with workers: one that crashed or hung, one that could not be started. */
  readonly onTrouble?: (error: Error) => void;
}

/** Worker threads that judge pictures. */
export interface Fleet extends Judge {
  readonly workers: number;
  /** Pictures waiting for a worker, and being judged. */
  readonly waiting: number;
  readonly running: number;
  /** Ends all workers; pictures still in work are given up. */
  close(): Promise<void>;
}

/** How often a picture is given to a worker before it counts as the cause of their end. */
const attempts = 2;

/** The workers could not be started; the message is the engine's own and says what to do. */
export class FleetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FleetError';
  }
}

/**
 * Starts the workers and resolves when every one has loaded its networks and run them once.
 * @throws FleetError when the engine cannot be made (missing weights, unusable model pack, …) or the worker file is missing
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { workers, judgeTimeoutMs = 30_000, onTrouble = () => {} } = options;
  const pool = new Piscina({
    filename: workerPath(options.workerFile),
    minThreads: workers,
    maxThreads: workers,
    workerData: options.engine,
    // A worker is busy with one picture or none; what waits is in the gate, where it can be given up.
    concurrentTasksPerWorker: 1,
  });
  // Without a listener an idle worker's crash would end the process. The pool has replaced it already.
  pool.on('error', (error: Error) => onTrouble(error));

  const warm = await warmUp(pool, workers).catch(async (error: unknown) => {
    await pool.destroy();
    throw error;
  });
  const gate = createGate({
    places: workers,
    maxWaitMs: options.queueWaitMs,
    // A blank picture is judged faster than a face, by about this factor.
    firstGuessMs: warm.milliseconds * 3,
    clock: () => performance.now(),
  });

  let closing = false;

  /** A worker gets a copy of its own, handed over: the bytes stay for a second attempt. */
  const tryOnce = async (
    picture: Uint8Array,
    threshold?: number,
    profile?: Profile,
  ): Promise<JudgeAnswer> => {
    // The pool ends a thread whose task is aborted: meant for pictures that hang, not for callers that left.
    const stuck = new AbortController();
    const timer = setTimeout(() => stuck.abort(), judgeTimeoutMs);
    try {
      return await run(pool, { picture: new Uint8Array(picture), threshold, profile }, stuck.signal);
    } catch (error) {
      throw stuck.signal.aborted
        ? new WorkerLost('worker_stuck', `gave no answer for ${judgeTimeoutMs} ms`, error)
        : new WorkerLost('worker_crashed', 'crashed', error);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    workers,
    models: warm.models,
    refusal: (app) => gate.refusal(app),
    get waiting() {
      return gate.waiting;
    },
    get running() {
      return gate.running;
    },
    async judge(picture, { threshold, profile, app, signal } = {}) {
      const place = await gate.enter({ app, signal });
      try {
        for (let attempt = 1; ; attempt++) {
          try {
            return judgementOf(await tryOnce(picture, threshold, profile), onTrouble);
          } catch (error) {
            if (!(error instanceof WorkerLost)) throw error;
            // Told of each worker lost. Nobody waits for a caller that left, and a picture that cost two workers costs no third.
            const last = attempt === attempts || closing || signal?.aborted === true;
            const fault = lost(error, last);
            onTrouble(fault);
            if (last) throw fault;
          }
        }
      } finally {
        place.release();
      }
    },
    close() {
      closing = true;
      return pool.destroy();
    },
  };
}

/** A worker ended with a picture in its hands. */
class WorkerLost extends Error {
  readonly reason: string;

  constructor(reason: string, what: string, cause: unknown) {
    super(what, { cause });
    this.reason = reason;
  }
}

function lost({ reason, message, cause }: WorkerLost, last: boolean): Fault {
  const then = last ? '' : ' The picture is tried once more on another.';
  return new Fault(213, reason, `A worker ${message} on this picture and was replaced.${then}`, { cause });
}

function run(pool: Piscina, task: JudgeTask, signal: AbortSignal): Promise<JudgeAnswer> {
  const transferList = [task.picture.buffer as ArrayBuffer];
  return pool.run(task, { name: 'judge', signal, transferList }) as Promise<JudgeAnswer>;
}

function judgementOf(answer: JudgeAnswer, onTrouble: (error: Error) => void) {
  switch (answer.kind) {
    case 'judged':
      return answer.judgement;
    case 'fault':
      throw new Fault(answer.code, answer.reason, answer.message);
    case 'failure': {
      const fault = new Fault(213, 'engine_failed', `The engine failed: ${answer.message}`, {
        cause: revived(answer),
      });
      onTrouble(fault);
      throw fault;
    }
  }
}

/** The first answer of all workers: each has taken exactly one of the tasks. */
async function warmUp(pool: Piscina, workers: number): Promise<Extract<WarmAnswer, { kind: 'warm' }>> {
  const task: WarmTask = { barrier: new SharedArrayBuffer(4), workers };
  const answers = await Promise.all(
    Array.from({ length: workers }, () => pool.run(task, { name: 'warm' }) as Promise<WarmAnswer>),
  );
  const failed = answers.find((answer) => answer.kind === 'failure');
  if (failed !== undefined) throw new FleetError(failed.message);
  return answers[0] as Extract<WarmAnswer, { kind: 'warm' }>;
}

function workerPath(given: URL | undefined): string {
  const candidates =
    given === undefined
      ? [new URL('./worker.js', import.meta.url), new URL('../../dist/fleet/worker.js', import.meta.url)]
      : [given];
  const found = candidates.map((url) => fileURLToPath(url)).find((path) => existsSync(path));
  if (found === undefined) {
    throw new FleetError('The built worker file dist/fleet/worker.js is missing: run "npm run build".');
  }
  return found;
}

function revived(failure: WorkerFailure): Error {
  const error = new Error(failure.message);
  error.name = failure.name;
  if (failure.stack !== undefined) error.stack = failure.stack;
  return error;
}
