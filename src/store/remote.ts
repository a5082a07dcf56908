import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Fault, UsageError } from '../faults.ts';
import type { Backend, BackendOptions } from './backend.ts';
import { storeFault } from './database.ts';
import { type Call, calls, fromPlain, type Reply } from './messages.ts';
import type { Migrated } from './migration-copy.ts';

/** How a backend in another thread is reached. */
export interface RemoteOptions {
  readonly backend: BackendOptions;
  /** After how long a call is given up, in ms. */
  readonly answerWithinMs: number;
  readonly onTrouble: (error: Error) => void;
  readonly onMigrated?: ((migrated: Migrated) => void) | undefined;
  /** The thread's program; a test brings one that misbehaves. */
  readonly program?: URL;
}

interface Pending {
  readonly target: Worker;
  readonly method: keyof Backend;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** How long after a failed opening the next one is tried, in ms. */
const retryAfterMs = 200;
/** Opening may have to wait for a migration in another process. */
const openWithinMs = 30_000;

/**
 * The thread's file. Node runs only built files, so that source files (in tests) start the built one.
 */
function threadFile(): URL {
  const own = new URL(import.meta.url);
  if (!own.pathname.endsWith('.ts')) return new URL('./thread.js', own);
  const built = new URL('../../dist/store/thread.js', own);
  if (!existsSync(fileURLToPath(built)))
    throw new Error('the store thread is not built: run "npm run build" first');
  return built;
}

/**
 * A backend in a thread of its own, which is started again when it ends unasked. Calls without an answer in time reject
 * with a Fault `accounts_unavailable` or `state_unavailable` (`store_timeout`), those a dying thread leaves behind with `store_thread_ended`; whether a change
 * among them was made is then not known.
 */
export async function openRemoteBackend(options: RemoteOptions): Promise<Backend> {
  const { answerWithinMs, onTrouble } = options;
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let closing = false;
  let live: Promise<Worker> | null = null;

  /** Calls of the same moment go as one message: waking the other thread costs more than the call. */
  const leaving = new Map<Worker, Call[]>();
  function post(target: Worker, call: Call): void {
    const calls = leaving.get(target);
    if (calls !== undefined) {
      calls.push(call);
      return;
    }
    const first = [call];
    leaving.set(target, first);
    queueMicrotask(() => {
      leaving.delete(target);
      target.postMessage(first);
    });
  }

  function settle(id: number, act: (one: Pending) => void): void {
    const one = pending.get(id);
    if (one === undefined) return;
    pending.delete(id);
    clearTimeout(one.timer);
    act(one);
  }

  function ended(starting: Promise<Worker>, worker: Worker): void {
    if (live === starting) live = null;
    for (const [id, { method, target }] of [...pending]) {
      if (target !== worker) continue;
      settle(id, ({ reject }) =>
        reject(
          new Fault(calls[method], 'store_thread_ended', 'the store thread ended while it worked on this'),
        ),
      );
    }
  }

  function receive(reply: Reply): void {
    if (reply.kind === 'several') for (const one of reply.replies) receive(one);
    else if (reply.kind === 'answer') settle(reply.id, ({ resolve }) => resolve(reply.value));
    else if (reply.kind === 'refusal') settle(reply.id, ({ reject }) => reject(fromPlain(reply.error)));
    else if (reply.kind === 'migrated') options.onMigrated?.(reply.migrated);
    else if (reply.kind === 'trouble') onTrouble(fromPlain(reply.error));
  }

  function start(backend: BackendOptions): Promise<Worker> {
    const starting: Promise<Worker> = new Promise((resolve, reject) => {
      const worker = new Worker(options.program ?? threadFile(), { workerData: { livestillStore: backend } });
      const timer = setTimeout(() => {
        reject(
          new Fault(
            'accounts_unavailable',
            'store_timeout',
            `the store did not open within ${openWithinMs} ms`,
          ),
        );
        void worker.terminate();
      }, openWithinMs);
      worker.on('message', (reply: Reply) => {
        if (reply.kind === 'opened') resolve(worker);
        else if (reply.kind === 'failed') reject(fromPlain(reply.error));
        else if (reply.kind === 'ending') live = live === starting ? null : live;
        else receive(reply);
        // What the backup before a migration takes depends on the file: it is not given up half-way.
        if (reply.kind === 'opened' || reply.kind === 'failed' || reply.kind === 'migrating') {
          clearTimeout(timer);
        }
      });
      worker.on('error', (error) => {
        reject(error);
        onTrouble(new Error('the store thread failed; it is started again', { cause: error }));
      });
      worker.on('exit', () => {
        clearTimeout(timer);
        reject(
          new Fault(
            'accounts_unavailable',
            'store_thread_ended',
            'the store thread ended while it was opening',
          ),
        );
        ended(starting, worker);
      });
    });
    return starting;
  }

  function worker(): Promise<Worker> {
    if (live !== null) return live;
    // Only the first start may make a data folder: later a missing one is trouble, not a wish.
    const next = start({ ...options.backend, create: false });
    live = next;
    // A failure stands for a moment, so that many calls do not each start a thread.
    next.catch(() => setTimeout(() => (live = live === next ? null : live), retryAfterMs).unref());
    return next;
  }

  async function call(method: keyof Backend, args: readonly unknown[]): Promise<unknown> {
    if (closing && method !== 'close') throw new Fault(calls[method], 'store_closed', 'the store was closed');
    const target = await worker().catch((error: unknown) => {
      throw error instanceof UsageError
        ? new Fault(calls[method], 'store_missing', error.message)
        : storeFault(calls[method], error);
    });
    return new Promise((resolve, reject) => {
      lastId += 1;
      const id = lastId;
      const late = () =>
        new Fault(
          calls[method],
          'store_timeout',
          `the store did not answer ${method} within ${answerWithinMs} ms`,
        );
      const timer = setTimeout(() => settle(id, (one) => one.reject(late())), answerWithinMs);
      pending.set(id, { target, method, resolve, reject, timer });
      post(target, { id, method, args });
    });
  }

  live = start(options.backend);
  await live;
  const methods = Object.keys(calls).map((name) => {
    const method = name as keyof Backend;
    return [method, (...args: readonly unknown[]) => call(method, args)];
  });
  const remote = Object.fromEntries(methods) as Backend;
  return {
    ...remote,
    async close() {
      if (closing) return;
      closing = true;
      const target = await live?.catch(() => null);
      if (target === null || target === undefined) return;
      await call('close', []).catch((error: unknown) => onTrouble(error as Error));
      await target.terminate();
    },
  };
}
