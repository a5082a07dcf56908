import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Backend, type BackendOptions, openBackend } from './backend.ts';
import { type Call, type Reply, toPlain } from './messages.ts';

/** Serve calls from `port` on a backend of its own: the whole life of the store's thread. */
export async function serveStore(port: MessagePort, options: BackendOptions): Promise<void> {
  const send = (reply: Reply): void => port.postMessage(reply);
  let backend: Backend;
  try {
    backend = await openBackend(options, (error) => send({ kind: 'trouble', error: toPlain(error) }));
  } catch (error) {
    send({ kind: 'failed', error: toPlain(error) });
    port.close();
    return;
  }
  port.on('message', ({ id, method, args }: Call) => {
    const work = backend[method] as (...args: readonly unknown[]) => Promise<unknown>;
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
