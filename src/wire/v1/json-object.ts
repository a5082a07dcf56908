import { Check, Errors } from 'typebox/value';
import { absent, type Input } from '../legacy/body.ts';
import { Problem } from './problems.ts';
import { jsonRequestSchema } from './schemas.ts';

/**
 * Parses a JSON body of the v1 API, which is held to its schema: unknown members are refused, so that a misspelt one is
 * noticed. A byte order mark is let through.
 * @throws Problem `invalid_request`, `picture_missing`
 */
export function parseJsonObject(body: Buffer): { readonly image: Input; readonly url: Input } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    throw new Problem('invalid_request', `The ${body.length} bytes of the body do not parse as JSON.`, {
      reason: 'bad_json',
    });
  }
  const mistake = firstMistake(parsed);
  if (mistake !== null) throw mistake;
  const { image, url } = parsed as { readonly image?: string; readonly url?: string };
  return { image: inputOf(image), url: inputOf(url) };
}

function inputOf(value: string | undefined): Input {
  return value === undefined || value.trim() === '' ? absent : { kind: 'text', text: value };
}

/**
 * What is wrong first; never with the value, which may be a whole picture. The schema comes last: by then there is one member,
 * and nothing has walked through a value that is nested deeper than the stack.
 */
function firstMistake(parsed: unknown): Problem | null {
  const refused = (detail: string) => new Problem('invalid_request', detail, { reason: 'schema' });
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return refused('The body must be one JSON object with image or url.');
  }
  const names = Object.keys(parsed);
  if (names.length === 0) return new Problem('picture_missing', 'The JSON body has neither image nor url.');
  const unknown = names.find((name) => name !== 'image' && name !== 'url');
  if (unknown !== undefined) {
    return refused(`Expected image or url and nothing else, found ${JSON.stringify(unknown.slice(0, 64))}.`);
  }
  if (names.length > 1) return refused('Expected one of image and url, found both.');
  const name = names[0] as string;
  const value: unknown = (parsed as Readonly<Record<string, unknown>>)[name];
  if (typeof value === 'object' && value !== null) return refused(`${name} must be string.`);
  if (Check(jsonRequestSchema, parsed)) return null;
  const [error] = Errors(jsonRequestSchema, parsed);
  return refused(`${name} ${error?.message ?? 'does not have the expected form'}.`);
}
