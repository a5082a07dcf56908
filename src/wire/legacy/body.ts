import { Fault } from '../../faults.ts';
import { readBodyType } from '../intake/content-type.ts';
import type { BodyMembers } from '../intake/input.ts';
import { parseMultipartBody } from '../intake/multipart-body.ts';
import { parseJsonBody } from './json-body.ts';

/**
 * Parses a legacy body, JSON or multipart by its `Content-Type`. The returned bytes may share memory with
 * `body`.
 * @throws {Fault} `request_malformed`, reason `no_content_type`, `content_type`, `no_boundary`,
 * `bad_boundary`, `bad_json`, `bad_multipart`
 */
export async function parseLegacyBody(contentType: string | undefined, body: Buffer): Promise<BodyMembers> {
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
