import { Fault } from '../../faults.ts';
import { whyNoKey } from '../place.ts';
import type { ListedObject, ObjectPlace, ObjectStore } from '../types.ts';
import { listPage, unreachable } from './answer.ts';
import { createS3Client, type S3Client } from './client.ts';
import type { S3Settings } from './settings.ts';
import { writeObject } from './upload.ts';

/** Bytes of a page of a listing at most: 1000 keys of 1024 bytes, each byte in three letters. */
const PAGE_BYTES = 8 * 1024 * 1024;
/** The header that a written object's mark stands in. */
export const MARK_HEADER = 'x-amz-meta-livestill';

/**
 * S3-compatible storage behind an endpoint.
 * @param maxBytes of a picture
 * @throws {UsageError} `s3_keys`, `s3_ca`
 */
export function createObjectStore(settings: S3Settings, maxBytes: number): ObjectStore {
  const client = createS3Client(settings);
  return {
    async read(place, signal) {
      const why = whyNoKey(place.key);
      if (why !== null || place.key === '')
        throw new Fault(
          'download_refused',
          'bad_url',
          `Such a key cannot be asked for: ${why ?? 'it is empty'}.`,
        );
      return client.send({ method: 'GET', place, isObject: true }, signal, (answer) =>
        answer.bytes(maxBytes),
      );
    },
    list: (prefix, signal) => listed(client, prefix, signal),
    async find(place, signal) {
      try {
        return await client.send({ method: 'HEAD', place, isObject: true }, signal, async ({ headers }) => ({
          bytes: Number(headers['content-length'] ?? 0),
          mark: String(headers[MARK_HEADER] ?? ''),
        }));
      } catch (error) {
        if (error instanceof Fault && error.reason === 'http_404') return null;
        throw error instanceof Fault && error.kind === 'download_refused' ? refusedHead(error, place) : error;
      }
    },
    write: (place, file, what, signal) => writeObject(client, place, file, what, signal),
  };
}

/** The answer to a HEAD has no body that says more. */
function refusedHead({ message }: Fault, { bucket }: ObjectPlace): Fault {
  return new Fault(
    'storage_unavailable',
    's3_refused',
    `S3 refused to say what is in ${bucket} (${message}): look at the keys and at what they may do.`,
  );
}

async function* listed(
  client: S3Client,
  { bucket, key: prefix }: ObjectPlace,
  signal: AbortSignal,
): AsyncGenerator<ListedObject> {
  const place = { bucket, key: '' };
  for (let next: string | null = null; ; ) {
    const query: Record<string, string> = {
      'list-type': '2',
      'encoding-type': 'url',
      'max-keys': '1000',
      prefix,
      ...(next === null ? {} : { 'continuation-token': next }),
    };
    const page = await client.send({ method: 'GET', place, query }, signal, async (answer) =>
      listPage(Buffer.from(await answer.bytes(PAGE_BYTES)).toString('utf8')),
    );
    if (page === null)
      throw unreachable(`What answers at the endpoint lists ${bucket} in no way that S3 does.`);
    yield* page.objects;
    // A server that gives the same page again would be asked without an end.
    if (page.next === null || page.next === next) return;
    next = page.next;
  }
}
