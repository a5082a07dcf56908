import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Backend, type BackendOptions, openBackend } from './backend.ts';
import { type Call, type Reply, toPlain } from './messages.ts';

/** Serve calls from `port` on a backend of its own: the whole life of the store's thread. */
export async function serveStore(port: MessagePort, options: BackendOptions): Promise<void> {
  const send = (reply: Reply): void => port.postMessage(reply);
  let backend: Backend | undefined;
  try {
    backend = await openBackend(options, {
      onTrouble: (error) => send({ kind: 'trouble', error: toPlain(error) }),
      // A new thread starts clean; this one finishes what it has, then ends with its port.
      onBroken: () => {
        send({ kind: 'ending' });
        setImmediate(() => void backend?.close().finally(() => port.close()));
      },
    });
  } catch (error) {
    send({ kind: 'failed', error: toPlain(error) });
    port.close();
    return;
  }
  const open = backend;
  port.on('message', ({ id, method, args }: Call) => {
    const work = open[method] as (...args: readonly unknown[]) => Promise<unknown>;
    work(...args).then(
      (value) => {
        send({ kind: 'answer', id, value });
        if (method === 'close') port.close();
      },
      (error: unknown) => send({ kind: 'refusal', id, error: toPlain(error) }),
    );
  });
  send({ kind: 'opened' });
}

if (
  parentPort !== null &&
  (workerData as { livestillStore?: BackendOptions } | null)?.livestillStore !== undefined
) {
  await serveStore(parentPort, (workerData as { livestillStore: BackendOptions }).livestillStore);
}
