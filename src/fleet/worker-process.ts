import { fork } from 'node:child_process';
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
   * @throws WorkerLost
   */
  start(engine: LivenessOptions): Promise<StartAnswer>;
  /**
   * Judges one picture, one at a time. The bytes must not change until the answer.
   * @throws WorkerLost when the process ended before it answered
   */
  judge(task: JudgeTask): Promise<JudgeAnswer>;
  /** Ends the process at once, whatever it does; `why` is what a picture in its hands is told. */
  kill(why: WorkerLost): void;
  /** Not ended, and not told to end. */
  readonly alive: boolean;
  /** Resolves when the process has ended, with why. */
  readonly ended: Promise<WorkerLost>;
  /** Resident memory in bytes; null where the system keeps no such books (`/proc`). */
  rssBytes(): number | null;
}

/** Heap of JavaScript objects a worker may use, in MB; pictures and networks lie outside of it. */
const heapMb = 512;
/** How much of what a worker wrote last is kept, in characters. */
const mostWords = 4096;
/** The workers give way to the process that answers: it needs little time, but at once. */
const niceness = 5;

/**
 * Starts a worker process on a built worker file. Its environment holds no setting of the service: no key leaves the main process. Where
 * the system can do it, it may write into no file and gain no rights. What it writes to its error stream before it crashes is the cause
 * of its `WorkerLost`.
 */
export function startWorkerProcess(file: string): WorkerProcess {
  const [execPath = process.execPath, ...before] = confiningCommand();
  const child = fork(file, [], {
    execPath,
    serialization: 'advanced',
    env: workerEnvironment(process.env),
    execArgv: [
      ...(before.length === 0 ? [] : [...before, process.execPath]),
      ...process.execArgv.filter((arg) => !arg.startsWith('--inspect')),
      `--max-old-space-size=${heapMb}`,
      '--single-threaded-gc',
    ],
    stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
  });
  const pid = child.pid ?? 0;
  if (pid !== 0) giveWay(pid);
  let killedFor: WorkerLost | undefined;
  let lost: WorkerLost | undefined;
  let answer: ((message: unknown) => void) | undefined;
  let fail: ((error: WorkerLost) => void) | undefined;

  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-mostWords);
  });
  const ended = new Promise<WorkerLost>((resolve) => {
    const end = (what: string) => {
      const cause = lastWords === '' ? {} : { cause: new Error(lastWords.trim()) };
      lost ??= killedFor ?? new WorkerLost('worker_crashed', what, cause);
      fail?.(lost);
      resolve(lost);
    };
    child.once('close', (code, signal) => end(`crashed (${signal ?? `exit code ${code}`})`));
    // After an exit too: a message could not be sent. Only a process that was never started has no exit.
    child.on('error', (error) => {
      if (pid === 0) end(`could not be started (${error.message})`);
    });
  });
  child.on('message', (message) => answer?.(message));
  // Of bytes for a process that has just ended its end says enough.
  child.stdin?.on('error', () => {});

  const ask = <A>(message: Message, picture?: Uint8Array): Promise<A> =>
    new Promise<A>((resolve, reject) => {
      if (lost !== undefined) return reject(lost);
      const settled = () => {
        answer = undefined;
        fail = undefined;
      };
      answer = (answered) => {
        settled();
        resolve(answered as A);
      };
      fail = (error) => {
        settled();
        reject(error);
      };
      // Where it cannot be sent the process has ended or is about to: its exit says so.
      child.send(message, () => {});
      if (picture !== undefined) child.stdin?.write(picture);
    });

  return {
    pid,
    ended,
    get alive() {
      return lost === undefined && killedFor === undefined;
    },
    start: (engine) => ask({ kind: 'start', engine }),
    judge: ({ picture, threshold, profile, capture }) =>
      ask({ kind: 'judge', bytes: picture.byteLength, threshold, profile, capture }, picture),
    kill(why) {
      killedFor ??= why;
      child.kill('SIGKILL');
    },
    rssBytes: () => residentBytes(pid),
  };
}

/**
 * Everything but the service's own settings and keys. Memory on large pages makes two workers side by side 4 % faster. Two pools of the C library's memory instead of eight a processor save 9 to 15 MB
 * at the peak and cost no time (`npm run bench:trials -- --trial process`). A worker does one thing at a time: helper threads for files,
 * decoding and garbage collection would only take processors from other workers; one of each gave 2 to 4 % more pictures a second.
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
    setPriority(pid, niceness);
  } catch {
    // Some containers allow no change of priority; the workers then compete as equals.
  }
}

/** From the system's own books (Linux). */
function residentBytes(pid: number): number | null {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
