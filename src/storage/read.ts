import { Fault } from '../faults.ts';
import { placeOf, whyNoKey } from './place.ts';
import type { ObjectStore } from './types.ts';

/**
 * Reads a picture that is named by `s3://bucket/key`.
 * @throws {Fault} as `ObjectStore.read`; `storage_unavailable` `s3_off` where there is no storage
 */
export async function readObject(
  objects: ObjectStore | null,
  picture: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const place = placeOf(picture);
  if (place === null) {
    const why = whyNoKey(picture.split('/').slice(3).join('/')) ?? 'expected s3://bucket/key';
    throw new Fault('download_refused', 'bad_url', `This names no object: ${why}.`);
  }
  if (objects === null) throw storageOff();
  return objects.read(place, signal);
}

/** What `s3://` is refused with where no storage is configured. */
export function storageOff(): Fault {
  return new Fault('storage_unavailable', 's3_off', 's3:// needs S3-compatible storage: set s3.endpoint');
}
