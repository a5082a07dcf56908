import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/load.ts';
import { type Check, fail, warn } from './check.ts';
import type { DoctorMessage } from './process.ts';

/** The checks of one run. */
export interface Examination {
  readonly checks: readonly Check[];
  /** False: the time was over before all was looked at. */
  readonly isWhole: boolean;
  readonly milliseconds: number;
}

/** How the checks are run. */
export interface BesideOptions {
  /** After how long those that are not done are given up, in ms. */
  readonly withinMs: number;
  /** The program; a test brings one that misbehaves. */
  readonly program?: string;
}

/**
 * Runs the checks beside the service, in a process of their own: reading a whole database holds up no
 * request, and a native library that ends its process ends that one alone.
 */
export function examineBeside(config: Config, options: BesideOptions): Promise<Examination> {
  const { withinMs, program = programFile() } = options;
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const checks: Check[] = [];
    let isOver = false;
    const child = fork(program, [], {
      env: { ...process.env, LIVESTILL_DOCTOR_PROCESS: '1' },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const end = (isWhole: boolean, last: Check | null) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      child.kill('SIGKILL');
      const milliseconds = Math.round(performance.now() - startedAt);
      resolve({ checks: last === null ? checks : [...checks, last], isWhole, milliseconds });
    };
    const timer = setTimeout(() => end(false, tooLong(withinMs)), withinMs);
    child.on('message', (message: DoctorMessage) => {
      if (message.kind === 'check') checks.push(message.check);
      else end(message.kind === 'done', message.kind === 'done' ? null : broke(message.message));
    });
    child.once('error', (error) => end(false, broke(error.message)));
    // Not its exit: what it said before may be read after that.
    child.once('close', (status, signal) =>
      end(false, broke(`its process ended with ${signal ?? `status ${status}`}`)),
    );
    child.send(config, (error) => {
      if (error !== null) end(false, broke(error.message));
    });
  });
}

const ON_THE_MACHINE = 'Run "livestill doctor" on the machine: it takes as long as it needs.';

function tooLong(withinMs: number): Check {
  return warn(
    'doctor',
    `the checks that are missing here took more than ${withinMs / 1000} s`,
    ON_THE_MACHINE,
  );
}

function broke(message: string): Check {
  return fail('doctor', `the checks broke off: ${message}`, ON_THE_MACHINE);
}

/** The built program, also for a service that runs from the sources. */
function programFile(): string {
  const own = new URL(import.meta.url);
  if (!own.pathname.endsWith('.ts')) return fileURLToPath(new URL('./process.js', own));
  const built = fileURLToPath(new URL('../../dist/doctor/process.js', own));
  if (!existsSync(built)) throw new Error('the doctor is not built: run "npm run build" first');
  return built;
}
