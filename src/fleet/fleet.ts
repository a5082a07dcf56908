import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Lacking, LivenessOptions } from '../engine.ts';
import { Fault, revivedFault } from '../faults.ts';
import type { Profile } from '../liveness/types.ts';
import { nativeTrouble } from '../native-library.ts';
import { type Admission, createAdmission } from './admission.ts';
import { readText } from './cores.ts';
import type { JudgeAnswer, WarmAnswer, WorkerFailure } from './messages.ts';
import { createPool, type Pool, type WorkerState } from './pool.ts';
import { allowedProcessors, pinToProcessor } from './processors.ts';
import type { Judge } from './types.ts';
import { startWorkerProcess, WorkerLost, type WorkerProcess } from './worker-process.ts';

export interface FleetOptions {
  /** Worker processes, one engine each. */
  readonly workers: number;
  /** Longest expected wait for a worker with which a picture is still admitted, in ms. */
  readonly queueWaitMs: number;
  /** What every worker's engine is made with. */
  readonly engine: LivenessOptions;
  /**
   * After how long a picture counts as stuck and its worker is replaced, in ms; 30 000 where nothing is
   * given.
   */
  readonly judgeTimeoutMs?: number;
  /**
   * How long a picture whose turn it is waits while no worker is ready, in ms; as long as it may be judged
   * where nothing is given.
   */
  readonly readyWithinMs?: number;
  /**
   * How long a worker may take to load its networks and run them once, in ms; 60 000 where nothing is given.
   */
  readonly startTimeoutMs?: number;
  /**
   * Resident memory a worker may take, in bytes; one that takes more is replaced. Without bound where nothing
   * is given.
   */
  readonly workerMemoryBytes?: number;
  /**
   * Bind each worker to a processor of its own; where that cannot be done it is trouble, and the worker runs
   * unbound.
   */
  readonly pinWorkers?: boolean;
  /**
   * The built worker file; where nothing is given the one beside this file, or in `dist/` when run from the
   * sources.
   */
  readonly workerFile?: URL;
  /** Called for trouble with workers: one that crashed or hung, one that could not be started. */
  readonly onTrouble?: (error: Error) => void;
}

/** Worker processes that judge pictures. */
export interface Fleet extends Judge {
  readonly workers: number;
  /** Resident memory a worker may take, in bytes. */
  readonly workerMemoryBytes: number;
  /** The profile of pictures that are judged without one being named. */
  readonly profile: Profile;
  /** What cannot be used for want of networks; null where everything is in place. */
  readonly lacking: Lacking | null;
  /** Pictures waiting for a worker, and being judged. */
  readonly waiting: number;
  readonly running: number;
  /** How long a picture that comes now is expected to wait for a worker, in ms; 0 while one is free. */
  readonly expectedWaitMs: number;
  /** The workers that are ready, at this moment. */
  workersNow(): readonly WorkerState[];
  /** Workers lost since the start, by reason. */
  readonly lost: Readonly<Record<string, number>>;
  /** Ends all workers; pictures still in work are given up. */
  close(): Promise<void>;
}

/** How often a picture is given to a worker before it counts as the cause of their end. */
const ATTEMPTS = 2;

/** The workers could not be started; the message is the engine's own and says what to do. */
export class FleetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FleetError';
  }
}

/**
 * Starts the workers and resolves when every one has loaded its networks and run them once.
 * @throws {FleetError} when the engine cannot be made (missing weights, unusable model pack, …) or the worker
 * file is missing
 */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { workers, workerMemoryBytes = Number.POSITIVE_INFINITY, onTrouble = () => {} } = options;
  const { judgeTimeoutMs = 30_000, readyWithinMs = judgeTimeoutMs } = options;
  const pool = createPool({
    workers,
    engine: options.engine,
    spawn: spawnerOf(options, onTrouble),
    judgeTimeoutMs,
    readyWithinMs,
    startTimeoutMs: options.startTimeoutMs ?? 60_000,
    memoryBytes: workerMemoryBytes,
    onTrouble,
  });
  const warm = await startOf(pool).catch(async (error: unknown) => {
    await pool.close();
    throw error;
  });
  const admission = createAdmission({
    permits: workers,
    maxWaitMs: options.queueWaitMs,
    // A large photo takes longer than the small blank picture, by about this factor of its first, cold run.
    firstGuessMs: warm.milliseconds * 2,
    clock: () => performance.now(),
  });
  return fleetOf({ workers, workerMemoryBytes, pool, warm, admission, onTrouble });
}

