import type { Reporter, TestModule, Vitest } from 'vitest/node';
import { SKIPPED } from './only-where.ts';

/**
 * Ends a run of tests with each skipped test and its reason, so that nothing is left out silently.
 * Tests that a filter of the command line left out are not listed.
 */
export class SkippedReporter implements Reporter {
  #isFiltered = false;

  onInit(vitest: Vitest): void {
    this.#isFiltered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines: string[] = [];
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const { fullName } = test;
        const note =
          test.result().state === 'skipped' ? (test.result() as { note?: string }).note : undefined;
        if (note === undefined && !fullName.includes(SKIPPED)) {
          if (test.options.mode === 'skip' && !this.#isFiltered)
            lines.push(`${module.relativeModuleId}: ${fullName} (no reason given)`);
          continue;
        }
        lines.push(
          `${module.relativeModuleId}: ${fullName}${note === undefined ? '' : ` (${SKIPPED}${note})`}`,
        );
      }
    }
    if (lines.length > 0)
      process.stdout.write(`\nSkipped here, ${lines.length} in all:\n  ${lines.join('\n  ')}\n`);
  }
}
