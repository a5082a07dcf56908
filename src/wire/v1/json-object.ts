import { Check, Errors } from 'typebox/value';
import { Fault } from '../../faults.ts';
import { ABSENT, type Input, type Stills } from '../intake/input.ts';
import { type JsonSpan, jsonText, type ScannedJson, scanJson } from '../intake/json-scan.ts';
import { textsOf } from './json-stills.ts';
import { jsonRequestSchema } from './schemas.ts';

/** What a JSON body says. */
export interface JsonBody {
  readonly image: Input;
  readonly url: Input;
  readonly stills?: Stills;
}

/**
 * Parses a JSON body of the v1 API, which is checked against its schema: unknown members are refused, so that
 * a misspelt one is noticed. A byte order mark is let through. Values that are not asked for are never built.
 * @throws {Fault} `request_malformed` (`bad_json`, `schema`, `json_too_many`), `picture_missing`
 */
export function parseJsonObject(body: Buffer): JsonBody {
  const scanned = scanJson(body, ['image', 'url', 'images', 'urls']);
  if (scanned === null) {
    const what = `The ${body.length} bytes of the body do not parse as JSON.`;
    throw new Fault('request_malformed', 'bad_json', what);
  }
  const [name, value] = onlyMember(body, scanned);
  if (name === 'images' || name === 'urls') {
    return { image: ABSENT, url: ABSENT, stills: { name, inputs: textsOf(body, name, value) } };
  }
  const text = value.kind === 'text' ? jsonText(body, value) : null;
  if (text === null) throw refused(`${name} must be string.`);
  if (!Check(jsonRequestSchema, { [name]: text })) {
    const [error] = Errors(jsonRequestSchema, { [name]: text });
    throw refused(`${name} ${error?.message ?? 'does not have the expected form'}.`);
  }
  const input: Input = text.trim() === '' ? ABSENT : { kind: 'text', text };
  return { image: ABSENT, url: ABSENT, [name]: input };
}

const refused = (detail: string) => new Fault('request_malformed', 'schema', detail);

/** The one member there may be. Problems never carry the value, which may be a whole picture. */
function onlyMember(body: Buffer, { kind, members, other }: ScannedJson): readonly [string, JsonSpan] {
  if (kind !== 'object') throw refused('The body must be one JSON object with image, url, images or urls.');
  if (other !== null) {
    const found = jsonText(body, other).slice(0, 64);
    throw refused(`Expected image, url, images or urls and nothing else, found ${JSON.stringify(found)}.`);
  }
  const [first, second] = members;
  if (first === undefined) {
    throw new Fault('picture_missing', 'no_image', 'The JSON body has none of image, url, images and urls.');
  }
  if (second !== undefined) throw refused('Expected one of image, url, images and urls, found several.');
  return first;
}
