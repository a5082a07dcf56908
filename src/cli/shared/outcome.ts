import type { Command } from 'commander';
import { ConfigError } from '../../config/load.ts';
import { Fault, UsageError } from '../../faults.ts';
import { shellWord } from './curl.ts';
import { EXIT_STATUS } from './exit-status.ts';
import { printable } from './printable.ts';

/** What a command has to say: for people, and for programs. */
export interface Outcome {
  readonly text: string;
  readonly json: unknown;
  /** False: exit status 1, though nothing failed (a check found something). */
  readonly ok?: boolean;
}

/**
 * Run a command and say its outcome on the outputs the program is configured with: text, or one JSON object
 * with `--json`. Errors with a meaning for the person (wrong use, a wrong configuration, a store that does
 * not answer) become one message and an exit status (2, 2, 1); others are thrown on.
 */
export async function perform(
  command: Command,
  options: Place & { readonly json?: boolean },
  work: () => Promise<Outcome>,
): Promise<void> {
  const { writeOut } = command.configureOutput();
  await explainErrors(
    command,
    async () => {
      const { text, json, ok = true } = await work();
      const shown = options.json === true ? JSON.stringify(json) : inPlace(text.trimEnd(), options);
      writeOut?.(printable(`${shown}\n`));
      if (!ok) process.exitCode = EXIT_STATUS.failed;
    },
    options,
  );
}

/** Where the data folder of a command was said to be. */
export interface Place {
  readonly data?: string;
  readonly config?: string;
}

/**
 * A text whose advice (`"livestill key list"`, in double quotes) names the same data folder and configuration
 * as the command that gives it: without them the advised command would look into another folder.
 */
export function inPlace(text: string, { data, config }: Place): string {
  const place =
    (data === undefined ? '' : ` --data ${shellWord(data)}`) +
    (config === undefined ? '' : ` --config ${shellWord(config)}`);
  if (place === '') return text;
  return text.replace(
    /"livestill (app|backup|doctor|key|ledger|log|migrate|restore|serve|sign|user)\b([^"\n]*)"/g,
    (advice, name: string, rest: string) =>
      rest.includes(' --data ') || rest.includes(' --config ')
        ? advice
        : `"livestill ${name}${rest}${place}"`,
  );
}

/** The error half of `perform`, for commands that write their results themselves. */
export async function explainErrors(
  command: Command,
  work: () => Promise<void>,
  place: Place = {},
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const usage = error instanceof UsageError || error instanceof ConfigError;
    if (!usage && !(error instanceof Fault)) throw error;
    command.configureOutput().writeErr?.(printable(`livestill: ${inPlace(error.message, place)}\n`));
    process.exitCode = usage ? EXIT_STATUS.wrongUse : EXIT_STATUS.failed;
  }
}

/** Lines of `name  value`, the values below each other. */
export function pairs(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}
