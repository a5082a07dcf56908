import { type FileHandle, open } from 'node:fs/promises';
import type { ObjectKind, ObjectPlace } from '../types.ts';
import { faultOf, refusalOf, textIn, unreachable } from './answer.ts';
import type { Answer, S3Client } from './client.ts';

/** Bytes of a part, and of an object that is written at once: S3 takes parts of 5 MiB and more. */
const PART_BYTES = 8 * 1024 * 1024;
/** S3 takes 10 000 parts. */
const MOST_PARTS = 9000;
/** Bytes of an answer to a request that changes something. */
const ANSWER_BYTES = 256 * 1024;

/**
 * Writes a file as an object, in parts where it is large. What was begun and failed is let go of.
 * @throws {Fault} `storage_unavailable`
 * @throws {Error} the file cannot be read
 */
export async function writeObject(
  client: S3Client,
  place: ObjectPlace,
  path: string,
  { contentType, mark }: ObjectKind,
  signal: AbortSignal,
): Promise<void> {
  const headers = { 'content-type': contentType, 'x-amz-meta-livestill': mark };
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size <= PART_BYTES) {
      const body = await partOf(file, 0, size);
      await client.send({ method: 'PUT', place, headers, body }, signal, async () => {});
    } else {
      await writeParts(client, place, { file, size, headers }, signal);
    }
  } finally {
    await file.close();
  }
}

interface Large {
  readonly file: FileHandle;
  readonly size: number;
  readonly headers: Readonly<Record<string, string>>;
}

async function writeParts(
  client: S3Client,
  place: ObjectPlace,
  { file, size, headers }: Large,
  signal: AbortSignal,
): Promise<void> {
  const uploadId = await client.send(
    { method: 'POST', place, query: { uploads: '' }, headers },
    signal,
    async (answer) => textIn(await textOfAnswer(answer), 'UploadId'),
  );
  if (uploadId === '') throw unreachable('S3 began an upload in parts without an id for it.');
  try {
    const bytes = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS));
    const tags: string[] = [];
    for (let from = 0; from < size; from += bytes) {
      const body = await partOf(file, from, Math.min(bytes, size - from));
      const query = { partNumber: String(tags.length + 1), uploadId };
      tags.push(
        await client.send({ method: 'PUT', place, query, body }, signal, async (answer) =>
          String(answer.headers.etag ?? ''),
        ),
      );
    }
    await complete(client, place, uploadId, tags, signal);
  } catch (error) {
    const query = { uploadId };
    await client
      .send({ method: 'DELETE', place, query, isObject: true }, AbortSignal.timeout(10_000), async () => {})
      .catch(() => {});
    throw error;
  }
}

async function complete(
  client: S3Client,
  place: ObjectPlace,
  uploadId: string,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const parts = tags.map(
    (tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag.replace(/[<>&]/g, '')}</ETag></Part>`,
  );
  const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
  await client.send({ method: 'POST', place, query: { uploadId }, body }, signal, async (answer) => {
    const text = await textOfAnswer(answer);
    // S3 may begin to answer with 200 and find out later that it failed.
    if (/<Error[\s>]/.test(text)) throw faultOf({ ...refusalOf(500, text) }, place, false);
  });
}

async function textOfAnswer(answer: Answer): Promise<string> {
  return Buffer.from(await answer.bytes(ANSWER_BYTES)).toString('utf8');
}

async function partOf(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const part = Buffer.allocUnsafe(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(part, at, length - at, from + at);
    if (bytesRead === 0) throw new Error('the file became shorter while it was written to S3');
    at += bytesRead;
  }
  return part;
}
