import { Fault } from '../../faults.ts';
import { refusedStatus } from '../../picture/download/reasons.ts';
import { textOf } from '../place.ts';
import type { ListedObject, ObjectPlace } from '../types.ts';

/** The text between a tag and its end from `from` on; null where there is none. */
function elementAt(
  xml: string,
  name: string,
  from = 0,
): { readonly text: string; readonly end: number } | null {
  const open = xml.indexOf(`<${name}>`, from);
  if (open < 0) return null;
  const begin = open + name.length + 2;
  const close = xml.indexOf(`</${name}>`, begin);
  return close < 0 ? null : { text: xml.slice(begin, close), end: close };
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
    (whole, dec, hex, name) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      const code = dec === undefined ? Number.parseInt(hex, 16) : Number(dec);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

/** The text of the first element of this name; empty where there is none. */
export function textIn(xml: string, name: string): string {
  return unescaped(elementAt(xml, name)?.text ?? '');
}

/** A page of a listing that was asked for with `encoding-type=url`. */
export interface ListPage {
  readonly objects: readonly ListedObject[];
  /** How to ask for the next page; null: this is the last one. */
  readonly next: string | null;
}

/** Reads a page; null where it is none. */
export function listPage(xml: string): ListPage | null {
  if (!/<ListBucketResult[\s>]/.test(xml)) return null;
  // A server that takes no notice of the encoding does not name it in its answer.
  const isEncoded = textIn(xml, 'EncodingType') === 'url';
  const keyOf = (text: string) => (isEncoded ? decodeURIComponent(text.replaceAll('+', ' ')) : text);
  const objects: ListedObject[] = [];
  try {
    for (let at = 0; ; ) {
      const found = elementAt(xml, 'Contents', at);
      if (found === null) break;
      at = found.end;
      const bytes = Number(textIn(found.text, 'Size'));
      objects.push({ key: keyOf(textIn(found.text, 'Key')), bytes });
    }
  } catch {
    return null;
  }
  const next = textIn(xml, 'NextContinuationToken');
  return { objects, next: textIn(xml, 'IsTruncated') === 'true' && next !== '' ? next : null };
}

/** An answer that is not what was asked for. */
export interface Refusal {
  readonly status: number;
  /** S3's own word, such as `NoSuchKey`; empty where there is none. */
  readonly code: string;
  readonly message: string;
}

/** What S3 answered, as the cause of a fault. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor({ status, code, message }: Refusal) {
    super(message);
    this.name = 'S3Refusal';
    this.status = status;
    this.code = code;
  }
}

/** What a body says of an error. */
export function refusalOf(status: number, body: string): Refusal {
  const code = textIn(body, 'Code');
  return {
    status,
    code: /^\w{1,64}$/.test(code) ? code : '',
    message: textIn(body, 'Message').replace(/\s+/g, ' ').slice(0, 200),
  };
}

/** What S3 says of one object alone: others may fare better. */
const OF_THE_OBJECT =
  /^(?:|NoSuchKey|NotFound|NoSuchVersion|AccessDenied|InvalidObjectState|KeyTooLongError|KeyTooLong|InvalidURI|MethodNotAllowed|InvalidArgument|InvalidRequest)$/;

/** Whether the same call may succeed a moment later. */
export const mayPass = ({ status, code }: Refusal): boolean =>
  status >= 500 || status === 429 || /^(?:SlowDown|RequestTimeout|OperationAborted)$/.test(code);

/**
 * The fault of an answer.
 * @param isObject one object was asked for: its lack is no trouble of the storage
 */
export function faultOf(refusal: Refusal, place: ObjectPlace, isObject: boolean): Fault {
  const { status, code, message } = refusal;
  const said = [String(status), code, message === '' ? '' : `(${message})`].filter(Boolean).join(' ');
  if (mayPass(refusal)) return unreachable(`S3 answered ${said} to a request for ${textOf(place)}.`);
  if (code === 'NoSuchBucket' || code === 'InvalidBucketName')
    return new Fault('storage_unavailable', 's3_no_bucket', `S3 has no bucket ${place.bucket}.`);
  const isOfObject = isObject && OF_THE_OBJECT.test(code) && status >= 400 && status !== 401;
  if (!isOfObject) {
    return new Fault(
      'storage_unavailable',
      's3_refused',
      `S3 refused a request for ${textOf(place)}: ${said}. Look at s3.accessKeyId and its secret, s3.region, s3.endpoint, and what the keys may do.`,
      { cause: new S3Refusal(refusal) },
    );
  }
  const { reason } = refusedStatus(status);
  return new Fault(
    'download_refused',
    reason as `http_${number}`,
    `S3 answered ${said}; a picture was expected.`,
  );
}

/** The storage cannot be had now. */
export function unreachable(message: string, cause?: unknown): Fault {
  return new Fault('storage_unavailable', 's3_unreachable', message, cause === undefined ? {} : { cause });
}
