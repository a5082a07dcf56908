import type { Config } from '../../config/load.ts';
import { createObjectStore } from '../../storage/s3/store.ts';
import type { ObjectStore } from '../../storage/types.ts';

/**
 * The S3-compatible storage of the configuration; null where there is none.
 * @param maxBytes of a picture
 * @throws {UsageError} `s3_keys`, `s3_ca`
 */
export function objectsOf(
  { s3, picture }: Pick<Config, 's3' | 'picture'>,
  maxBytes = picture.maxBytes,
): ObjectStore | null {
  const { endpoint, appsPrefix: _, ...others } = s3;
  return endpoint === null ? null : createObjectStore({ endpoint, ...others }, maxBytes);
}
