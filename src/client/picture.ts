import { InputError } from './errors.ts';

/**
 * Everything a picture can be handed over as. Text and `URL`: where the server fetches it. A `File` is a
 * `Blob`.
 */
export type Picture =
  | Blob
  | Uint8Array
  | ArrayBufferLike
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | URL
  | string;

/** A picture ready to be sent, as often as it takes. */
export type Ready =
  | { readonly bytes: Uint8Array<ArrayBuffer> | Blob; readonly url?: undefined }
  | { readonly url: string; readonly bytes?: undefined };

/**
 * Makes a picture ready. Streams are read to their end first, since a retry must be able to send them again.
 * @param limit most bytes that are read of a stream
 * @throws {InputError} when it is neither a picture nor a url, or a stream has more bytes than the limit
 */
export async function ready(picture: Picture, limit: number): Promise<Ready> {
  if (typeof picture === 'string' || picture instanceof URL) {
    const url = String(picture);
    if (/^https?:\/\//i.test(url)) return { url };
    throw new InputError(
      'Expected a picture, or an http or https url of one; a text that is neither was given',
    );
  }
  if (picture instanceof Blob) return { bytes: picture };
  if (picture instanceof ArrayBuffer) return { bytes: new Uint8Array(picture) };
  if (ArrayBuffer.isView(picture)) return { bytes: unshared(picture) };
  // Pages without cross-origin isolation have no such class.
  if (typeof SharedArrayBuffer !== 'undefined' && picture instanceof SharedArrayBuffer) {
    return { bytes: unshared(new Uint8Array(picture)) };
  }
  return { bytes: await collect(chunksOf(picture), limit) };
}

/**
 * Makes several pictures one body: a form of them, or JSON of their urls.
 * @returns the body and its content type; a form says its own
 * @throws {InputError} when there are not two to five, or pictures and urls stand side by side
 */
export async function readyTogether(
  pictures: readonly Picture[],
  limit: number,
): Promise<{ readonly body: FormData | string; readonly type?: string }> {
  if (pictures.length < 2 || pictures.length > 5) {
    throw new InputError(`Expected two to five stills; found ${pictures.length}`);
  }
  const all = await Promise.all(pictures.map((picture) => ready(picture, limit)));
  const urls = all.flatMap(({ url }) => (url === undefined ? [] : [url]));
  if (urls.length === all.length) return { body: JSON.stringify({ urls }), type: 'application/json' };
  if (urls.length > 0) throw new InputError('Expected pictures or urls of them; found both');
  const body = new FormData();
  for (const { bytes } of all) {
    if (bytes !== undefined) body.append('images', bytes instanceof Blob ? bytes : new Blob([bytes]));
  }
  return { body };
}

/**
 * The bytes of a view, from where they lie; of shared memory a copy, which `fetch` does not take otherwise
 * and which nobody can change between two tries.
 */
function unshared({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}

/** Safari's streams cannot be iterated: they are read through a reader. */
async function* chunksOf(stream: object): AsyncIterable<Uint8Array> {
  const is = typeof stream === 'object' && stream !== null;
  if (is && Symbol.asyncIterator in stream) {
    yield* stream as AsyncIterable<Uint8Array>;
    return;
  }
  const reader = is ? (stream as Partial<ReadableStream<Uint8Array>>).getReader?.() : undefined;
  if (reader === undefined) throw new InputError('Expected a Blob, bytes, a stream of bytes or a url');
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

async function collect(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    if (!ArrayBuffer.isView(chunk))
      throw new InputError('Expected a stream of bytes, found something else in it');
    size += chunk.byteLength;
    if (size > limit) throw new InputError(`The stream is longer than ${limit} bytes (maxPictureBytes)`);
    chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
