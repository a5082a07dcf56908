import type { LivenessOptions } from '../engine.ts';
import { FreeWorkers } from './free-workers.ts';
import { megabytes } from './memory.ts';
import type { JudgeAnswer, JudgeTask, StartAnswer, WarmAnswer } from './messages.ts';
import { WorkerLost, type WorkerProcess } from './worker-process.ts';

export interface PoolOptions {
  readonly workers: number;
  /** What every worker's engine is made with. */
  readonly engine: LivenessOptions;
  /**
   * Starts a process as the worker of this number, from 0; a replacement has the number of the one it
   * replaces.
   */
  readonly spawn: (number: number) => WorkerProcess;
  /** A picture that takes longer costs its worker, in ms. */
  readonly judgeTimeoutMs: number;
  /** How long a picture waits while no worker is ready, in ms. */
  readonly readyWithinMs: number;
  /** A worker that takes longer to load its networks and run them once is ended, in ms. */
  readonly startTimeoutMs: number;
  /** Resident memory above which a worker is ended, in bytes; Infinity: never. */
  readonly memoryBytes: number;
  /** Called for workers lost while they were idle, and for those that do not start. */
  readonly onTrouble: (error: Error) => void;
}

/** What is known of one worker. */
export interface WorkerState {
  readonly pid: number;
  /** Resident memory; null where the system does not say. */
  readonly rssBytes: number | null;
  /** Pictures it has answered. */
  readonly judged: number;
}

/** As many worker processes as asked for, each replaced when it is lost. */
export interface Pool {
  /**
   * Starts all workers; the first answer of one of them when every one is warm, or the first failure.
   * @throws {WorkerLost} when a worker ends before it is warm
   */
  start(): Promise<StartAnswer>;
  /**
   * Judges one picture on a free worker.
   * @param onTaken called when there is one
   * @throws {WorkerLost} `worker_crashed`, `worker_stuck`, `worker_memory`, or `worker_missing` when none
   * became free in time
   */
  judge(task: JudgeTask, onTaken?: () => void): Promise<JudgeAnswer>;
  readonly now: readonly WorkerState[];
  /**
   * Workers lost since the start, by reason; `worker_grown` counts those replaced between two pictures for
   * their size.
   */
  readonly lost: Readonly<Record<string, number>>;
  /** Ends all workers at once; pictures being judged are lost. */
  close(): Promise<void>;
}

/** One worker that has been warm. */
interface Member {
  readonly number: number;
  readonly process: WorkerProcess;
  /** Resident memory when it was last read, in bytes. */
  rssBytes: number | null;
  busy: boolean;
  judged: number;
}

