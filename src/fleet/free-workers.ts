import { WorkerLost } from './worker-process.ts';

interface Request<W> {
  hand(worker: W): void;
  fail(error: WorkerLost): void;
}

/** Pictures that wait for a worker to become free, first come, first served. */
export class FreeWorkers<W> {
  readonly #timeoutMs: number;
  readonly #requests: Request<W>[] = [];

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  get requested(): boolean {
    return this.#requests.length > 0;
  }

  /**
   * Waits for a worker.
   * @throws {WorkerLost} `worker_missing` when none became free in time; what `failAll` was given
   */
  next(): Promise<W> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#requests.splice(this.#requests.indexOf(request), 1);
        const why = `was to be started, but none was ready in ${this.#timeoutMs} ms`;
        reject(new WorkerLost('worker_missing', why));
      }, this.#timeoutMs);
      const request: Request<W> = {
        hand(worker) {
          clearTimeout(timer);
          resolve(worker);
        },
        fail(error) {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#requests.push(request);
    });
  }

  /** Gives a worker to the one that has waited longest; false when nobody waits. */
  hand(worker: W): boolean {
    const request = this.#requests.shift();
    request?.hand(worker);
    return request !== undefined;
  }

  /** Ends the wait of all. */
  failAll(error: WorkerLost): void {
    for (const request of this.#requests.splice(0)) request.fail(error);
  }
}
