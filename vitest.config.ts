import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';
import { SkippedReporter } from './test/support/skipped-reporter.ts';

const ALL = ['src/**/*.test.ts', 'test/**/*.test.ts', 'web/**/*.test.ts'];
/** Files that end processes at every moment and look at what stays, or register the tests of others, which are registered once a process. */
const ALONE = ['src/store/postgres/contract.test.ts', 'test/{end-to-end,faults}/**/*.test.ts'];

export default defineConfig({
  test: {
    projects: [
      // What a file imports is loaded once a process, not once a file: half of what these files took.
      { extends: true, test: { name: 'shared', include: ALL, exclude: ALONE, isolate: false } },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
    globalSetup: 'test/support/shared-folder.ts',
    // These end what hangs: no test is to fail because its machine is busy.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    // Many files wait for processes, clocks and sockets: with three at a time two cores were busy for 75 of 100 seconds.
    maxWorkers: Math.max(4, availableParallelism() - 1),
    maxConcurrency: 12,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', new SkippedReporter()],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/test-support/**', 'src/**/types.ts'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 90 },
    },
  },
});
