import { stat } from 'node:fs/promises';
import { openSource } from '../../batch/source/open.ts';
import { UsageError } from '../../faults.ts';
import { pathOfArgument } from '../../files/name.ts';
import { belowPictures } from '../../jobs/pictures.ts';
import { expanded } from '../../jobs/prefixes.ts';
import { submitBatch } from '../../jobs/submit.ts';
import type { BatchOrder, BatchStore, Submitted } from '../../jobs/types.ts';
import { isS3 } from '../../storage/place.ts';
import type { ObjectStore } from '../../storage/types.ts';

/**
 * Submits the pictures of a folder, a list or a prefix in storage.
 * @returns the batch's id
 * @throws {UsageError} those of `submittedPictures` and `submitBatch`
 * @throws {Fault} `state_unavailable`, `storage_unavailable`
 */
export async function submitInput(
  batches: BatchStore,
  order: BatchOrder,
  {
    input,
    picturesDir,
    objects = null,
    chunk,
  }: {
    readonly input: string;
    readonly picturesDir: string | null;
    readonly objects?: ObjectStore | null;
    readonly chunk?: number | undefined;
  },
): Promise<string> {
  return submitBatch(batches, order, await submittedPictures(input, picturesDir, objects), chunk);
}

/**
 * The pictures of a folder, a list or a prefix in storage, as workers read them: urls, objects, and paths
 * below the folder of pictures.
 * @throws {UsageError} `pictures_dir`, `no_input`, `broken_input`
 * @throws {Fault} `storage_unavailable`
 */
export async function submittedPictures(
  input: string,
  picturesDir: string | null,
  objects: ObjectStore | null,
): Promise<AsyncIterable<Submitted>> {
  const path = input === '-' || isS3(input) ? input : pathOfArgument(input);
  const info = input === '-' || isS3(input) ? null : await stat(path).catch(() => null);
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
    objects,
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
      for await (const { picture, group } of source.items()) {
        for await (const one of expanded(below + picture, objects))
          yield { picture: one, ...(group === undefined ? {} : { group }) };
      }
    } finally {
      await source.close();
    }
  })();
}
