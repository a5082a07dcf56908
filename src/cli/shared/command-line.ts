import { Command, CommanderError } from 'commander';
import { UsageError } from '../../faults.ts';
import { nativeTrouble } from '../../native-library.ts';
import { EXIT_STATUS } from './exit-status.ts';
import { print, say } from './printable.ts';
import { createProgram, refuseUnknownWords } from './program.ts';

/** Says on standard error what went wrong, in one line that begins with the program's name. */
export function sayError(error: unknown): void {
  const message = nativeTrouble(error) ?? (error instanceof Error ? error.message : String(error));
  say(`livestill: ${message}\n`);
}

/**
 * Runs the command that `args` name, the words after the program's own name. The exit status is left in
 * `process.exitCode`, whatever became of the command: a failure is said on standard error and not thrown.
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    const program = await createProgram(
      new Command().configureOutput({ writeOut: print, writeErr: say }),
      args,
    );
    if (args.some((word) => ['--help', '-h', 'help'].includes(word))) refuseUnknownWords(program, args);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT_STATUS.ok : EXIT_STATUS.wrongUse;
    } else {
      sayError(error);
      process.exitCode = error instanceof UsageError ? EXIT_STATUS.wrongUse : EXIT_STATUS.failed;
    }
  }
}
