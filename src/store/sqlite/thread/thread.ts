import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Backend, BackendOptions } from '../../core/backend.ts';
import { openBackend } from '../open.ts';
import { type Call, type Calls, type Reply, toPlain } from './messages.ts';

/** Serve calls from `port` on a backend of its own: the whole life of the store's thread. */
export async function serveStore(port: MessagePort, options: BackendOptions): Promise<void> {
  const send = (reply: Reply): void => port.postMessage(reply);
  let leaving: Reply[] = [];
  /** Answers of the same moment go as one message. */
  const answer = (reply: Reply): void => {
    if (leaving.push(reply) > 1) return;
    setImmediate(flush);
  };
  const flush = () => {
    const replies = leaving;
    leaving = [];
    if (replies.length > 0) send(replies.length === 1 ? (replies[0] as Reply) : { kind: 'several', replies });
  };
  let backend: Backend | undefined;
  try {
    backend = await openBackend(options, {
      onTrouble: (error) => send({ kind: 'trouble', error: toPlain(error) }),
      onMigrating: () => send({ kind: 'migrating' }),
      onMigrated: (migrated) => send({ kind: 'migrated', migrated }),
      // A new thread starts clean; this one finishes what it has, then ends with its port.
      onBroken: () => {
        send({ kind: 'ending' });
        setImmediate(
          () =>
            void backend?.close().finally(() => {
              flush();
              port.close();
            }),
        );
      },
    });
  } catch (error) {
    send({ kind: 'failed', error: toPlain(error) });
    port.close();
    return;
  }
  const open = backend;
  const serve = ({ id, method, args }: Call) => {
    const work = open[method] as (...args: readonly unknown[]) => Promise<unknown>;
    work(...args).then(
      (value) => {
        answer({ kind: 'answer', id, value });
        if (method !== 'close') return;
        flush();
        port.close();
      },
      (error: unknown) => answer({ kind: 'refusal', id, error: toPlain(error) }),
    );
  };
  port.on('message', (calls: Calls) => {
    for (const call of calls) serve(call);
  });
  send({ kind: 'opened' });
}

if (
  parentPort !== null &&
  (workerData as { livestillStore?: BackendOptions } | null)?.livestillStore !== undefined
) {
  void serveStore(parentPort, (workerData as { livestillStore: BackendOptions }).livestillStore);
}
