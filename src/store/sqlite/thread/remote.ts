import type { Worker } from 'node:worker_threads';
import { Fault, UsageError } from '../../../faults.ts';
import type { Backend, BackendOptions } from '../../core/backend.ts';
import type { CallWatch } from '../../core/call-watch.ts';
import type { Migrated } from '../../core/migrated.ts';
import { storeFault } from '../faults.ts';
import { CALLS, fromPlain, type Reply } from './messages.ts';
import { PendingCalls } from './pending-calls.ts';
import { startThread } from './start.ts';

/** How a backend in another thread is reached. */
export interface RemoteOptions {
  readonly backend: BackendOptions;
  /** After how long a call is given up, in ms. */
  readonly answerWithinMs: number;
  readonly onTrouble: (error: Error) => void;
  readonly onMigrated?: ((migrated: Migrated) => void) | undefined;
  /** Sees each call. */
  readonly watch?: CallWatch | undefined;
  /** The thread's program; a test brings one that misbehaves. */
  readonly program?: URL;
}

/** How long after a failed opening the next one is tried, in ms. */
const RETRY_AFTER_MS = 200;

/** The thread that the calls go to: started at once, and again when it ended unasked. */
class StoreThread {
  readonly #options: RemoteOptions;
  readonly #pending: PendingCalls;
  #live: Promise<Worker> | null = null;
  #closing = false;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#pending = new PendingCalls(options.answerWithinMs, options.watch);
  }

  async open(): Promise<void> {
    this.#live = this.#start(this.#options.backend);
    await this.#live;
  }

  async call(method: keyof Backend, args: readonly unknown[]): Promise<unknown> {
    if (this.#closing && method !== 'close') {
      throw new Fault(CALLS[method], 'store_closed', 'the store was closed');
    }
    const target = await this.#worker().catch((error: unknown) => {
      throw error instanceof UsageError
        ? new Fault(CALLS[method], 'store_missing', error.message)
        : storeFault(CALLS[method], error);
    });
    return this.#pending.send(target, method, args);
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const target = await this.#live?.catch(() => null);
    if (target === null || target === undefined) return;
    await this.call('close', []).catch((error: unknown) => this.#options.onTrouble(error as Error));
    await target.terminate();
  }

  #worker(): Promise<Worker> {
    if (this.#live !== null) return this.#live;
    // Only the first start may make a data folder: later a missing one is trouble, not a wish.
    const next = this.#start({ ...this.#options.backend, create: false });
    this.#live = next;
    // A failure stands for a moment, so that many calls do not each start a thread.
    next.catch(() => setTimeout(() => this.#forget(next), RETRY_AFTER_MS).unref());
    return next;
  }

  #start(backend: BackendOptions): Promise<Worker> {
    const starting: Promise<Worker> = startThread(backend, this.#options.program, {
      onReply: (reply) => (reply.kind === 'ending' ? this.#forget(starting) : this.#receive(reply)),
      onTrouble: this.#options.onTrouble,
      onExit: (worker) => {
        this.#forget(starting);
        this.#pending.giveUp(worker);
      },
    });
    return starting;
  }

  #forget(thread: Promise<Worker>): void {
    if (this.#live === thread) this.#live = null;
  }

  #receive(reply: Reply): void {
    if (reply.kind === 'several') for (const one of reply.replies) this.#receive(one);
    else if (reply.kind === 'answer' || reply.kind === 'refusal') this.#pending.receive(reply);
    else if (reply.kind === 'migrated') this.#options.onMigrated?.(reply.migrated);
    else if (reply.kind === 'trouble') this.#options.onTrouble(fromPlain(reply.error));
  }
}

/**
 * A backend in a thread of its own, which is started again when it ends unasked. Calls without an answer in
 * time reject with a Fault `accounts_unavailable` or `state_unavailable` (`store_timeout`), those a dying
 * thread leaves behind with `store_thread_ended`; whether a change among them was made is then not known.
 * @throws {Fault} `accounts_unavailable` (`store_…`, `master_key_…`), as the backend's opening does
 * @throws {UsageError} as the backend's opening does
 */
export async function openRemoteBackend(options: RemoteOptions): Promise<Backend> {
  const thread = new StoreThread(options);
  await thread.open();
  const methods = Object.keys(CALLS).map((name) => {
    const method = name as keyof Backend;
    return [method, (...args: readonly unknown[]) => thread.call(method, args)];
  });
  return { ...(Object.fromEntries(methods) as Backend), close: () => thread.close() };
}
