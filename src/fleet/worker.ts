import { dedicateImageLibrary } from '../picture/decode/library.ts';
import { collectGarbageLater } from './garbage.ts';
import type { Message } from './messages.ts';
import { createPictureInput } from './picture-input.ts';
import { createWorkerTasks } from './worker-tasks.ts';

/*
 * The program of a worker process: takes tasks from the service one by one and answers each. It holds no
 * secret and opens no file but the models: whatever a picture does to it, only that picture's request is
 * touched.
 */

dedicateImageLibrary();
collectGarbageLater(400);
const tasks = createWorkerTasks();

const input = createPictureInput(0);

process.on('message', async (message: Message) => {
  if (message.kind === 'start') {
    process.send?.(await tasks.start(message.engine));
    return;
  }
  const { kind: _, bytes, ...task } = message;
  process.send?.(await tasks.judge({ picture: await input.take(bytes), ...task }));
});

// Ctrl-C and a service manager's stop reach every process of the group: it is the service that ends its
// workers, after the last answer.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

// The service is gone, however it ended. An orderly exit would wait for a decoder that hangs.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
