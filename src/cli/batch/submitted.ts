import { stat } from 'node:fs/promises';
import { openSource } from '../../batch/source/open.ts';
import { UsageError } from '../../faults.ts';
import { pathOfArgument } from '../../files/name.ts';
import { belowPictures } from '../../jobs/pictures.ts';
import type { Submitted } from '../../jobs/types.ts';

/**
 * The pictures of a folder or a list, as workers read them: urls, and paths below the folder of pictures.
 * @throws {UsageError} `pictures_dir`, `no_input`, `broken_input`
 */
export async function submittedPictures(
  input: string,
  picturesDir: string | null,
): Promise<AsyncIterable<Submitted>> {
  const path = input === '-' ? input : pathOfArgument(input);
  const info = input === '-' ? null : await stat(path).catch(() => null);
  let below = '';
  if (info?.isDirectory() === true) {
    const found = picturesDir === null ? null : await belowPictures(picturesDir, input);
    if (found === null) {
      throw new UsageError(
        'pictures_dir',
        `expected a folder below batch.picturesDir (${picturesDir ?? 'not set'}), where every worker finds it; found ${input}`,
      );
    }
    below = found === '' ? '' : `${found}/`;
  }
  const source = await openSource(path, {
    stdin: process.stdin,
    downloader: null,
    signal: new AbortController().signal,
  });
  if (source.kind === 'zip' || source.kind === 'tar') {
    await source.close();
    throw new UsageError(
      'archive',
      'workers read no archives: unpack it below batch.picturesDir and submit the folder',
    );
  }
  return (async function* () {
    try {
      for await (const { picture, group } of source.items())
        yield { picture: below + picture, ...(group === undefined ? {} : { group }) };
    } finally {
      await source.close();
    }
  })();
}
