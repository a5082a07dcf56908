import { isPictureName, isResourceFork, type OnLeftOut } from '../../picture/decode/candidate.ts';
import { textOf } from '../../storage/place.ts';
import { readObject } from '../../storage/read.ts';
import type { ObjectPlace, ObjectStore } from '../../storage/types.ts';
import type { BatchItem, BatchSource } from '../types.ts';
import { countOf } from './count.ts';

const never = new AbortController().signal;

/** Whether an object is a picture by its key: by the extension, or where it has none. */
const isCandidate = (key: string) =>
  isPictureName(key) || (/(?:^|\/)[^./]+$/.test(key) && !isResourceFork(key));

async function* items(
  objects: ObjectStore,
  prefix: ObjectPlace,
  signal: AbortSignal,
  onLeftOut?: OnLeftOut,
): AsyncGenerator<BatchItem> {
  for await (const { key, bytes } of objects.list(prefix, signal)) {
    // What programs make so that an empty folder shows.
    if (key.endsWith('/') && bytes === 0) continue;
    const picture = textOf({ bucket: prefix.bucket, key });
    if (isCandidate(key)) {
      yield {
        key: key.slice(prefix.key.length),
        picture,
        read: (reading) => readObject(objects, picture, reading),
      };
    } else {
      onLeftOut?.({
        name: picture,
        why: 'no_picture',
        detail: "its name has an extension that is no picture's",
      });
    }
  }
}

/**
 * All pictures in S3-compatible storage whose keys begin with one, told by their extension or by having none;
 * the key is what follows.
 */
export function openBucket(objects: ObjectStore, prefix: ObjectPlace): BatchSource {
  return {
    kind: 'bucket',
    sequential: false,
    items: (onLeftOut) => items(objects, prefix, never, onLeftOut),
    count: (signal) => countOf(items(objects, prefix, signal), signal),
    close: async () => {},
  };
}
