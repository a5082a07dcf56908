import { Command, CommanderError } from 'commander';
import { UsageError } from '../faults.ts';
import { nativeTrouble } from '../native-library.ts';
import { EXIT_STATUS } from './shared/exit-status.ts';
import { print, say } from './shared/printable.ts';
import { createProgram, refuseUnknownWords } from './shared/program.ts';

function sayError(error: unknown): void {
  const message = nativeTrouble(error) ?? (error instanceof Error ? error.message : String(error));
  say(`livestill: ${message}\n`);
}

// A reader that has seen enough (`livestill score … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  sayError(error);
  process.exit(EXIT_STATUS.failed);
});
// Where nobody reads what is said, or it cannot be kept, there is nobody left to tell.
process.stderr.on('error', () => {});

try {
  const program = await createProgram(
    new Command().configureOutput({ writeOut: print, writeErr: say }),
    process.argv.slice(2),
  );
  if (process.argv.some((word) => ['--help', '-h', 'help'].includes(word))) {
    refuseUnknownWords(program, process.argv.slice(2));
  }
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT_STATUS.ok : EXIT_STATUS.wrongUse;
  } else {
    sayError(error);
    process.exitCode = error instanceof UsageError ? EXIT_STATUS.wrongUse : EXIT_STATUS.failed;
  }
}
