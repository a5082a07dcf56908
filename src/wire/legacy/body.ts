import { Fault } from '../../faults.ts';
import { readBodyType } from '../intake/content-type.ts';
import { parseJsonBody } from './json-body.ts';
import { parseMultipartBody } from '../intake/multipart-body.ts';

/**
 * One input as it stood in the body, before anybody asked whether it is allowed: `absent` (missing, null or empty),
 * `text`, `bytes` (a multipart part), or `wrong` (a JSON value that is neither text nor null).
 */
export type Input =
  | { readonly kind: 'absent' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'wrong'; readonly found: string };

/** The members of a legacy body that mean something here; all others are ignored. */
export interface LegacyBody {
  /** As text, trimmed; null when the body has none. */
  readonly appid: string | null;
  readonly image: Input;
  readonly url: Input;
  /** The `sign` member, null where there is none; whether it counts is a setting. */
  readonly sign: string | null;
}

export const absent: Input = { kind: 'absent' };

/**
 * Parses a legacy body, JSON or multipart by its `Content-Type`. The returned bytes may share memory with `body`.
 * @throws Fault `request_malformed`, reason `no_content_type`, `content_type`, `no_boundary`, `bad_boundary`, `bad_json`, `bad_multipart`
 */
export async function parseLegacyBody(contentType: string | undefined, body: Buffer): Promise<LegacyBody> {
  const type = readBodyType(contentType);
  switch (type.kind) {
    case 'json':
      return parseJsonBody(body);
    case 'multipart':
      return parseMultipartBody(body, type.boundary);
    case 'refused':
      throw new Fault(
        'request_malformed',
        type.reason,
        `Content-Type must be application/json, or multipart/form-data with a boundary; found ${
          type.found === '' ? 'none' : JSON.stringify(type.found)
        } (${type.reason}).`,
      );
  }
}
