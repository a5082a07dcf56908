import type { LeftOutTally } from '../../picture/left-out.ts';
import { EXIT_STATUS } from './exit-status.ts';
import { say } from './printable.ts';

/** Says on standard error what was left out; sets exit status 1 where it might have been pictures. */
export function tellLeftOut(leftOut: LeftOutTally): void {
  const { lines, unreadable } = leftOut.counts();
  for (const line of lines) say(`livestill: ${line}\n`);
  if (unreadable > 0) process.exitCode = EXIT_STATUS.failed;
}
