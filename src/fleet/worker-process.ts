import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { LivenessOptions } from '../engine.ts';
import { confiningCommand } from './confine.ts';
import type { JudgeAnswer, JudgeTask, Message, StartAnswer } from './messages.ts';

/** How a worker came to its end: the reason for log and metrics, and a few words that follow "A worker". */
export class WorkerLost extends Error {
  readonly reason: 'worker_crashed' | 'worker_stuck' | 'worker_memory' | 'worker_missing';

  constructor(reason: WorkerLost['reason'], what: string, options?: ErrorOptions) {
    super(what, options);
    this.name = 'WorkerLost';
    this.reason = reason;
  }
}

/** One worker process: an adapter around the operating system's. */
export interface WorkerProcess {
  /** 0 where the system could not start it. */
  readonly pid: number;
  /**
   * Makes the engine and runs it once.
   * @throws {WorkerLost} when the process ended before it answered
   */
  start(engine: LivenessOptions): Promise<StartAnswer>;
  /**
   * Judges one picture, one at a time. The bytes must not change until the answer.
   * @throws {WorkerLost} when the process ended before it answered
   */
  judge(task: JudgeTask): Promise<JudgeAnswer>;
  /** Ends the process at once, whatever it does; the picture it judges fails with `why`. */
  kill(why: WorkerLost): void;
  /** Not ended, and not told to end. */
  readonly alive: boolean;
  /** Resolves when the process has ended, with why. */
  readonly ended: Promise<WorkerLost>;
  /** Resident memory in bytes; null where the system does not say (no `/proc`). */
  rssBytes(): number | null;
}

/** Heap of JavaScript objects a worker may use, in MB; pictures and networks lie outside of it. */
const HEAP_MB = 512;
/** Flags of the runtime for a worker process; the code that the build keeps for it is compiled with them. */
export const WORKER_FLAGS: readonly string[] = [`--max-old-space-size=${HEAP_MB}`, '--single-threaded-gc'];
/** How much of what a worker wrote last is kept, in characters. */
const MOST_WORDS = 4096;
/** The workers give way to the process that answers: it needs little time, but at once. */
const NICENESS = 5;

class ForkedWorker implements WorkerProcess {
  readonly pid: number;
  readonly ended: Promise<WorkerLost>;
  readonly #child: ChildProcess;
  #killedFor: WorkerLost | undefined;
  #lost: WorkerLost | undefined;
  /** The answer that is waited for. */
  #pending: { resolve(answer: unknown): void; reject(error: WorkerLost): void } | undefined;
  #lastWords = '';

  constructor(file: string) {
    this.#child = forkWorker(file);
    this.pid = this.#child.pid ?? 0;
    if (this.pid !== 0) giveWay(this.pid);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-MOST_WORDS);
    });
    this.ended = new Promise((resolve) => this.#watchEnd(resolve));
    this.#child.on('message', (message) => this.#take()?.resolve(message));
    // The end of the process says enough about bytes it did not read.
    this.#child.stdin?.on('error', () => {});
  }

  get alive(): boolean {
    return this.#lost === undefined && this.#killedFor === undefined;
  }

  start(engine: LivenessOptions): Promise<StartAnswer> {
    return this.#ask({ kind: 'start', engine });
  }

  judge({ picture, threshold, profile, capture, still }: JudgeTask): Promise<JudgeAnswer> {
    const bytes = picture.byteLength;
    return this.#ask({ kind: 'judge', bytes, threshold, profile, capture, still }, picture);
  }

  kill(why: WorkerLost): void {
    this.#killedFor ??= why;
    this.#child.kill('SIGKILL');
  }

  rssBytes(): number | null {
    return residentBytes(this.pid);
  }

  #watchEnd(resolve: (why: WorkerLost) => void): void {
    const end = (what: string) => {
      const cause = this.#lastWords === '' ? {} : { cause: new Error(this.#lastWords.trim()) };
      this.#lost ??= this.#killedFor ?? new WorkerLost('worker_crashed', what, cause);
      this.#take()?.reject(this.#lost);
      resolve(this.#lost);
    };
    this.#child.once('close', (code, signal) => end(`crashed (${signal ?? `exit code ${code}`})`));
    // After an exit too: a message could not be sent. Only a process that was never started has no exit.
    this.#child.on('error', (error) => {
      if (this.pid === 0) end(`could not be started (${error.message})`);
    });
  }

  /** The answer that is waited for, which is then waited for no more. */
  #take() {
    const pending = this.#pending;
    this.#pending = undefined;
    return pending;
  }

  #ask<A>(message: Message, picture?: Uint8Array): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      if (this.#lost !== undefined) return reject(this.#lost);
      this.#pending = { resolve: resolve as (answer: unknown) => void, reject };
      // Where it cannot be sent the process has ended or is about to: its exit says so.
      this.#child.send(message, () => {});
      if (picture !== undefined) this.#child.stdin?.write(picture);
    });
  }
}

/**
 * Starts a worker process on a built worker file. Its environment holds no setting of the service: no key
 * leaves the main process. Where the system can do it, it may write into no file and gain no rights. What it
 * writes to its error stream before it crashes is the cause of its `WorkerLost`.
 */
export function startWorkerProcess(file: string): WorkerProcess {
  return new ForkedWorker(file);
}

function forkWorker(file: string): ChildProcess {
  const [execPath = process.execPath, ...before] = confiningCommand();
  return fork(file, [], {
    execPath,
    serialization: 'advanced',
    env: workerEnvironment(process.env),
    execArgv: [
      ...(before.length === 0 ? [] : [...before, process.execPath]),
      ...process.execArgv.filter((arg) => !arg.startsWith('--inspect')),
      ...WORKER_FLAGS,
    ],
    stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
  });
}

/**
 * Everything but the service's own settings and keys. Memory on large pages makes two workers side by side 4
 * % faster. Two pools of the C library's memory instead of eight a processor save 9 to 15 MB at the peak and
 * cost no time (`npm run bench:trials -- --trial process`). A worker does one thing at a time: helper threads
 * for files, decoding and garbage collection would only take processors from other workers; one of each gave
 * 2 to 4 % more pictures a second.
 */
function workerEnvironment(from: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(from).filter(([name]) => !/^LIVESTILL_/i.test(name));
  return {
    MALLOC_ARENA_MAX: '2',
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
    UV_THREADPOOL_SIZE: '1',
    ...Object.fromEntries(kept),
  };
}

function giveWay(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // Some containers allow no change of priority; the workers then compete as equals.
  }
}

/** From `/proc` (Linux). */
function residentBytes(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
