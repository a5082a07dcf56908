import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ConfigError } from '../config/load.ts';

/**
 * How a check came out. `warn`: the service works, but someone should look; `fail`: it does not start or
 * cannot be trusted.
 */
export type CheckStatus = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  /** What was found. */
  readonly found: string;
  /** What to do; null where nothing is. */
  readonly advice: string | null;
}

/** A check that found all well; `warn` and `fail`: one that did not. */
export const ok = (name: string, found: string): Check => ({ name, status: 'ok', found, advice: null });
/** See `CheckStatus`. */
export const warn = (name: string, found: string, advice: string): Check => ({
  name,
  status: 'warn',
  found,
  advice,
});
/** See `CheckStatus`. */
export const fail = (name: string, found: string, advice: string): Check => ({
  name,
  status: 'fail',
  found,
  advice,
});

/** The check that stands alone when the configuration cannot be used. */
export function configurationFailed(error: ConfigError): Check {
  return fail(
    'configuration',
    error.problems.join('; '),
    'Correct what is named: the file is that of --config or LIVESTILL_CONFIG, and docs/reference/configuration.md has every setting.',
  );
}

/** What is at a path, or the system's code for why that cannot be told. */
export async function lookAt(path: string): Promise<Stats | string> {
  try {
    return await stat(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

/** Permissions in octal: `600`. */
export function modeOf({ mode }: Stats): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}

/** Bytes in MiB, or from 1 GiB on in GiB, for people. */
export function mebibytes(bytes: number): string {
  return bytes < 1024 ** 3
    ? `${(bytes / 1024 ** 2).toFixed(1)} MiB`
    : `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
