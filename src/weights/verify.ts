import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemCode, WeightsError, type WeightsReason } from './error.ts';
import { loadLock, MODELS_DIR, type WeightEntry, type WeightsLock } from './lock.ts';

/** `ok`, or why the file cannot be used. */
export type WeightStatus = 'ok' | 'missing' | 'wrong_size' | 'wrong_hash' | 'unreadable';

/** What stands at a weight's place on the disk. */
export interface WeightReport {
  readonly name: string;
  readonly file: string;
  /** Absolute path. */
  readonly path: string;
  readonly status: WeightStatus;
  /** Whether livestill runs without it, with fewer profiles. */
  readonly optional: boolean;
  readonly expected: { readonly size: number; readonly sha256: string };
  /** Bytes and SHA-256; null where they could not be, or needed not be, taken. */
  readonly found: { readonly size: number | null; readonly sha256: string | null };
  /** The system's message when `status` is `unreadable`. */
  readonly detail: string | null;
}

/** A verified weight: a file that was right when it was looked at. */
export interface VerifiedWeight {
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** SHA-256 of a file, read in a stream: 64 lower-case hex digits. Throws the system's error. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Looks at the file of one entry in `dir`. Never throws for what it finds there. */
export async function verifyWeight(entry: WeightEntry, dir: string): Promise<WeightReport> {
  const path = resolve(dir, entry.file);
  const report = (
    status: WeightStatus,
    size: number | null = null,
    sha256: string | null = null,
    detail: string | null = null,
  ): WeightReport => ({
    name: entry.name,
    file: entry.file,
    path,
    status,
    optional: entry.optional,
    expected: { size: entry.size, sha256: entry.sha256 },
    found: { size, sha256 },
    detail,
  });
  try {
    const info = await stat(path);
    if (!info.isFile()) return report('unreadable', null, null, 'not a regular file');
    if (info.size !== entry.size) return report('wrong_size', info.size);
    const sha256 = await hashFile(path);
    return report(sha256 === entry.sha256 ? 'ok' : 'wrong_hash', info.size, sha256);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return report('missing');
    return report('unreadable', null, null, (error as Error).message);
  }
}

/**
 * Looks at every weight of the lock and says what stands in its place.
 *
 * @param dir the folder of the weights; default: the package's own `models/`
 * @param lock default: the package's own
 * @throws {WeightsError} `bad_lock` when the package's lock cannot be read
 */
export async function verifyWeights(dir: string = MODELS_DIR, lock?: WeightsLock): Promise<WeightReport[]> {
  const { weights } = lock ?? (await loadLock());
  const reports: WeightReport[] = [];
  for (const entry of weights) reports.push(await verifyWeight(entry, dir));
  return reports;
}

/** What is at the file's place, in words: `no file`, `603431 bytes`, `sha256 ab…`. */
export function foundWords(report: WeightReport): string {
  switch (report.status) {
    case 'missing':
      return 'no file';
    case 'unreadable':
      return report.detail ?? 'a file that cannot be read';
    case 'wrong_size':
      return `${report.found.size} bytes`;
    default:
      return `sha256 ${report.found.sha256}`;
  }
}

/** What should be there, in the same unit as {@link foundWords}. */
export function expectedWords(report: WeightReport): string {
  if (report.status === 'wrong_size') return `${report.expected.size} bytes`;
  return report.status === 'wrong_hash'
    ? `sha256 ${report.expected.sha256}`
    : `${report.expected.size} bytes, sha256 ${report.expected.sha256}`;
}

const REASONS: Readonly<Record<Exclude<WeightStatus, 'ok'>, WeightsReason>> = {
  missing: 'missing',
  wrong_size: 'wrong_size',
  wrong_hash: 'wrong_hash',
  unreadable: 'unreadable',
};

/** The command that brings the weights into `dir`. */
export function pullCommand(dir: string = MODELS_DIR): string {
  const where = resolve(dir) === resolve(MODELS_DIR) ? '' : ` --dir ${JSON.stringify(resolve(dir))}`;
  return `livestill models pull${where}`;
}

function adviceFor(first: WeightReport, others: readonly WeightReport[], dir: string): string {
  const pull = `run "${pullCommand(dir)}" to fetch what is missing and replace what is wrong`;
  const also = others.map((report) => `${report.file} (${foundWords(report)})`).join(', ');
  return [
    first.status === 'unreadable' ? `Let this user read it, or ${pull}` : `R${pull.slice(1)}`,
    ...(also === '' ? [] : [`Also wrong: ${also}`]),
  ].join('. ');
}

/**
 * The weights, all verified by size and SHA-256, by name; optional ones that are missing are left out. Call
 * it before loading any of them: the service does not start without its models. A few megabytes are read,
 * some ten milliseconds.
 *
 * @param dir the folder of the weights; default: the package's own `models/`
 * @throws {WeightsError} about the first file that is missing (an optional one may be) or wrong; its advice
 * names the others
 */
export async function requireWeights(
  dir: string = MODELS_DIR,
  lock?: WeightsLock,
): Promise<ReadonlyMap<string, VerifiedWeight>> {
  const reports = await verifyWeights(dir, lock);
  const present = reports.filter((report) => !(report.optional && report.status === 'missing'));
  const wrong = present.filter((report) => report.status !== 'ok');
  const first = wrong[0];
  if (first !== undefined && first.status !== 'ok') {
    throw new WeightsError({
      reason: REASONS[first.status],
      file: first.path,
      expected: expectedWords(first),
      found: foundWords(first),
      advice: adviceFor(first, wrong.slice(1), dir),
    });
  }
  return new Map(
    present.map(({ name, file, expected: { size, sha256 } }) => [
      name,
      { name, path: join(resolve(dir), file), size, sha256 },
    ]),
  );
}
