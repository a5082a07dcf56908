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
  if (JSON.stringify(parsed) === '{}') {
    throw new Problem('picture_missing', 'The JSON body has neither image nor url.');
  }
  if (!Check(jsonRequestSchema, parsed)) {
    throw new Problem('invalid_request', firstMistake(parsed), { reason: 'schema' });
  }
  return { image: inputOf(parsed.image), url: inputOf(parsed.url) };
}

function inputOf(value: string | undefined): Input {
  return value === undefined || value.trim() === '' ? absent : { kind: 'text', text: value };
}

/** What is wrong first; never with the value, which may be a whole picture. */
function firstMistake(parsed: unknown): string {
  const names =
    typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? Object.keys(parsed) : null;
  if (names === null) return 'The body must be one JSON object with image or url.';
  const unknown = names.find((name) => name !== 'image' && name !== 'url');
  if (unknown !== undefined) {
    return `Expected image or url and nothing else, found ${JSON.stringify(unknown.slice(0, 64))}.`;
  }
  if (names.length > 1) return 'Expected one of image and url, found both.';
  const [error] = Errors(jsonRequestSchema, parsed);
  return `${names[0]} ${error?.message ?? 'does not have the expected form'}.`;
}