/** Starts worker processes, each bound to a processor of its own where that is asked for. */
function spawnerOf(options: FleetOptions, onTrouble: (error: Error) => void) {
  const file = workerPath(options.workerFile);
  const processors = options.pinWorkers === true ? allowedProcessors(readText) : [];
  return (number: number): WorkerProcess => {
    const worker = startWorkerProcess(file);
    if (processors.length > 0 && worker.pid !== 0) {
      const processor = processors[number % processors.length] as number;
      pinToProcessor(worker.pid, processor).catch((cause: unknown) =>
        onTrouble(new Error(`A worker could not be bound to processor ${processor} (taskset)`, { cause })),
      );
    }
    return worker;
  };
}

interface FleetParts {
  readonly workers: number;
  readonly workerMemoryBytes: number;
  readonly pool: Pool;
  readonly warm: WarmAnswer;
  readonly admission: Admission;
  readonly onTrouble: (error: Error) => void;
}

function fleetOf({ workers, workerMemoryBytes, pool, warm, admission, onTrouble }: FleetParts): Fleet {
  let closing = false;
  return {
    workers,
    workerMemoryBytes,
    models: warm.models,
    profile: warm.profile,
    lacking: warm.lacking,
    refusal: (app) => admission.refusal(app),
    get waiting() {
      return admission.waiting;
    },
    get running() {
      return admission.running;
    },
    get expectedWaitMs() {
      return admission.expectedWaitMs;
    },
    workersNow: () => pool.now,
    lost: pool.lost,
    async judge(picture, { threshold, profile, capture, review, still, app, onTaken, signal } = {}) {
      const permit = await admission.enter({ app, signal });
      try {
        for (let attempt = 1; ; attempt++) {
          try {
            const task = { picture, threshold, profile, capture, review, still };
            return judgementOf(await pool.judge(task, onTaken), onTrouble);
          } catch (error) {
            if (!(error instanceof WorkerLost)) throw error;
            // Nobody waits for a caller that left, and a picture that cost two workers costs no third.
            const last = attempt === ATTEMPTS || closing || signal?.aborted === true;
            const fault = lost(error, last);
            onTrouble(fault);
            if (last) throw fault;
          }
        }
      } finally {
        permit.release();
      }
    },
    close() {
      closing = true;
      return pool.close();
    },
  };
}

function lost(error: WorkerLost, last: boolean): Fault {
  const then = last ? '' : ' The picture is tried once more on another.';
  const what = error.reason === 'worker_missing' ? '' : ' on this picture and was replaced';
  return new Fault('worker_lost', error.reason, `A worker ${error.message}${what}.${then}`, { cause: error });
}

function judgementOf(answer: JudgeAnswer, onTrouble: (error: Error) => void) {
  switch (answer.kind) {
    case 'judged':
      return answer.judgement;
    case 'fault':
      throw revivedFault(answer.fault);
    case 'failure': {
      const fault = new Fault('engine_failed', 'engine_failed', `The engine failed: ${answer.message}`, {
        cause: revived(answer),
      });
      onTrouble(fault);
      throw fault;
    }
  }
}

async function startOf(pool: Pool): Promise<WarmAnswer> {
  const answer = await pool.start().catch((error: unknown) => {
    // What it wrote last stands in the cause: a library that cannot be loaded ends it before it can answer.
    if (error instanceof WorkerLost)
      throw new FleetError(nativeTrouble(error) ?? `A worker process ${error.message} while it was started.`);
    throw error;
  });
  if (answer.kind === 'failure') throw new FleetError(answer.message);
  return answer;
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
