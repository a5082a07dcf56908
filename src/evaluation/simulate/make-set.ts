import { writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Fault } from '../../faults.ts';
import { makeFolder } from '../../files/folder.ts';
import { type FilePath, pathText } from '../../files/name.ts';
import { decodePicture } from '../../picture/decode/decode.ts';
import { readPictureFile } from '../../picture/file.ts';
import { seedOf } from '../metrics/random.ts';
import { pictureHash } from '../pictures/cache.ts';
import { type SimulatedKind, simulate } from './simulate.ts';

/** A bona fide picture to make attacks of. */
export interface SourcePicture {
  /** Name below its folder, slashes between. */
  readonly name: string;
  readonly path: FilePath;
}

/** What to make of the sources. */
export interface SetOptions {
  readonly kinds: readonly SimulatedKind[];
  readonly seed: number;
  readonly strengths: readonly number[];
  readonly size: number;
  /** The name of the subject of a source; null when unknown. */
  readonly subjectOf: (source: SourcePicture) => string | null;
  readonly onDone?: (name: string) => void;
}

/**
 * One line of the index that is written: of a bona fide source, or of a simulated attack with all its
 * parameters.
 */
export type SetRow = Readonly<Record<string, unknown>>;

const NOTE = `These attack pictures are SIMULATED: computed from pictures of live people by "livestill simulate",
not photographed. Every file says so in its EXIF, every species begins with "simulated-", and
index.ndjson holds the seed and all parameters of each.

They serve to test mechanics (does the pipeline run, does a stronger artefact lower the score).
They prove nothing about real prints and screens. Do not publish error rates made from them as
those of the system.
`;

const slashes = (path: string) => path.split(sep).join('/');
const stem = (name: string) => name.replace(/\.[^./]+$/, '').replaceAll('/', '_');

/** A source with its hash; what it cannot be used for, as a fault. */
async function readAndDecode(path: FilePath) {
  try {
    const bytes = await readPictureFile(path);
    return { sha256: pictureHash(bytes), picture: await decodePicture(bytes) };
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/**
 * Writes simulated attacks of each source to `attack/simulated-<kind>/` below `out`, with `index.ndjson`
 * (sources and attacks, fit for `livestill evaluate`) and a note that says what they are. Sources that cannot
 * be decoded are named in the result.
 */
export async function makeSet(
  sources: readonly SourcePicture[],
  out: string,
  options: SetOptions,
): Promise<{ readonly rows: readonly SetRow[]; readonly skipped: readonly string[] }> {
  await makeFolder(out);
  const rows: SetRow[] = [];
  const skipped: string[] = [];
  for (const source of sources) {
    const subject = options.subjectOf(source);
    const read = await readAndDecode(source.path);
    if (read instanceof Fault) {
      skipped.push(`${pathText(source.path)}: ${read.message}`);
      continue;
    }
    const { picture, sha256 } = read;
    rows.push({ path: slashes(relative(out, pathText(source.path))), label: 'bona-fide', subject, sha256 });
    for (const kind of options.kinds) {
      for (const strength of options.strengths) {
        const seed = seedOf(options.seed, source.name);
        const { jpeg, record } = await simulate(picture, { kind, seed, strength, size: options.size });
        const suffix = options.strengths.length > 1 ? `-s${strength}` : '';
        const path = `attack/simulated-${kind}${suffix}/${stem(source.name)}.jpg`;
        await makeFolder(dirname(join(out, path)));
        await writeFile(join(out, path), jpeg);
        rows.push({
          path,
          label: 'attack',
          species: `simulated-${kind}${suffix}`,
          subject,
          source: source.name,
          sourceSha256: sha256,
          simulated: true,
          simulation: record,
        });
      }
    }
    options.onDone?.(source.name);
  }
  await writeFile(join(out, 'index.ndjson'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await writeFile(join(out, 'SIMULATED.txt'), NOTE);
  return { rows, skipped };
}
