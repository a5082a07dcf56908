import type { Command } from 'commander';
import { ConfigError } from '../config.ts';
import { Fault, UsageError } from '../errors.ts';
import { printable } from './printable.ts';

/** What a command has to say: for people, and for programs. */
export interface Outcome {
  readonly text: string;
  readonly json: unknown;
  /** False: exit status 1, though nothing failed (a check found something). */
  readonly ok?: boolean;
}

/** Status for wrong use: what was asked for cannot be done as it was asked. */
const wrongUse = 2;

/**
 * Run a command and say its outcome on the outputs the program is configured with: text, or one JSON object with `--json`.
 * Errors with a meaning for the person (wrong use, a wrong configuration, a store that does not answer) become one message
 * and an exit status (2, 2, 1); others are thrown on.
 */
export async function perform(
  command: Command,
  options: { readonly json?: boolean },
  work: () => Promise<Outcome>,
): Promise<void> {
  const { writeOut } = command.configureOutput();
  await explainErrors(command, async () => {
    const { text, json, ok = true } = await work();
    writeOut?.(printable(options.json === true ? `${JSON.stringify(json)}\n` : `${text.trimEnd()}\n`));
    if (!ok) process.exitCode = 1;
  });
}

/** The error half of `perform`, for commands that write their results themselves. */
export async function explainErrors(command: Command, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const usage = error instanceof UsageError || error instanceof ConfigError;
    if (!usage && !(error instanceof Fault)) throw error;
    command.configureOutput().writeErr?.(printable(`livestill: ${error.message}\n`));
    process.exitCode = usage ? wrongUse : 1;
  }
}

/** Lines of `name  value`, the values below each other. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}
