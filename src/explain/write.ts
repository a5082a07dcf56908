import { writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { UsageError } from '../faults.ts';
import { makeFolder } from '../files/folder.ts';

/** Bytes of a name's beginning that are kept: file systems allow 255 for all of it. */
const LONGEST_STEM = 200;

/** What an explain picture is called after its input, without what no file name should have. */
function stemOf(input: string): string {
  const stem = input === '-' ? 'stdin' : basename(input, extname(input));
  let kept = '';
  for (const character of stem.replace(/[\p{Cc}\p{Cs}]/gu, '_')) {
    if (Buffer.byteLength(kept + character) > LONGEST_STEM) break;
    kept += character;
  }
  return kept;
}

/**
 * Writes an explain picture under a name of its own: neither one of this run nor one that lies there is
 * overwritten.
 */
export async function writeExplanation(folder: string, input: string, drawn: Buffer): Promise<void> {
  const stem = stemOf(input);
  for (let n = 1; ; n++) {
    try {
      const name = `${stem}${n > 1 ? `-${n}` : ''}.explain.jpg`;
      await writeFile(join(folder, name), drawn, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * Makes the folder of the drawings.
 * @throws {UsageError} `folder_unwritable` when it cannot be made
 */
export async function explainFolder(folder: string): Promise<void> {
  await makeFolder(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(
      'folder_unwritable',
      `--explain: the folder ${folder} cannot be made: ${cause.message}`,
      {
        cause,
      },
    );
  });
}