/** How often the memory of workers is read, in ms. */
const WATCH_MS = 250;
/** Share of the allowed memory that a worker may keep between two pictures. */
const KEPT_SHARE = 0.75;
/** First and longest pause between attempts to start a worker that does not start, in ms. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

class WorkerPool implements Pool {
  readonly lost: Record<string, number> = {};
  readonly #options: PoolOptions;
  readonly #members = new Set<Member>();
  readonly #starting = new Set<WorkerProcess>();
  readonly #free: FreeWorkers<Member>;
  readonly #watch: NodeJS.Timeout;
  #closing = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#free = new FreeWorkers(options.readyWithinMs);
    this.#watch = setInterval(() => this.#checkMemory(), WATCH_MS);
    this.#watch.unref();
  }

  async start(): Promise<StartAnswer> {
    const numbers = Array.from({ length: this.#options.workers }, (_, number) => number);
    const answers = await Promise.all(numbers.map((number) => this.#startWorker(number)));
    return answers.find((answer) => answer.kind === 'failure') ?? (answers[0] as WarmAnswer);
  }

  async judge(task: JudgeTask, onTaken?: () => void): Promise<JudgeAnswer> {
    const { judgeTimeoutMs } = this.#options;
    const found = this.#free.next();
    this.#handOut();
    const member = await found;
    onTaken?.();
    const timer = setTimeout(
      () => member.process.kill(new WorkerLost('worker_stuck', `gave no answer for ${judgeTimeoutMs} ms`)),
      judgeTimeoutMs,
    );
    try {
      const answer = await member.process.judge(task);
      member.judged++;
      return answer;
    } finally {
      clearTimeout(timer);
      this.#finished(member);
    }
  }

  get now(): readonly WorkerState[] {
    return [...this.#members].map(({ process, rssBytes, judged }) => ({
      pid: process.pid,
      rssBytes,
      judged,
    }));
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#watch);
    const ended = new WorkerLost('worker_crashed', 'was ended with the service');
    this.#free.failAll(ended);
    const processes = [...[...this.#members].map((member) => member.process), ...this.#starting];
    for (const process of processes) process.kill(ended);
    await Promise.all(processes.map((process) => process.ended));
  }

  /** Starts the worker of this number; its answer when it is warm, or its failure. */
  async #startWorker(number: number): Promise<StartAnswer> {
    const { engine, spawn, startTimeoutMs } = this.#options;
    const process = spawn(number);
    this.#starting.add(process);
    const timer = setTimeout(
      () => process.kill(new WorkerLost('worker_stuck', `was not ready in ${startTimeoutMs} ms`)),
      startTimeoutMs,
    );
    const answer = await process.start(engine).finally(() => {
      clearTimeout(timer);
      this.#starting.delete(process);
    });
    if (answer.kind === 'failure' || this.#closing) {
      process.kill(new WorkerLost('worker_crashed', 'was ended'));
      return answer;
    }
    const member: Member = { number, process, rssBytes: process.rssBytes(), busy: false, judged: 0 };
    this.#members.add(member);
    void process.ended.then((why) => this.#ended(member, why));
    this.#handOut();
    return answer;
  }

  #ended(member: Member, why: WorkerLost): void {
    if (!this.#members.delete(member) || this.#closing) return;
    this.#count(why.reason);
    // One lost with a picture is reported by the caller that gave it the picture.
    if (!member.busy) {
      const text = `A worker ${why.message} with nothing to do and was replaced.`;
      this.#options.onTrouble(new WorkerLost(why.reason, text));
    }
    void this.#replace(member.number);
  }

  async #replace(number: number): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !this.#closing; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const failure = await this.#startWorker(number).then(
        (answer) => (answer.kind === 'failure' ? answer.message : null),
        (error: WorkerLost) => `it ${error.message}`,
      );
      if (failure === null || this.#closing) return;
      const text = `A worker could not be replaced: ${failure}. Next attempt in ${pause} ms.`;
      this.#options.onTrouble(new WorkerLost('worker_missing', text));
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
    }
  }

  #handOut(): void {
    for (const member of this.#members) {
      if (!this.#free.requested) return;
      if (member.busy || !member.process.alive) continue;
      member.busy = true;
      this.#free.hand(member);
    }
  }

  #finished(member: Member): void {
    if (!member.process.alive || this.#replacedForSize(member)) return;
    member.busy = false;
    this.#handOut();
  }

  #checkMemory(): void {
    const { memoryBytes } = this.#options;
    for (const member of [...this.#members]) {
      member.rssBytes = member.process.rssBytes();
      if (!member.busy) this.#replacedForSize(member);
      else if (this.#exceeds(member, 1)) {
        const what = `took ${megabytes(member.rssBytes ?? 0)} MB (${megabytes(memoryBytes)} MB are allowed)`;
        member.process.kill(new WorkerLost('worker_memory', what));
      }
    }
  }

  /**
   * Replaces a worker that has kept too much memory between two pictures; one at a time, so that the others
   * carry on.
   */
  #replacedForSize(member: Member): boolean {
    if (this.#starting.size > 0 || this.#closing || !this.#exceeds(member, KEPT_SHARE)) return false;
    // What was read last may have been a picture's own, gone by now.
    member.rssBytes = member.process.rssBytes();
    if (!this.#exceeds(member, KEPT_SHARE)) return false;
    this.#members.delete(member);
    this.#count('worker_grown');
    member.process.kill(new WorkerLost('worker_memory', 'was replaced for its size'));
    void this.#replace(member.number);
    return true;
  }

  #exceeds({ rssBytes }: Member, share: number): boolean {
    return (rssBytes ?? 0) > share * this.#options.memoryBytes;
  }

  #count(reason: string): void {
    this.lost[reason] = (this.lost[reason] ?? 0) + 1;
  }
}

/** A pool whose workers are not started yet. */
export function createPool(options: PoolOptions): Pool {
  return new WorkerPool(options);
}
