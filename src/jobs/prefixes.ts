import { openBucket } from '../batch/source/bucket.ts';
import { Fault } from '../faults.ts';
import { isS3, isS3Prefix, placeOf } from '../storage/place.ts';
import { storageOff } from '../storage/read.ts';
import type { ObjectStore } from '../storage/types.ts';

/**
 * A picture by itself; of a prefix in S3-compatible storage (`s3://bucket/folder/`) all pictures below it.
 * @throws {Fault} `storage_unavailable`; `download_refused` `bad_url` where the prefix is none
 */
export async function* expanded(picture: string, objects: ObjectStore | null): AsyncGenerator<string> {
  if (!isS3(picture)) {
    yield picture;
    return;
  }
  if (objects === null) throw storageOff();
  if (!isS3Prefix(picture)) {
    yield picture;
    return;
  }
  const place = placeOf(picture);
  if (place === null) throw new Fault('download_refused', 'bad_url', `${picture} names nothing in a bucket`);
  for await (const one of openBucket(objects, place).items()) yield one.picture;
}
