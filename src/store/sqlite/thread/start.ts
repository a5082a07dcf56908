import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Fault } from '../../../faults.ts';
import type { BackendOptions } from '../../core/backend.ts';
import { fromPlain, type Reply } from './messages.ts';

/** What a starting thread is watched for. */
export interface ThreadEvents {
  /** Anything it says but that it is open. */
  readonly onReply: (reply: Reply) => void;
  readonly onTrouble: (error: Error) => void;
  readonly onExit: (worker: Worker) => void;
}

/** Opening may have to wait for a migration in another process. */
const OPEN_WITHIN_MS = 30_000;

/**
 * The thread's file. Node runs only built files, so that source files (in tests) start the built one.
 * @throws {Error} when it is not built
 */
function threadFile(): URL {
  const own = new URL(import.meta.url);
  if (!own.pathname.endsWith('.ts')) return new URL('./thread.js', own);
  const built = new URL('../../../../dist/store/sqlite/thread/thread.js', own);
  if (!existsSync(fileURLToPath(built)))
    throw new Error('the store thread is not built: run "npm run build" first');
  return built;
}

/**
 * Start a thread with a backend in it; resolves once that is open.
 * @param program the thread's program; without it the store's own
 * @throws {Fault} `accounts_unavailable` (`store_timeout`, `store_thread_ended`)
 * @throws {Error} what opening the backend throws
 */
export function startThread(
  backend: BackendOptions,
  program: URL | undefined,
  { onReply, onTrouble, onExit }: ThreadEvents,
): Promise<Worker> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program ?? threadFile(), { workerData: { livestillStore: backend } });
    const timer = setTimeout(() => {
      reject(
        new Fault(
          'accounts_unavailable',
          'store_timeout',
          `the store did not open within ${OPEN_WITHIN_MS} ms`,
        ),
      );
      void worker.terminate();
    }, OPEN_WITHIN_MS);
    worker.on('message', (reply: Reply) => {
      if (reply.kind === 'opened') resolve(worker);
      else if (reply.kind === 'failed') reject(fromPlain(reply.error));
      else onReply(reply);
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
      onExit(worker);
    });
  });
}
