import { text as readAll } from 'node:stream/consumers';
import { InvalidArgumentError } from 'commander';
import { UsageError } from '../../faults.ts';

/** A finite decimal number, with an exponent or without; NaN for every other text. */
function numberOf(text: string): number {
  const value = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/**
 * Any finite number.
 * @throws {InvalidArgumentError} when it is none
 */
export function finiteNumber(text: string): number {
  const value = numberOf(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

/**
 * A parser of numbers from `low` to `high`.
 * @param whole refuses fractions
 */
export function numberWithin(low: number, high: number, whole = false): (text: string) => number {
  return (text) => {
    const value = numberOf(text);
    if (!(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`Expected a ${whole ? 'whole ' : ''}number from ${low} to ${high}.`);
    }
    return value;
  };
}

/** A threshold or another score, 0-100. */
export const scoreNumber = numberWithin(0, 100);

/** A parser of finite numbers in which one word stands for null. */
function numberOr(word: string): (text: string) => number | null {
  return (text) => {
    if (text === word) return null;
    const value = numberOf(text);
    if (Number.isNaN(value)) throw new InvalidArgumentError(`Expected a number or ${word}.`);
    return value;
  };
}

/** A number, or null for `none`. */
export const numberOrNone = numberOr('none');

/** A number, or null for `default`. */
export const numberOrDefault = numberOr('default');

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** A duration such as `90s`, `30m`, `12h`, `7d`, in seconds. */
export function duration(text: string): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected a duration such as 90s, 30m, 12h or 7d.');
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** A whole number of seconds from 1 on. */
export function wholeSeconds(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw new InvalidArgumentError('Expected a whole number of seconds, 1 or more.');
  return Number(text);
}

/** A whole number from 1 on. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('Expected a whole number, 1 or more.');
  return Number(text);
}

/** A moment: `2026-11-23`, `2026-11-23T10:00:00Z`. A day alone begins at midnight UTC. */
export function moment(text: string): Date {
  const value = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(value))
    throw new InvalidArgumentError(
      'Expected a day such as 2026-11-23 or a time such as 2026-11-23T10:00:00Z.',
    );
  return new Date(value);
}

/** Gathers an option that may be repeated. */
export function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/**
 * A SecretKey from the command line, or, with `-`, the first line of standard input: a key on the command
 * line is seen by everyone who can list processes, and stays in the shell's history.
 */
export async function secretKeyFrom(
  given: string,
  input: NodeJS.ReadableStream = process.stdin,
): Promise<string> {
  if (given !== '-') return given;
  const [line = ''] = (await readAll(input)).split(/\r?\n/);
  if (line === '')
    throw new UsageError('secret_key_missing', 'expected the SecretKey on standard input, found nothing');
  return line;
}
