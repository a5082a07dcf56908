import type { LivenessOptions } from '../engine.ts';
import { megabytes } from './memory.ts';
import type { JudgeAnswer, JudgeTask, StartAnswer, WarmAnswer } from './messages.ts';
import { WorkerLost, type WorkerProcess } from './worker-process.ts';

export interface PoolOptions {
  readonly workers: number;
  /** What every worker's engine is made with. */
  readonly engine: LivenessOptions;
  /** Starts a process for a place: 0 up to the number of workers, each taken by one worker at a time. */
  readonly spawn: (place: number) => WorkerProcess;
  /** A picture that takes longer costs its worker, in ms. */
  readonly judgeTimeoutMs: number;
  /** A worker that takes longer to load its networks and run them once is ended, in ms. */
  readonly startTimeoutMs: number;
  /** Resident memory above which a worker is ended, in bytes; Infinity: never. */
  readonly memoryBytes: number;
  /** Told of workers lost without a picture in their hands, and of those that do not start. */
  readonly onTrouble: (error: Error) => void;
}

/** What is known of one worker. */
export interface WorkerState {
  readonly pid: number;
  /** Resident memory; null where the system keeps no such books. */
  readonly rssBytes: number | null;
  /** Pictures it has answered. */
  readonly judged: number;
}

/** As many worker processes as asked for, each replaced when it is lost. */
export interface Pool {
  /**
   * Starts all workers; the first answer of one of them when every one is warm, or the first failure.
   * @throws WorkerLost
   */
  start(): Promise<StartAnswer>;
  /**
   * Judges one picture on a free worker.
   * @throws WorkerLost `worker_crashed`, `worker_stuck`, `worker_memory`, or `worker_missing` when none became free in time
   */
  judge(task: JudgeTask): Promise<JudgeAnswer>;
  readonly now: readonly WorkerState[];
  /** Workers lost since the start, by reason; `worker_grown` counts those replaced between two pictures for their size. */
  readonly lost: Readonly<Record<string, number>>;
  /** Ends all workers at once; pictures in their hands are lost. */
  close(): Promise<void>;
}

/** One worker that has been warm. */
interface Member {
  /** Its replacement takes the same one. */
  readonly place: number;
  readonly process: WorkerProcess;
  /** Resident memory when it was last looked at, in bytes. */
  rssBytes: number | null;
  busy: boolean;
  judged: number;
}

/** How often the memory of workers is looked at, in ms. */
const watchMs = 250;
/** Share of the allowed memory that a worker may keep between two pictures. */
const keptShare = 0.75;
/** First and longest pause between attempts to start a worker that does not start, in ms. */
const pauses = [250, 10_000] as const;

export function createPool(options: PoolOptions): Pool {
  const { engine, spawn, judgeTimeoutMs, startTimeoutMs, memoryBytes, onTrouble } = options;
  const members = new Set<Member>();
  const starting = new Set<WorkerProcess>();
  const waiting: { take(member: Member): void; drop(error: WorkerLost): void }[] = [];
  const lost: Record<string, number> = {};
  let closing = false;

  const count = (reason: string) => {
    lost[reason] = (lost[reason] ?? 0) + 1;
  };

  const giveOut = () => {
    for (const member of members) {
      if (member.busy || !member.process.alive) continue;
      const next = waiting.shift();
      if (next === undefined) return;
      member.busy = true;
      next.take(member);
    }
  };

  /** A worker for this place, warm; or its failure. */
  const enrol = async (place: number): Promise<StartAnswer> => {
    const process = spawn(place);
    starting.add(process);
    const timer = setTimeout(
      () => process.kill(new WorkerLost('worker_stuck', `was not ready in ${startTimeoutMs} ms`)),
      startTimeoutMs,
    );
    const answer = await process.start(engine).finally(() => {
      clearTimeout(timer);
      starting.delete(process);
    });
    if (answer.kind === 'failure' || closing) {
      process.kill(new WorkerLost('worker_crashed', 'was ended'));
      return answer;
    }
    const member: Member = { place, process, rssBytes: process.rssBytes(), busy: false, judged: 0 };
    members.add(member);
    void process.ended.then((why) => {
      if (!members.delete(member) || closing) return;
      count(why.reason);
      // One with a picture in its hands is told of by whoever gave it that picture.
      if (!member.busy)
        onTrouble(new WorkerLost(why.reason, `A worker ${why.message} with nothing to do and was replaced.`));
      void replace(place);
    });
    giveOut();
    return answer;
  };

  const replace = async (place: number): Promise<void> => {
    for (let pause: number = pauses[0]; !closing; pause = Math.min(pause * 2, pauses[1])) {
      const failure = await enrol(place).then(
        (answer) => (answer.kind === 'failure' ? answer.message : null),
        (error: WorkerLost) => `it ${error.message}`,
      );
      if (failure === null || closing) return;
      onTrouble(
        new WorkerLost(
          'worker_missing',
          `A worker could not be replaced: ${failure}. Next attempt in ${pause} ms.`,
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
    }
  };

  const take = (): Promise<Member> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(
          new WorkerLost('worker_missing', `was to be started, but none was ready in ${judgeTimeoutMs} ms`),
        );
      }, judgeTimeoutMs);
      const waiter = {
        take(member: Member) {
          clearTimeout(timer);
          resolve(member);
        },
        drop(error: WorkerLost) {
          clearTimeout(timer);
          reject(error);
        },
      };
      waiting.push(waiter);
      giveOut();
    });

  /** Replaces a worker that has kept too much memory between two pictures; never two at a time, so that the others carry on. */
  const replaced = (member: Member): boolean => {
    if (starting.size > 0 || closing || !isOver(member, keptShare)) return false;
    // What was seen last may have been a picture's own, gone by now.
    member.rssBytes = member.process.rssBytes();
    if (!isOver(member, keptShare)) return false;
    members.delete(member);
    count('worker_grown');
    member.process.kill(new WorkerLost('worker_memory', 'was replaced for its size'));
    void replace(member.place);
    return true;
  };

  const isOver = ({ rssBytes }: Member, share: number) => (rssBytes ?? 0) > share * memoryBytes;

  const giveBack = (member: Member) => {
    if (!member.process.alive || replaced(member)) return;
    member.busy = false;
    giveOut();
  };

  const watch = setInterval(() => {
    for (const member of [...members]) {
      member.rssBytes = member.process.rssBytes();
      if (!member.busy) replaced(member);
      else if (isOver(member, 1)) {
        const what = `took ${megabytes(member.rssBytes ?? 0)} MB (${megabytes(memoryBytes)} MB are allowed)`;
        member.process.kill(new WorkerLost('worker_memory', what));
      }
    }
  }, watchMs);
  watch.unref();

  return {
    async start() {
      const answers = await Promise.all(Array.from({ length: options.workers }, (_, place) => enrol(place)));
      return answers.find((answer) => answer.kind === 'failure') ?? (answers[0] as WarmAnswer);
    },
    async judge(task) {
      const member = await take();
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
        giveBack(member);
      }
    },
    get now() {
      return [...members].map(({ process, rssBytes, judged }) => ({ pid: process.pid, rssBytes, judged }));
    },
    lost,
    async close() {
      closing = true;
      clearInterval(watch);
      const gone = new WorkerLost('worker_crashed', 'was ended with the service');
      for (const waiter of waiting.splice(0)) waiter.drop(gone);
      const processes = [...[...members].map((member) => member.process), ...starting];
      for (const process of processes) process.kill(gone);
      await Promise.all(processes.map((process) => process.ended));
    },
  };
}
