import { dedicateImageLibrary } from '../picture/library.ts';
import type { Task } from './messages.ts';
import { createWorkerTasks } from './worker-tasks.ts';

/*
 * The program of a worker process: takes tasks from the service one by one and answers each. It holds no secret and opens
 * no file but the models: whatever a picture does to it, only that picture's request is touched.
 */

dedicateImageLibrary();
const tasks = createWorkerTasks();

process.on('message', async (task: Task) => {
  process.send?.(await (task.kind === 'start' ? tasks.start(task.engine) : tasks.judge(task)));
});

// Ctrl-C and a service manager's stop reach every process of the group: it is the service that ends its workers, after the last answer.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

// The service is gone, however it ended. An orderly exit would wait for a decoder that hangs.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
