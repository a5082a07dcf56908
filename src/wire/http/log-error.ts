import { Fault } from '../../faults.ts';
import { codeOf } from '../legacy/codes/codes.ts';

/**
 * What the log says of an error. Nothing else of it: errors of parsers carry what they were given, a picture
 * or a certificate.
 */
export interface LoggedError {
  readonly type: string;
  /** Of Node, a database or a fault. */
  readonly code?: string | number;
  /** Of a fault. */
  readonly reason?: string;
  readonly message: string;
  /** Where it was thrown, without the message. */
  readonly stack?: string;
  readonly cause?: LoggedError;
  /** Of several at once, the first ones. */
  readonly errors?: readonly LoggedError[];
}

const LONGEST_MESSAGE = 500;
const LONGEST_NAME = 64;
const MOST_FRAMES = 12;
const LONGEST_FRAME = 300;
/** Causes of causes, and the first of several errors. */
const MOST_LEVELS = 3;
const MOST_ERRORS = 2;

/**
 * An error as fixed fields of bounded length, whatever members it has; never throws. Every error in the log
 * goes through here: a foreign server writes parts of some messages, and of some members (`data`,
 * `rawPacket`, `cert`) everything.
 */
export function errorForLog(error: unknown): LoggedError {
  try {
    return described(error, 1);
  } catch {
    return { type: 'unknown', message: 'an error that cannot be described' };
  }
}

/** `text`, or its beginning and how much is missing. */
export function bounded(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}… (${text.length - most} more characters)`;
}

function described(error: unknown, level: number): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: bounded(textOf(error), LONGEST_MESSAGE) };
  const { name, message, reason, cause, errors } = error as Error & Record<string, unknown>;
  const code = error instanceof Fault ? codeOf(error.kind) : (error as { code?: unknown }).code;
  const stack = framesOf(error);
  const deeper = level < MOST_LEVELS;
  return {
    type: bounded(typeof name === 'string' ? name : 'Error', LONGEST_NAME),
    ...(typeof code === 'number' || typeof code === 'string' ? { code: shortCode(code) } : {}),
    ...(typeof reason === 'string' ? { reason: bounded(reason, LONGEST_NAME) } : {}),
    message: bounded(textOf(message), LONGEST_MESSAGE),
    ...(stack === '' ? {} : { stack }),
    ...(cause === undefined || !deeper ? {} : { cause: described(cause, level + 1) }),
    ...(Array.isArray(errors) && deeper
      ? { errors: errors.slice(0, MOST_ERRORS).map((each) => described(each, level + 1)) }
      : {}),
  };
}

function shortCode(code: string | number): string | number {
  return typeof code === 'number' ? code : bounded(code, LONGEST_NAME);
}

function textOf(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object that is no error';
  return String(value);
}

/** The places of the stack. Its beginning repeats the message, which may look like a place. */
function framesOf({ stack, message }: Error): string {
  if (typeof stack !== 'string') return '';
  const from = typeof message === 'string' && message !== '' ? stack.indexOf(message) : -1;
  const rest = from < 0 ? stack : stack.slice(from + message.length);
  return rest
    .split('\n', 4 * MOST_FRAMES)
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, MOST_FRAMES)
    .map((line) => bounded(line.trim(), LONGEST_FRAME))
    .join('\n');
}
