import type { Worker } from 'node:worker_threads';
import { Fault } from '../../../faults.ts';
import type { Backend } from '../../core/backend.ts';
import type { CallWatch } from '../../core/call-watch.ts';
import { CALLS, type Call, fromPlain, type Reply } from './messages.ts';

interface Pending {
  readonly target: Worker;
  readonly method: keyof Backend;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
  /** Says that it has ended, and by what it failed. */
  readonly ended: (error?: unknown) => void;
}

/** The calls that a thread was sent and has not answered. */
export class PendingCalls {
  readonly #answerWithinMs: number;
  readonly #watch: CallWatch | undefined;
  readonly #pending = new Map<number, Pending>();
  /** Calls of the same moment go as one message: waking the other thread costs more than the call. */
  readonly #leaving = new Map<Worker, Call[]>();
  #lastId = 0;

  /**
   * @param answerWithinMs after how long a call is given up
   * @param watch sees each call
   */
  constructor(answerWithinMs: number, watch?: CallWatch) {
    this.#answerWithinMs = answerWithinMs;
    this.#watch = watch;
  }

  /**
   * @throws {Fault} `accounts_unavailable` or `state_unavailable` (`store_timeout`, `store_thread_ended`)
   * @throws {Error} what the backend throws
   */
  send(target: Worker, method: keyof Backend, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#lastId += 1;
      const id = this.#lastId;
      const timer = setTimeout(() => this.#late(id), this.#answerWithinMs);
      const ended = this.#watch?.begin() ?? (() => {});
      this.#pending.set(id, { target, method, resolve, reject, timer, ended });
      this.#post(target, { id, method, args });
    });
  }

  /** Takes an answer to where it was asked for. One that comes too late is dropped. */
  receive(reply: Extract<Reply, { readonly kind: 'answer' | 'refusal' }>): void {
    const one = this.#settled(reply.id);
    if (one === undefined) return;
    if (reply.kind === 'answer') {
      one.ended();
      one.resolve(reply.value);
    } else fail(one, fromPlain(reply.error));
  }

  /** Gives up everything that an ended thread has not answered. */
  giveUp(worker: Worker): void {
    for (const [id, { method, target }] of [...this.#pending]) {
      if (target !== worker) continue;
      const one = this.#settled(id);
      const text = 'the store thread ended while it worked on this';
      if (one !== undefined) fail(one, new Fault(CALLS[method], 'store_thread_ended', text));
    }
  }

  #late(id: number): void {
    const one = this.#settled(id);
    if (one === undefined) return;
    const { method } = one;
    const message = `the store did not answer ${method} within ${this.#answerWithinMs} ms`;
    fail(one, new Fault(CALLS[method], 'store_timeout', message));
  }

  #settled(id: number): Pending | undefined {
    const one = this.#pending.get(id);
    if (one === undefined) return undefined;
    this.#pending.delete(id);
    clearTimeout(one.timer);
    return one;
  }

  #post(target: Worker, call: Call): void {
    const waiting = this.#leaving.get(target);
    if (waiting !== undefined) {
      waiting.push(call);
      return;
    }
    const first = [call];
    this.#leaving.set(target, first);
    queueMicrotask(() => {
      this.#leaving.delete(target);
      target.postMessage(first);
    });
  }
}

function fail(call: Pending, error: Error): void {
  call.ended(error);
  call.reject(error);
}
