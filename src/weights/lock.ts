import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import Type, { type Static, type TProperties } from 'typebox';
import { complaintsAbout, showValue } from '../liveness/schema.ts';
import { WeightsError } from './error.ts';

/** The package's own folder of weights: `models/` beside `src/` or `dist/`. */
export const MODELS_DIR: string = fileURLToPath(new URL('../../models/', import.meta.url));

/** The lock that belongs to this version of the package. */
export const LOCK_FILE: string = fileURLToPath(new URL('../../models/weights.lock.json', import.meta.url));

/** No network this small program runs is near this; a larger number is a slip. */
const MAX_BYTES = 2 ** 30;

const closed = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false, expected: 'an object' });
const text = (pattern: string, expected: string, maxLength: number) =>
  Type.String({ pattern, maxLength, expected });
const bytes = Type.Integer({
  minimum: 1,
  maximum: MAX_BYTES,
  expected: `a whole number of bytes from 1 to ${MAX_BYTES}`,
});
const hash = text('^[0-9a-f]{64}$', '64 lower-case hex digits', 64);

// Package name and version end up in a command line: nothing a shell could read as anything else may pass.
const entrySchema = closed({
  /** The model's name in judgements, logs and cards. */
  name: text('^[a-z0-9]+(?:[-.][a-z0-9]+)*$', 'lower-case words joined by - or .', 64),
  /** File name in the folder of the weights. */
  file: text('^[a-z0-9][a-z0-9._-]*\\.onnx$', 'a plain file name that ends in .onnx', 80),
  /** Bytes and SHA-256 of the file as it is used. */
  size: bytes,
  sha256: hash,
  /** Whether livestill runs without it, with fewer profiles. */
  optional: Type.Boolean({ expected: 'true or false' }),
  /** Which registry carries the package: that of npm, or PyPI. */
  registry: Type.Unsafe<'npm' | 'pypi'>({
    type: 'string',
    enum: ['npm', 'pypi'],
    expected: 'one of "npm", "pypi"',
  }),
  package: text('^(?:@[a-z0-9][a-z0-9._-]*\\/)?[a-z0-9][a-z0-9._-]*$', 'a package name', 214),
  version: text('^\\d+\\.\\d+\\.\\d+(?:-[0-9A-Za-z.-]+)?$', 'an exact version such as 1.2.0', 64),
  /** Bytes and SHA-256 of the package's archive (tarball or wheel) as the registry serves it. */
  archiveSize: bytes,
  archiveSha256: hash,
  pathInArchive: text(
    '^(?!\\.{1,2}(?:\\/|$))[^\\\\:\\/\\n]+(?:\\/(?!\\.{1,2}(?:\\/|$))[^\\\\:\\/\\n]+)*$',
    'a relative path with / and without . or .. parts',
    400,
  ),
  /** Form, bytes and SHA-256 of the file in the archive, where the file that is used is made of it. */
  convertedFrom: Type.Optional(
    closed({
      form: Type.Unsafe<'pytorch-minifasnet'>({
        type: 'string',
        enum: ['pytorch-minifasnet'],
        expected: '"pytorch-minifasnet"',
      }),
      size: bytes,
      sha256: hash,
    }),
  ),
});

const lockSchema = closed({
  lockVersion: Type.Literal(2, { expected: '2' }),
  weights: Type.Array(entrySchema, {
    minItems: 1,
    maxItems: 64,
    expected: 'a list with at least one entry',
  }),
});

/** One weight file: where it comes from and what it must be. */
export type WeightEntry = Readonly<Static<typeof entrySchema>>;

/** The parsed `weights.lock.json`. */
export interface WeightsLock {
  readonly lockVersion: 2;
  readonly weights: readonly WeightEntry[];
}

/** The package of an entry: `name@version`. */
export function specOf({ package: name, version }: Pick<WeightEntry, 'package' | 'version'>): string {
  return `${name}@${version}`;
}

/** Bytes and SHA-256 of the file in the archive. */
export function sourceOf(entry: Pick<WeightEntry, 'size' | 'sha256' | 'convertedFrom'>): {
  readonly size: number;
  readonly sha256: string;
} {
  const { size, sha256 } = entry.convertedFrom ?? entry;
  return { size, sha256 };
}

function crossProblems(entries: readonly WeightEntry[]): string[] {
  const problems: string[] = [];
  const first = new Map<string, number>();
  const archives = new Map<string, WeightEntry>();
  entries.forEach((entry, index) => {
    for (const key of ['name', 'file'] as const) {
      const tag = `${key} ${entry[key]}`;
      const before = first.get(tag);
      if (before === undefined) first.set(tag, index);
      else
        problems.push(
          `weights[${index}].${key}: ${showValue(entry[key])} is already used by weights[${before}]`,
        );
    }
    const spec = `${entry.registry} ${specOf(entry)}`;
    const other = archives.get(spec) ?? entry;
    archives.set(spec, other);
    for (const key of ['archiveSha256', 'archiveSize'] as const)
      if (other[key] !== entry[key])
        problems.push(
          `weights[${index}].${key}: the entry ${showValue(other.name)} says ${showValue(other[key])} of the same ${specOf(entry)}, found ${showValue(entry[key])}`,
        );
  });
  return problems;
}

/**
 * Reads the text of a lock file.
 *
 * @param json the file's text
 * @param file its path, for messages
 * @throws {WeightsError} `bad_lock`, naming every place that is wrong, what was expected there and what was
 * found
 */
export function parseLock(json: string, file: string): WeightsLock {
  let root: unknown;
  try {
    root = JSON.parse(json);
  } catch (error) {
    throw badLock(file, `not JSON: ${(error as Error).message}`);
  }
  const problems = complaintsAbout(lockSchema, root).map(({ path, expected, found, known }) => {
    const at = path === '' ? '' : `${path}: `;
    return known === undefined
      ? `${at}expected ${expected}, found ${found}`
      : `${at}unknown key, expected only ${known.join(', ')}`;
  });
  if (problems.length === 0) problems.push(...crossProblems((root as WeightsLock).weights));
  if (problems.length > 0) throw badLock(file, problems.join('; '));
  return root as WeightsLock;
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
 * @throws {WeightsError} `bad_lock`
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
