import type { ObjectPlace } from './types.ts';

const FORM = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\s\S]*))?$/i;
/** The longest key that S3 takes, in bytes of UTF-8. */
const LONGEST_KEY = 1024;

/** Whether a text names something in S3-compatible storage: `s3://bucket/key`, the key as it is. */
export const isS3 = (text: string): boolean => /^s3:\/\//i.test(text);

/** Whether a text names all that begins with a key: `s3://bucket`, or what ends with a slash. */
export const isS3Prefix = (text: string): boolean =>
  isS3(text) && (text.endsWith('/') || !text.slice(5).includes('/'));

/** What a text names; null where it is not of the form `s3://bucket/key`, or its key cannot be asked for. */
export function placeOf(text: string): ObjectPlace | null {
  const [, bucket, key = ''] = FORM.exec(text) ?? [];
  if (bucket === undefined || bucket.includes('..') || whyNoKey(key) !== null) return null;
  return { bucket, key };
}

/** Why a key cannot be asked for; null for a good one. */
export function whyNoKey(key: string): string | null {
  if (Buffer.byteLength(key) > LONGEST_KEY) return `it has more than ${LONGEST_KEY} bytes`;
  if (Buffer.from(key).toString() !== key) return 'it is no Unicode text';
  // Readers of urls leave such parts out, and would ask for another object.
  return key.split('/').some((part) => part === '.' || part === '..') ? 'a part of it is "." or ".."' : null;
}

/** A place as people write it. */
export const textOf = ({ bucket, key }: ObjectPlace): string => `s3://${bucket}/${key}`;
