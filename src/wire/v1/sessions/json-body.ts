import type { Static, TSchema } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { Fault } from '../../../faults.ts';
import type { Exchange } from '../../http/exchange.ts';
import type { BodyMemory } from '../../intake/body-memory.ts';
import { hasNul } from '../../intake/nul.ts';
import { checkAnnouncedSize, withBody } from '../../intake/read-body.ts';
import { inputType, refuseCoded } from '../picture-input.ts';

/** Longest JSON body of these calls, in bytes. */
const LONGEST = 16 * 1024;

/**
 * Reads a short JSON body and checks it against its schema.
 * @param owner whose share of the memory it takes
 * @throws {Fault} `body_too_large`, `media_type_unsupported`, `request_malformed` (`bad_json`, `schema`),
 * `busy`
 */
export async function readJson<S extends TSchema>(
  { request, wantBody }: Exchange,
  bodies: BodyMemory,
  owner: string,
  schema: S,
): Promise<Static<S>> {
  checkAnnouncedSize(request, LONGEST);
  refuseCoded(request.headers['content-encoding']);
  if (inputType(request.headers['content-type']).kind !== 'json') {
    throw new Fault('media_type_unsupported', 'content_type', 'The Content-Type must be application/json.');
  }
  wantBody();
  return withBody(bodies, request, { limit: LONGEST, owner }, async (body) => {
    const found = parsed(body);
    if (hasNul(found))
      throw new Fault('request_malformed', 'schema', 'Texts must be without NUL characters.');
    if (Check(schema, found)) return found as Static<S>;
    const [error] = Errors(schema, found);
    const where = error?.instancePath.replace(/^\//, '').replaceAll('/', '.') || 'The body';
    throw new Fault(
      'request_malformed',
      'schema',
      `${where} ${error?.message ?? 'does not have the expected form'}.`,
    );
  });
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    const what = `The ${body.length} bytes of the body do not parse as JSON.`;
    throw new Fault('request_malformed', 'bad_json', what, { cause });
  }
}
