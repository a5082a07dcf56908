import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Files that take longest, the longest first: one that begins last keeps a processor idle while it ends. */
const LONGEST = [
  'test/faults/kill-server.test.ts',
  'test/end-to-end/batch.test.ts',
  'test/faults/download-matrix.test.ts',
  'test/faults/store-failures.test.ts',
  'test/faults/pictures-fleet.test.ts',
  'test/faults/workers-killed.test.ts',
  'test/faults/pipelining.test.ts',
  'test/faults/backup-kill.test.ts',
  'test/faults/fuzz-pictures.test.ts',
  'test/faults/prepare.test.ts',
  'test/faults/contacts-nothing.test.ts',
  'test/faults/ledger-kill.test.ts',
  'src/store/postgres/contract.test.ts',
  'src/fleet/workers-lost.test.ts',
  'test/browser/console.test.ts',
  'test/browser/console-tools.test.ts',
  'test/browser/console-accounts.test.ts',
  'test/browser/console-apps.test.ts',
  'test/browser/camera-hints.test.ts',
  'test/docs-run.test.ts',
];

const rank = ({ moduleId, project }: TestSpecification): number => {
  // One after the other: a process that files share ends where a file that needs its own comes next.
  const later = project.config.isolate ? 0 : LONGEST.length + 1;
  const at = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
  return later + (at === -1 ? LONGEST.length : at);
};

/**
 * The order of test files: those with a process of their own, then those that share one; of each those known to
 * take longest, then as vitest orders them, which on a fresh clone knows no times and goes by the size of files.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}
