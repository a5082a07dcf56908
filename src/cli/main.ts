import { Command, CommanderError } from 'commander';
import { UsageError } from '../faults.ts';
import { nativeTrouble } from '../native-library.ts';
import { print, say } from './shared/printable.ts';
import { createProgram, refuseUnknownWords } from './shared/program.ts';

/** Exit status for wrong use: an unknown option or command, a missing argument, a bad value. */
const WRONG_USE = 2;

function sayError(error: unknown): void {
  const message = nativeTrouble(error) ?? (error instanceof Error ? error.message : String(error));
  say(`livestill: ${message}\n`);
}

// A reader that has seen enough (`livestill score … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  sayError(error);
  process.exit(1);
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
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_USE;
  } else {
    sayError(error);
    process.exitCode = error instanceof UsageError ? WRONG_USE : 1;
  }
}
