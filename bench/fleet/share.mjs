import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the control groups that limit processor time, and whether they are of the second kind. */
function place() {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return { folder: '/sys/fs/cgroup', isSecond: true };
  if (existsSync('/sys/fs/cgroup/cpu/tasks')) return { folder: '/sys/fs/cgroup/cpu', isSecond: false };
  throw new Error('no control group for processor time: this part needs Linux and root');
}

const period = 100_000;

/** Holds a process and all its children to a share of one processor. @returns a function that lets go */
export function limitTo(pid, share, name) {
  const { folder, isSecond } = place();
  const group = join(folder, `livestill-bench-${process.pid}-${name}`);
  mkdirSync(group);
  const quota = Math.round(period * share);
  if (isSecond) writeFileSync(join(group, 'cpu.max'), `${quota} ${period}`);
  else {
    writeFileSync(join(group, 'cpu.cfs_period_us'), String(period));
    writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quota));
  }
  for (const one of family(pid)) writeFileSync(join(group, 'cgroup.procs'), String(one));
  return () => {
    try {
      rmdirSync(group);
    } catch {
      // Something still runs in it; the group goes with the next start of the machine.
    }
  };
}

function family(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const children = tasks.flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(family)];
}
