/** Memory of a batch as the system sees it. */
import { readFileSync } from 'node:fs';

/** MB: resident memory of a process now, its highest so far, and now together with the processes it has started. */
export function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const value = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const below = children.map((child) => {
    try {
      return memoryOf(child).all;
    } catch {
      return 0;
    }
  });
  const main = value('VmRSS');
  return { main, peak: value('VmHWM'), all: main + below.reduce((a, b) => a + b, 0) };
}
