import { readContentCoding } from '../content-coding.ts';
import { readBodyType } from '../legacy/content-type.ts';
import { parseMultipartBody } from '../legacy/multipart-body.ts';
import { choosePicture, type PictureSource } from '../legacy/picture-source.ts';
import { parseJsonObject } from './json-object.ts';
import { Problem } from './problems.ts';

/** How a body is to be read, by its `Content-Type`. */
export type InputType =
  | { readonly kind: 'raw' }
  | { readonly kind: 'json' }
  | { readonly kind: 'multipart'; readonly boundary: string };

/** What the `Accept` header of a 415 says. */
const taken = 'image/jpeg, image/png, image/webp, image/bmp, multipart/form-data, application/json';

/**
 * Reads the `Content-Type`. Every `image/…` type, `application/octet-stream` and none at all mean that the body is the
 * picture: its kind is told by its content.
 * @throws Problem `unsupported_media_type`
 */
export function inputType(header: string | undefined): InputType {
  const mediaType = (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (mediaType === '' || mediaType === 'application/octet-stream' || /^image\/[\w.+-]+$/.test(mediaType)) {
    return { kind: 'raw' };
  }
  const type = readBodyType(header);
  if (type.kind !== 'refused') return type;
  const found = JSON.stringify((header ?? '').slice(0, 200));
  const detail =
    type.reason === 'content_type'
      ? `The Content-Type must be that of a picture, multipart/form-data or application/json; found ${found}.`
      : `The multipart Content-Type needs a usable boundary; found ${found}.`;
  throw new Problem('unsupported_media_type', detail, { reason: type.reason, headers: { accept: taken } });
}

/**
 * Refuses a body that was encoded: none is decoded.
 * @throws Problem `unsupported_media_type`
 */
export function refuseCoded(contentEncoding: string | undefined): void {
  const { named } = readContentCoding(contentEncoding);
  if (named === null) return;
  throw new Problem(
    'unsupported_media_type',
    `The body must be sent as it is, without Content-Encoding; found ${named}.`,
    // RFC 9110 §15.5.16: what is taken, where a coding was the reason.
    { reason: 'content_encoding', headers: { 'accept-encoding': 'identity' } },
  );
}

/**
 * The picture of a body: the body itself, the part `image` or `url` of a form, the member `image` or `url` of JSON. The bytes may
 * share memory with `body`.
 * @throws Problem `picture_missing`, `invalid_request`; Fault 3, 21, -5805 of the parsers, with a text for the caller
 */
export async function pictureOf(type: InputType, body: Buffer): Promise<PictureSource> {
  if (type.kind === 'raw') {
    if (body.length === 0) throw new Problem('picture_missing', 'The body is empty.');
    return { kind: 'bytes', bytes: body };
  }
  const parsed =
    type.kind === 'multipart' ? await parseMultipartBody(body, type.boundary) : parseJsonObject(body);
  if (parsed.image.kind !== 'absent' && parsed.url.kind !== 'absent') {
    throw new Problem('invalid_request', 'Expected one of image and url, found both.', { reason: 'both' });
  }
  return choosePicture({ ...parsed, appid: null, sign: null });
}
