import { runCommandLine, sayError } from './shared/command-line.ts';
import { EXIT_STATUS } from './shared/exit-status.ts';

// A reader that has seen enough (`livestill score … | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  sayError(error);
  process.exit(EXIT_STATUS.failed);
});
// Where nobody reads what is said, or it cannot be kept, there is nobody left to tell.
process.stderr.on('error', () => {});

void runCommandLine(process.argv.slice(2));
