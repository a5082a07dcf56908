import { Fault, revivedFault } from '../../faults.ts';
import { FEWEST_STILLS, MOST_STILLS } from '../../liveness/stills/fuse.ts';
import { isHeif } from '../../picture/decode/sniff.ts';
import { readContentCoding } from '../intake/content-coding.ts';
import { readBodyType } from '../intake/content-type.ts';
import { ABSENT, type Stills } from '../intake/input.ts';
import { parseMultipartBody } from '../intake/multipart-body.ts';
import { choosePicture, type PictureSource } from '../intake/picture-source.ts';
import { parseJsonObject } from './json-object.ts';

/** How a body is to be read, by its `Content-Type`. */
export type InputType =
  | {
      readonly kind: 'raw';
      /** The picture's type where it was named as one other than HEIC and AVIF. */
      readonly declared?: string;
    }
  | { readonly kind: 'json' }
  | { readonly kind: 'multipart'; readonly boundary: string };

/** Types that name another kind than HEIC and AVIF. */
const OTHER_TYPES: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/jpg',
  'image/pjpeg',
  'image/png',
  'image/webp',
  'image/bmp',
]);

/**
 * Reads the `Content-Type`. Every `image/…` type, `application/octet-stream` and none at all mean that the
 * body is the picture: its kind is told by its content, see {@link checkDeclared} for HEIC and AVIF.
 * @throws {Fault} `media_type_unsupported`
 */
export function inputType(header: string | undefined): InputType {
  const mediaType = (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (mediaType === '' || mediaType === 'application/octet-stream' || /^image\/[\w.+-]+$/.test(mediaType)) {
    return OTHER_TYPES.has(mediaType) ? { kind: 'raw', declared: mediaType } : { kind: 'raw' };
  }
  const type = readBodyType(header);
  if (type.kind !== 'refused') return type;
  const found = JSON.stringify((header ?? '').slice(0, 200));
  const detail =
    type.reason === 'content_type'
      ? `The Content-Type must be that of a picture, multipart/form-data or application/json; found ${found}.`
      : `The multipart Content-Type needs a usable boundary; found ${found}.`;
  throw new Fault('media_type_unsupported', type.reason, detail);
}

/**
 * Refuses a body that was encoded: none is decoded.
 * @throws {Fault} `media_type_unsupported`
 */
export function refuseCoded(contentEncoding: string | undefined): void {
  const { named } = readContentCoding(contentEncoding);
  if (named === null) return;
  throw new Fault(
    'media_type_unsupported',
    'content_encoding',
    `The body must be sent as it is, without Content-Encoding; found ${named}.`,
  );
}

/**
 * Refuses a HEIC or AVIF body that was sent as another kind: callers from before these were judged, who name
 * every picture a JPEG, go on being answered what they were.
 * @throws {Fault} `picture_unreadable` `unsupported`
 */
export function checkDeclared(type: InputType, picture: Uint8Array): void {
  if (type.kind !== 'raw' || type.declared === undefined || !isHeif(picture)) return;
  throw new Fault(
    'picture_unreadable',
    'unsupported',
    `The body is HEIC or AVIF but was sent as ${type.declared}: send it as image/heic, image/avif or application/octet-stream.`,
  );
}

/** The pictures of a body: one, or several stills of one moment. */
export type Pictures =
  | { readonly kind: 'one'; readonly source: PictureSource }
  | { readonly kind: 'several'; readonly sources: readonly PictureSource[] };

/**
 * The pictures of a body: the body itself, the part `image` or `url` of a form, the member `image` or `url`
 * of JSON; or several, as parts or members `images` or `urls`. The bytes may share memory with `body`.
 * @throws {Problem} `picture_missing`, `invalid_request`
 * @throws {Fault} `request_malformed`, `image_invalid`, `download_refused` of the parsers, with a text for
 * the caller
 */
export async function picturesOf(type: InputType, body: Buffer): Promise<Pictures> {
  if (type.kind === 'raw') {
    if (body.length === 0) throw new Fault('picture_missing', 'no_image', 'The body is empty.');
    return { kind: 'one', source: { kind: 'bytes', bytes: body } };
  }
  const parsed =
    type.kind === 'multipart' ? await parseMultipartBody(body, type.boundary) : parseJsonObject(body);
  const { image, url, stills } = parsed;
  if (stills !== undefined) {
    if (image.kind !== 'absent' || url.kind !== 'absent') {
      throw new Fault('request_malformed', 'both', `Expected one picture or ${stills.name}, found both.`);
    }
    return { kind: 'several', sources: sourcesOf(stills) };
  }
  if (image.kind !== 'absent' && url.kind !== 'absent') {
    throw new Fault('request_malformed', 'both', 'Expected one of image and url, found both.');
  }
  return { kind: 'one', source: choosePicture({ ...parsed, appid: null, sign: null }) };
}

function sourcesOf({ name, inputs }: Stills): readonly PictureSource[] {
  if (inputs.length < FEWEST_STILLS || inputs.length > MOST_STILLS) {
    const wanted = `${FEWEST_STILLS} to ${MOST_STILLS} stills`;
    throw new Fault('request_malformed', 'schema', `Expected ${wanted} in ${name}, found ${inputs.length}.`);
  }
  return inputs.map((input, index) => {
    const image = name === 'images' ? input : ABSENT;
    const url = name === 'urls' ? input : ABSENT;
    try {
      return choosePicture({ appid: null, sign: null, image, url });
    } catch (error) {
      throw ofStill(error, index);
    }
  });
}

/** The fault with the still's number in front of its text. */
function ofStill(error: unknown, index: number): unknown {
  if (!(error instanceof Fault)) return error;
  const { kind, reason, message } = error;
  return revivedFault({ kind, reason, message: `still ${index + 1}: ${message}` });
}
